import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Testing
import WindowsMemory

/// Entries that `ptes:` states, as words in memory.
///
/// The words are worked out by hand from the layouts; those with an invalid-PTE mask are published
/// vectors of un-swizzling.
@Suite struct WindowsEntryTests {
  private static let xp = "{ mode: x86, memory: 1 MiB, os: windows-2600.6419, root: 0x1000 }"
  private static let seven = "{ mode: x86-64, memory: 1 MiB, os: windows-7601.17514 }"
  private static let ten = "{ mode: x86-64, memory: 1 MiB, os: windows-19041.508 }"
  private static let masked = "windows: { invalid-mask: 0x2000_0000_0000 }"

  /// The only leaf entry that a scenario writes: the last word, for its table is made last.
  private static func entry(
    _ item: String, _ machine: String, width: Int = 8, windows: String = ""
  ) throws -> UInt64? {
    let image = try Fixture.build("\(windows)\nptes: [\(item)]", machine: machine)
    return image.words(width).max { $0.key < $1.key }?.value
  }

  @Test(
    arguments: [
      // Old layout, 7 SP1: PageFileLow at 1-4, protection of prototypes at 11-15.
      ("{ va: 0x1000, state: demand-zero, protection: READWRITE }", 0x80),
      (
        "{ va: 0x1000, state: page-file, file: 1, offset: 0x1234, protection: READWRITE }",
        0x0000_1234_0000_0082
      ),
      ("{ va: 0x1000, state: prototype, address: 0xf8a0`01234568 }", 0),
      ("{ va: 0x1000, state: prototype, address: 0xfffff8a0`01234568 }", 0xf8a0_0123_4568_0400),
      (
        "{ va: 0x1000, state: transition, to: 0x12345000, protection: EXECUTE_READWRITE }",
        0x1234_58c0
      ),
      ("{ va: 0x1000, state: prototype-vad, protection: READONLY }", 0xffff_ffff_0000_0420),
      ("{ va: 0x1000, state: valid, to: 0x5000, protection: READWRITE }", 0x8000_0000_0000_5867),
      (
        "{ va: 0x1000, state: valid, to: 0x5000, protection: READWRITE, dirty: false }",
        0x8000_0000_0000_5825
      ),
      ("{ va: 0x1000, state: valid, to: 0x5000, protection: EXECUTE_WRITECOPY }", 0x5225),
      (
        "{ va: 0x1000, state: valid, to: 0x5000, protection: [NOCACHE, READONLY] }",
        0x8000_0000_0000_5035
      ),
    ] as [(String, UInt64)])
  func wordsOfWindows7(item: String, word: UInt64) throws {
    guard word != 0 else {
      // Not a kernel address: no bits stand for it.
      #expect(throws: DiagnosticList.self) { try Self.entry(item, Self.seven) }
      return
    }
    #expect(try Self.entry(item, Self.seven) == word)
  }

  @Test(
    arguments: [
      ("{ va: 0x1000, state: demand-zero, protection: READWRITE }", 0x0000_2000_0000_0080),
      ("{ va: 0x1000, state: demand-zero, protection: READONLY }", 0x0000_2000_0000_0020),
      ("{ va: 0x1000, state: decommitted }", 0x0000_2000_0000_0200),
      ("{ va: 0x1000, state: no-access }", 0x0000_2000_0000_0300),
      ("{ va: 0x1000, state: no-access, protection: 8 }", 0x0000_2000_0000_0100),
      ("{ va: 0x1000, state: demand-zero, protection: [GUARD, READONLY] }", 0x0000_2000_0000_0220),
      ("{ va: 0x1000, state: prototype-vad, protection: READWRITE }", 0xffff_ffff_0000_0490),
      ("{ va: 0x1000, state: prototype, address: 0xffffc182`cc1ffdf8 }", 0xc182_ec1f_fdf8_0400),
      (
        "{ va: 0x1000, state: transition, to: 0x0891f000, protection: EXECUTE_READ }",
        0x0000_2000_0891_f860
      ),
      (
        "{ va: 0x1000, state: page-file, file: 2, offset: 0x1bbeda, protection: READWRITE }",
        0x001b_beda_0000_2090
      ),
      // PageFileAllocated, bit 2 of the new layout, by name.
      (
        "{ va: 0x1000, state: page-file, file: 2, offset: 0xdef3, protection: EXECUTE_READ, "
          + "fields: { PageFileAllocated: 1 } }", 0x0000_fef3_0000_2064
      ),
    ] as [(String, UInt64)])
  func wordsOfWindows10AreMasked(item: String, word: UInt64) throws {
    #expect(try Self.entry(item, Self.ten, windows: Self.masked) == word)
  }

