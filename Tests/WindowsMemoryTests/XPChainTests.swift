import Paging
import PhysicalMemory
import Testing
import WindowsMemory

/// One chain of Windows XP (non-PAE, multiprocessor) from a public debugging log: an access to
/// 0x2bf810 finds an empty entry, a range of an image, and a prototype entry in transition.
@Suite struct XPChainTests {
  private static let kernel = "windows-2600.6419"
  private static let address: UInt64 = 0x2bf810
  /// Where the log has the prototype entry and the PFN entry; the frames are ours.
  private static let prototype: UInt64 = 0xe143_9454
  private static let pfnDatabase: UInt64 = 0x8100_0000
  private static let pfn: UInt64 = 0x7ede6

  private func sketch(after: Bool) -> WindowsSketch {
    var sketch = WindowsSketch(.x86)
    sketch.putVADXP(
      .init(pages: 0x2b0...0x2cf, protection: 7, isPrivate: false, type: 2, section: 0x300), 0x100)
    // The array: the entry of page 0x2bf is the sixteenth.
    sketch.put(Self.prototype - 0xf * 4, 4, 0x11c)
    sketch.put(Self.prototype + 0x10 * 4, 4, 0x120)
    // Page 0xe1439 of the paged pool, in frame 0x9; page 0x81be4 of the PFN database, in frame 0xa.
    sketch.setEntry(0x8063, in: WindowsSketch.root, 0x385)
    sketch.setEntry(0x9063, in: 0x8000, 0x39)
    sketch.setEntry(0xb063, in: WindowsSketch.root, 0x206)
    sketch.setEntry(0xa063, in: 0xb000, 0x3e4)
    sketch.write(after ? 0x7ede_6921 : 0x7ede_68c0, 4, at: 0x9454)
    if after { sketch.setUser(0x2bf000, 0x7ede_6025) }
    // The next entry of the log, which the fault filled in.
    sketch.setUser(0x2c0000, 0xffff_f420)
    sketch.write(0xfc07_8cca, 4, at: 0x9458)
    // 24 bytes each: entry 0x7ede6 is at 0x81be4d90.
    let words: [UInt64] =
      after
      ? [0, 0xe143_9454, 1, 0x0001_1608, 0xfc07_8cca, 0x537]
      : [0x7eda5, 0xe143_9454, 0x7ee27, 0x0000_1208, 0xfc07_8cca, 0x537]
    for (index, word) in words.enumerated() {
      sketch.write(word, 4, at: 0xad90 + UInt64(index) * 4)
    }
    return sketch
  }

  private func classifier(_ sketch: WindowsSketch) throws -> PageClassifier {
    try sketch.classifier(
      Self.kernel, vadRoot: 0x100, pfnDatabase: Self.pfnDatabase - sketch.base)
  }

  @Test func beforeTheFaultThePageIsInTransition() throws {
    let sketch = sketch(after: false)
    let classifier = try classifier(sketch)
    let finding = classifier.finding(of: VirtualAddress(Self.address))
    #expect(finding.state == .transition)
    #expect(finding.prototype == VirtualAddress(Self.prototype))
    #expect(finding.content == .memory(PhysicalAddress(0x7ede_6810)))
    #expect(finding.protection?.rawValue == 6 && finding.protectionSource == .prototype)
    let verdict = try sketch.verdict(classifier, Self.address)
    #expect(verdict.status == .transition && verdict.cost == .soft)
  }

  @Test func theFrameIsOnTheStandbyList() throws {
    let classifier = try classifier(sketch(after: false))
    let frames = try #require(classifier.pfnDatabase)
    let entry = try frames.entry(of: Self.pfn)
    #expect(entry.address == VirtualAddress(0x81be_4d90))
    #expect(entry.location == .standby && entry.referenceCount == 0)
    #expect(entry.isPrototype && entry.pteAddress == VirtualAddress(Self.prototype))
    #expect(entry.originalPte == 0xfc07_8cca && entry.pteFrame == 0x537)
    #expect(entry.shareCount == nil)
  }

  @Test func afterTheFaultThePageIsInUse() throws {
    let sketch = sketch(after: true)
    let classifier = try classifier(sketch)
    let finding = classifier.finding(of: VirtualAddress(Self.address))
    #expect(finding.state == .valid)
    #expect(finding.content == .memory(PhysicalAddress(0x7ede_6810)))
    // Without NX a page that is read is executed too.
    #expect(finding.protection?.rawValue == 3 && finding.protectionSource == .hardware)
    let entry = try #require(classifier.pfnDatabase).entry(of: Self.pfn)
    #expect(entry.location == .active && entry.referenceCount == 1 && entry.shareCount == 1)
  }

  @Test func theNeighbourLeavesThePlaceToTheRange() throws {
    let finding = try classifier(sketch(after: true)).finding(of: VirtualAddress(0x2c0000))
    #expect(finding.reading?.state == .prototypeVAD)
    #expect(finding.protection?.rawValue == 1)
    #expect(finding.prototype == VirtualAddress(Self.prototype + 4))
    // Its prototype entry says that the page is in the file; where the subsection is, is not known.
    #expect(finding.state == .subsection)
  }
}
