import Paging
import PhysicalMemory
import Testing
import WindowsMemory

/// Ranges of addresses, in the three shapes that their tree has had.
@Suite struct VADTests {
  typealias Descriptor = WindowsSketch.Descriptor

  private static let kernels: [(String, PagingMode)] = [
    ("windows-2600.6419", .x86), ("windows-7601.17514", .x86_64), ("windows-19041.508", .x86_64),
  ]

  /// Three ranges: the middle one is the root.
  private func sketch(_ name: String, _ mode: PagingMode) -> WindowsSketch {
    var sketch = WindowsSketch(mode)
    func put(_ vad: Descriptor, _ at: UInt64) {
      switch name {
      case "windows-2600.6419": sketch.putVADXP(vad, at)
      case "windows-7601.17514": sketch.putVAD7(vad, at)
      default: sketch.putVAD10(vad, at)
      }
    }
    put(
      Descriptor(
        pages: 0x20...0x2f, protection: 4, isCommitted: true, left: 0x200, right: 0x300), 0x100)
    put(Descriptor(pages: 0x10...0x1f, protection: 1, isCommitted: false), 0x200)
    put(Descriptor(pages: 0x40...0x40, protection: 0x11, isCommitted: true), 0x300)
    return sketch
  }

  @Test(arguments: Self.kernels)
  func anEmptyEntryIsWhatItsRangeSays(name: String, mode: PagingMode) throws {
    let sketch = sketch(name, mode)
    let classifier = try sketch.classifier(name, vadRoot: 0x100)
    let expected: [(UInt64, PTEState, PageContent, UInt8?)] = [
      (0x20000, .demandZero, .zeros, 4),
      // The last page belongs to the range, and so does its last byte.
      (0x2ffff, .demandZero, .zeros, 4), (0x30000, .zero, .nowhere, nil),
      // Reserved, not committed: no demand-zero page.
      (0x10000, .zero, .nowhere, 1), (0x1f000, .zero, .nowhere, 1),
      (0x40000, .demandZero, .zeros, 0x11), (0x41000, .zero, .nowhere, nil),
    ]
    for (address, state, content, protection) in expected {
      let finding = classifier.finding(of: VirtualAddress(address))
      #expect(finding.state == state, "\(address)")
      #expect(finding.content == content, "\(address)")
      #expect(finding.protection?.rawValue == protection, "\(address)")
    }
  }

  @Test(arguments: Self.kernels)
  func theTreeIsReadInAscendingOrder(name: String, mode: PagingMode) throws {
    let tree = try sketch(name, mode).classifier(name, vadRoot: 0x100).vadTree()
    #expect(tree?.problem == nil)
    #expect(tree?.vads.map(\.startingVpn) == [0x10, 0x20, 0x40])
    #expect(tree?.vads.map(\.endingVpn) == [0x1f, 0x2f, 0x40])
  }

  @Test func aTreeThatLoopsEnds() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.putVAD10(Descriptor(pages: 0x20...0x2f, protection: 4, left: 0x200), 0x100)
    sketch.putVAD10(Descriptor(pages: 0x10...0x1f, protection: 4, left: 0x100), 0x200)
    let classifier = try sketch.classifier("windows-19041.508", vadRoot: 0x100)
    #expect(classifier.vadTree()?.vads.count == 2)
    #expect(classifier.vadTree()?.problem?.contains("comes back") == true)
    let finding = classifier.finding(of: VirtualAddress(0x1000))
    #expect(finding.failure?.reason == .loop)
    #expect(finding.state == .zero && finding.content == .unknown)
  }

  @Test func aDescriptorThatIsNotInTheImageIsUnknown() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.putVAD10(Descriptor(pages: 0x20...0x2f, protection: 4, left: 0x3000), 0x100)
    sketch.removeKernelPage(0x3000)
    let classifier = try sketch.classifier("windows-19041.508", vadRoot: 0x100)
    let finding = classifier.finding(of: VirtualAddress(0x1000))
    #expect(finding.missing == PhysicalAddress(0x10_3030))
    #expect(finding.state == .zero && finding.content == .unknown)
    let verdict = try sketch.verdict(classifier, 0x1000)
    #expect(verdict.cost == nil && verdict.status == nil)
  }

  @Test func withoutAProcessAnEmptyEntryIsNotDemandZero() throws {
    let sketch = WindowsSketch(.x86_64)
    let classifier = PageClassifier(
      try sketch.system("windows-19041.508"), try sketch.memory, sketch.paging)
    let finding = classifier.finding(of: VirtualAddress(0x1000))
    #expect(finding.state == .zero && finding.content == .unknown)
    #expect(finding.vad == .unknown("the process is not known"))
  }

  @Test func highPagesHaveMoreThan32Bits() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.putVAD10(
      Descriptor(pages: 0x7_ff00_0000...0x7_ff00_000f, protection: 4, isCommitted: true), 0x100)
    let classifier = try sketch.classifier("windows-19041.508", vadRoot: 0x100)
    #expect(classifier.finding(of: VirtualAddress(0x7ff0_0000_f000)).state == .demandZero)
    #expect(classifier.finding(of: VirtualAddress(0x7ff0_0001_0000)).content == .nowhere)
    #expect(classifier.finding(of: VirtualAddress(0xff00_0000)).content == .nowhere)
  }

  /// `_MI_VAD_TYPE` 1, 3, 5 and 6 are mapped from the start: empty is no page to come.
  @Test(arguments: [1, 3, 5, 6] as [UInt64])
  func rangesThatAreMappedFromTheStart(type: UInt64) throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.putVAD10(
      Descriptor(pages: 0x20...0x2f, protection: 4, isCommitted: true, type: type), 0x100)
    let classifier = try sketch.classifier("windows-19041.508", vadRoot: 0x100)
    let finding = classifier.finding(of: VirtualAddress(0x20000))
    #expect(finding.state == .zero && finding.content == .nowhere)
    #expect(try sketch.verdict(classifier, 0x20000).status == .accessViolation)
  }
}