  @Test(
    arguments: [
      ("{ va: 0x1000, state: prototype-vad, protection: READONLY }", 0xffff_f420),
      ("{ va: 0x1000, state: page-file, file: 2, offset: 0x77, protection: READWRITE }", 0x7_7084),
      ("{ va: 0x1000, state: valid, to: 0x5000, protection: READONLY }", 0x5025),
    ] as [(String, UInt64)])
  func wordsOfXP(item: String, word: UInt64) throws {
    #expect(try Self.entry(item, Self.xp, width: 4) == word)
  }

  @Test func oldLayoutsAreNeverMasked() throws {
    let item = "{ va: 0x1000, state: demand-zero, protection: READWRITE }"
    #expect(try Self.entry(item, Self.seven, windows: Self.masked) == 0x80)
  }

  @Test func entriesOfARangePointAtOneAfterTheOther() throws {
    let image = try Fixture.build(
      "ptes: [{ va: 0x1000..0x3fff, state: page-file, file: 0, offset: 7, protection: READONLY }]",
      machine: Self.ten)
    let words = image.words(8).sorted { $0.key < $1.key }.suffix(3).map(\.value)
    #expect(words == [0x7_0000_0020, 0x8_0000_0020, 0x9_0000_0020])
  }

  @Test func tableInTransitionIsWhereItIsSaidAndKeepsItsEntries() throws {
    let image = try Fixture.build(
      """
      ptes:
        - { va: 0x4000_0000, level: PDE, state: transition, to: 0x9000, protection: READWRITE }
        - { va: 0x4000_1000, state: demand-zero, protection: READONLY }
      """, machine: Self.ten)
    let words = image.words(8)
    #expect(words[0x9008] == 0x20)
    #expect(words.values.contains(0x9880))
    #expect(image.machine.walk(VirtualAddress(0x4000_1000)).result.outcome == .notPresent)
  }

  @Test func ledgerHasTheStatementsAndNotTheBits() throws {
    let image = try Fixture.build(
      """
      ptes:
        - { va: 0x1000..0x2fff, state: page-file, file: 1, offset: 5, protection: READWRITE }
        - { va: 0x3000, state: transition, to: 0x5000, protection: [GUARD, READONLY] }
        - { va: 0x4000, state: zero }
      entries:
        - { va: 0x2000, level: PTE, value: 0x80 }
      """, machine: Self.ten)
    var found: [String] = []
    image.ledger.forEachEntry { entry in
      found.append("\(entry.va) \(entry.state.rawValue) \(entry.target ?? 0)")
      return true
    }
    // What `entries` changed is nobody's intent any more.
    #expect(found == ["0x1000 page-file 5", "0x3000 transition 5", "0x4000 zero 0"])
  }

  @Test func millionsOfEntriesAreBuiltByRule() throws {
    let image = try Fixture.build(
      "ptes: [{ va: 0..0xffff_ffff, state: demand-zero, protection: READWRITE }]",
      machine: "{ mode: x86-64, memory: 64 MiB, os: windows-7601.17514 }")
    var count = 0
    image.ledger.forEachEntry { _ in
      count += 1
      return true
    }
    #expect(count == 1 << 20)
  }

  @Test(arguments: [
    ("{ va: 0x1000, state: demand-zero, protection: NOACCESS }", "E0322"),
    ("{ va: 0x1000, state: page-file, file: 0, offset: 0, protection: READONLY }", "E0322"),
    ("{ va: 0x1000, state: valid, to: 0x5000, protection: [GUARD, READONLY] }", "E0322"),
    ("{ va: 0x1000, state: large, to: 0x5000 }", "E0203"),
    ("{ va: 0x1000, state: valid, to: 0x5001 }", "E0302"),
    ("{ va: 0x1001, state: zero }", "E0302"),
    ("{ va: 0x1000, state: demand-zero, protection: READONLY, fields: { Nothing: 1 } }", "E0306"),
    ("{ va: 0x1000, state: page-file, file: 0, offset: 0x1_0000_0000, protection: 4 }", "E0303"),
    ("{ va: 0x1000, level: PXE, state: zero }", "E0305"),
    ("{ va: 0x1000, state: demand-zero, protection: 4, fields: { Transition: 1 } }", "E0322"),
    (
      "{ va: 0x40_0000, state: zero }, { va: 0x40_0000, state: demand-zero, protection: 4 }",
      "E0301"
    ),
    (
      "{ va: 0x40_0000, state: demand-zero, protection: 4 }, "
        + "{ va: 0x40_0000, level: PDE, state: page-file, file: 0, offset: 5, protection: 4 }",
      "E0301"
    ),
  ])
  func statementsThatCannotBeAreRefused(items: String, code: String) {
    let faults = Fixture.faults("ptes: [\(items)]", machine: Self.ten)
    #expect(faults.map { $0.prefix(5) } == [code[...]], "\(faults)")
  }
}
