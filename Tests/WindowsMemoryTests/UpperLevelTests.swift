import Paging
import PhysicalMemory
import Testing
import WindowsMemory

/// Page tables that are not in use by the processor, and what is below them.
@Suite struct UpperLevelTests {
  private static let kernel = "windows-19041.508"

  private func finding(_ sketch: WindowsSketch, _ address: UInt64) throws -> PageFinding {
    try sketch.classifier(Self.kernel).finding(of: VirtualAddress(address))
  }

  @Test func aTableInTransitionIsStillRead() throws {
    var sketch = WindowsSketch(.x86_64)
    // The PDE is in transition, protection 4; its frame still holds the page table.
    sketch.setEntry(WindowsSketch.userTable | 0x880, in: WindowsSketch.userDirectory, 0)
    sketch.setUser(0x3000, 0x1234_5025)
    sketch.setUser(0x4000, 0x1234_6860)
    let valid = try finding(sketch, 0x3010)
    #expect(valid.state == .valid && valid.content == .memory(PhysicalAddress(0x1234_5010)))
    let transition = try finding(sketch, 0x4010)
    #expect(transition.state == .transition)
    #expect(transition.content == .memory(PhysicalAddress(0x1234_6010)))
    #expect(transition.rules.first?.text.hasPrefix("PDE is in transition") == true)
  }

  @Test func aTableInAPageFileHidesItsEntries() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.setEntry(0x777_0000_1084, in: WindowsSketch.userDirectory, 0)
    let classifier = try sketch.classifier(Self.kernel)
    let finding = classifier.finding(of: VirtualAddress(0x3000))
    #expect(finding.level == 2 && finding.isTableAbsent)
    #expect(finding.content == .pageFile(number: 1, page: 0x777))
    let verdict = try sketch.verdict(classifier, 0x3000)
    #expect(verdict.cost == .hard && verdict.status == .pagingFile)
  }

  @Test func bit10IsNoPrototypeAtUpperLevels() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.setEntry(
      sketch.kernel(0x8000).rawValue << 16 | 0x400, in: WindowsSketch.userDirectory, 0)
    let finding = try finding(sketch, 0x3000)
    #expect(finding.state == .ambiguous && finding.prototype == nil)
  }

  @Test func anAbsentTableLeavesTheAnswerToTheRange() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.setEntry(0, in: WindowsSketch.userDirectory, 0)
    sketch.putVAD10(.init(pages: 0x20...0x2f, protection: 6, isCommitted: true), 0x100)
    let classifier = try sketch.classifier(Self.kernel, vadRoot: 0x100)
    let finding = classifier.finding(of: VirtualAddress(0x20000))
    #expect(finding.state == .demandZero && finding.protection?.rawValue == 6)
    let verdict = try sketch.verdict(classifier, 0x20000, .write)
    #expect(verdict.status == .demandZero)
    #expect(verdict.handler.contains("MiCheckVirtualAddress"))
  }

  @Test func aTableThatIsNotInTheImageIsUnknown() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.removeFrame(WindowsSketch.userTable)
    let classifier = try sketch.classifier(Self.kernel)
    let finding = classifier.finding(of: VirtualAddress(0x3000))
    #expect(finding.state == nil && finding.content == .unknown)
    #expect(finding.missing == PhysicalAddress(WindowsSketch.userTable + 0x18))
    let verdict = try sketch.verdict(classifier, 0x3000)
    #expect(verdict.cost == nil && verdict.handler.isEmpty)
  }

  @Test func anAddressThatIsNotCanonicalIsRefusedBeforeTheWalk() throws {
    // The upper bits ignored, the walk would find the page of 0x3000.
    var sketch = WindowsSketch(.x86_64)
    sketch.setUser(0x3000, 0x1234_5025)
    let classifier = try sketch.classifier(Self.kernel)
    let verdict = try sketch.verdict(classifier, 0x0001_0000_0000_3000)
    #expect(verdict.finding.steps.isEmpty && verdict.finding.state == nil)
    #expect(verdict.handler == ["KiGeneralProtectionFault"])
  }

  @Test func theLowBitsOfCR3AreNoAddress() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.setUser(0x3000, 0x1234_5025)
    var paging = sketch.paging
    paging.cr3 |= 0x8000_0000_0000_0fff
    var system = try sketch.system(Self.kernel)
    system.systemRoot = WindowsSketch.root | 2
    let classifier = PageClassifier(system, try sketch.memory, paging)
    #expect(classifier.finding(of: VirtualAddress(0x3000)).state == .valid)
  }

  @Test func ageAndProtectionAreNoReservedBits() throws {
    // WsleAge and WsleProtection, bits 52 to 62, in the leaf and above.
    var sketch = WindowsSketch(.x86_64)
    sketch.setEntry(0x0a00_0000_0000_7867, in: WindowsSketch.userDirectory, 0)
    sketch.setUser(0x3000, 0x7f00_0000_1234_5025)
    let finding = try finding(sketch, 0x3000)
    #expect(finding.state == .valid && finding.content == .memory(PhysicalAddress(0x1234_5000)))
  }
}
