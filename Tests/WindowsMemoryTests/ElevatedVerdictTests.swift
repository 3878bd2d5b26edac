import Paging
import PhysicalMemory
import Testing
import WindowsMemory

/// What the kernel makes of its own faults at DISPATCH_LEVEL and above.
@Suite struct ElevatedVerdictTests {
  private static let kernel = "windows-19041.508"

  @Test func atHighLevelsNoPageIsBroughtIn() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.setKernel(0x5000, 0x12_3880)
    let address = sketch.kernel(0x5000)
    let access = Access(.write, as: .supervisor)
    let result = sketch.paging.access(address, access, in: try sketch.memory)
    let verdict = try sketch.classifier(Self.kernel)
      .verdict(on: address, access, result, interruptLevel: .dispatch)
    #expect(verdict.bugCheck?.code == 0x0a)
    #expect(verdict.bugCheck?.arguments == [address.rawValue, 2, 1, nil])
  }

  @Test func atHighLevelsAValidPageIsNoMistake() throws {
    // The tables have changed since the processor refused the access: nothing stands against it now.
    var sketch = WindowsSketch(.x86_64)
    sketch.setKernel(0x5000, 0x8000_0000_0012_3963)
    let address = sketch.kernel(0x5000)
    var before = sketch
    before.setKernel(0x5000, 0)
    let classifier = try sketch.classifier(Self.kernel)
    for (kind, code) in [(Access.Kind.read, nil), (.write, nil), (.execute, 0xfc)]
      as [(Access.Kind, UInt32?)]
    {
      let access = Access(kind, as: .supervisor)
      let result = before.paging.access(address, access, in: try before.memory)
      let verdict = classifier.verdict(on: address, access, result, interruptLevel: .dispatch)
      #expect(verdict.bugCheck?.code == code, "\(kind)")
      #expect((verdict.status == .success) == (code == nil), "\(kind)")
    }
  }

  private func verdict(
    _ entry: UInt64, _ kind: Access.Kind, inUserSpace: Bool = false
  ) throws -> WindowsVerdict {
    var sketch = WindowsSketch(.x86_64)
    if inUserSpace { sketch.setUser(0x5000, entry) } else { sketch.setKernel(0x5000, entry) }
    let address = inUserSpace ? VirtualAddress(0x5000) : sketch.kernel(0x5000)
    let access = Access(kind, as: .supervisor)
    let result = sketch.paging.access(address, access, in: try sketch.memory)
    return try sketch.classifier(Self.kernel)
      .verdict(on: address, access, result, interruptLevel: .dispatch)
  }

  /// The copy would need a page, so that the write does not succeed.
  ///
  /// Bits 5 and 9 are Accessed and CopyOnWrite.
  @Test(arguments: [false, true])
  func noPageIsCopied(inUserSpace: Bool) throws {
    let verdict = try verdict(
      inUserSpace ? 0x12_3225 : 0x12_3221, .write, inUserSpace: inUserSpace)
    #expect(verdict.finding.protection?.isCopyOnWrite == true)
    #expect(verdict.bugCheck?.code == 0x0a && verdict.cost == .fatal && verdict.status == nil)
    #expect(verdict.rules.contains { $0.text.contains("needs a copy") })
  }

  /// A page that is there and refuses is no page to be brought in.
  @Test(
    arguments: [
      (0x12_3121, .write, false, 0xbe), (0x8000_0000_0012_3963, .execute, false, 0xfc),
      (0x12_3025, .write, true, 0xbe), (0x8000_0000_0012_3867, .execute, true, 0xfc),
    ] as [(UInt64, Access.Kind, Bool, UInt32)])
  func aPageThatIsThereRefuses(
    entry: UInt64, kind: Access.Kind, inUserSpace: Bool, code: UInt32
  ) throws {
    let verdict = try verdict(entry, kind, inUserSpace: inUserSpace)
    #expect(verdict.bugCheck?.code == code && verdict.cost == .fatal)
    #expect(verdict.bugCheck?.arguments[1] == entry)
    // The sources do not agree, and the answer says so.
    #expect(verdict.rules.contains { $0.isUncertain && $0.text.contains("0xA") })
  }

  @Test func aCleanPageIsWritten() throws {
    #expect(try verdict(0x12_3921, .write).status == .success)
  }
}
