import Foundation
import Machine
import Paging
import PhysicalMemory
import Testing
import VirtualFiles

/// The file `memmap/pte.txt`.
@Suite struct PageListTests {
  private static let file = "pid/1/memmap/pte.txt"

  private static func line(_ text: String) -> String {
    text + String(repeating: " ", count: 127 - text.utf8.count) + "\n"
  }

  /// As MemProcFS 5.19 was seen to give it on the raw image of the scenario.
  @Test func linesAreThoseOfMemProcFS() throws {
    let expected = [
      "    #    PID    Pages      Range Start-End              FLAGS   Description",
      "---------------------------------------------------------------------------",
      "00000      1        1 0000000000400000-0000000000400fff -rwx",
      "00001      1        1 00007ffffffff000-00007fffffffffff -rw-",
      "00002      1        1 ffff800000000000-ffff800000000fff sr-x",
      "00003      1        1 fffffffffffff000-ffffffffffffffff srw-",
    ].map(Self.line).joined()
    #expect(try Fixture.tree("x86/x64-4k-basic").text(Self.file) == expected)
  }

  /// The lines of a machine with some words changed, from the number of pages on.
  private static func listed(
    _ words: [UInt64: UInt64], _ scenario: String = "x86/x64-4k-basic"
  ) throws -> [String] {
    let tree = try Fixture.tree(scenario)
    let memory = try tree.open("memory.pmem", forWriting: true)
    for (address, word) in words {
      let bytes = (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
      _ = try memory.write(bytes, at: address)
    }
    return try lines(tree, file)
  }

  private static func lines(_ tree: FileTree, _ file: String) throws -> [String] {
    try tree.text(file).split(separator: "\n").dropFirst(2)
      .map { line in String(line.dropFirst(13).prefix { $0 != "\n" }).trimmed }
  }

  // What follows was seen in MemProcFS 5.19, on the image with the same words.

  private static let upper = [
    "       1 00007ffffffff000-00007fffffffffff -rw-",
    "       1 ffff800000000000-ffff800000000fff sr-x",
    "       1 fffffffffffff000-ffffffffffffffff srw-",
  ]

  @Test func entriesWithoutPGoWithThePagesBeforeOrAreRead() throws {
    let words: [UInt64: UInt64] = [
      // Behind a page with other rights; then a page that is read and run, and one bit alone.
      0x4008: 0x1234_5678_9abc_def0, 0x4010: 0x5005, 0x4018: 2,
      // Behind a gap; then a page with the rights that these are said to have.
      0x4028: 1 << 63, 0x4030: 0x8000_0000_0000_5005,
      // In transition, to a frame beyond the image and to one within; and a table with P=0.
      0x4040: 0x0b00_0000_0800_0802, 0x4048: 0x5800, 0x3018: 0x4006,
    ]
    #expect(
      try Self.listed(words) == [
        "       2 0000000000400000-0000000000401fff -rwx",
        "       2 0000000000402000-0000000000403fff -r-x",
        "       2 0000000000405000-0000000000406fff -r--",
        "       1 0000000000409000-0000000000409fff -r--",
      ] + Self.upper)
  }

  @Test func onlyUserIsARightOfAllLevels() throws {
    #expect(
      try Self.listed([0x3010: 0x8000_0000_0000_4001]) == [
        "       1 0000000000400000-0000000000400fff srwx"
      ] + Self.upper)
  }

  /// The frame right behind the image still counts; reserved bits and bits from 48 on do not.
  @Test func whatLiesBeyondTheImageIsNotListed() throws {
    let words: [UInt64: UInt64] = [
      0x4008: 0x200_0007, 0x4018: 0x200_1007, 0x4030: 0xf_0000_0000_5007, 0x3018: 0x60_2087,
    ]
    #expect(
      try Self.listed(words) == [
        "       2 0000000000400000-0000000000401fff -rwx",
        "       1 0000000000406000-0000000000406fff -rwx",
        "     200 0000000000600000-00000000007fffff -rwx",
      ] + Self.upper)
  }

  /// Large and small pages, and frames in any order, are one stretch where their rights are equal.
  @Test func framesDoNotDivideStretches() throws {
    let tree = try Fixture.tree("x86/x64-512-identical")
    let lines = try tree.text(Self.file).split(separator: "\n").dropFirst(2)
    #expect(lines.map { $0.prefix(22) } == ["00000      1      200 "])
  }

  @Test func anyPartIsThatPartOfTheWhole() throws {
    let tree = try Fixture.tree("x86/x64-rights-cube")
    let file = try tree.open(Self.file)
    let whole = try file.read(at: 0, count: Int(file.size))
    #expect(whole.count == Int(file.size) && whole.count % 128 == 0)
    for offset in stride(from: 1, to: whole.count, by: 97) {
      let count = min(300, whole.count - offset)
      #expect(
        try file.read(at: UInt64(offset), count: 300) == Array(whole[offset..<offset + count]))
    }
  }

  /// A page that is its own table at every level translates 2 to the 36 pages.
  @Test(
    .timeLimit(.minutes(1)),
    arguments: [
      "hostile/x64-page-is-all-tables", "hostile/la57-page-is-all-tables",
      "hostile/x86-page-is-all-tables", "hostile/x64-self-reference-at-each-level",
    ])
  func corruptTablesAreListedAllTheSame(scenario: String) throws {
    let tree = try Fixture.tree(scenario)
    #expect(try tree.attributes(of: Self.file).size > 0)
  }

  /// MemProcFS puts such pages at addresses where they are not; the bench does not.
  @Test func pagesOfPAEAreListedWhereTheyAre() throws {
    let machine = try Fixture.machine("x86/pae-4k-basic")
    let tables = machine.walk(VirtualAddress(0x40_0000)).steps
    let table = try #require(tables.last).entryAddress.rawValue & ~0xfff
    let tree = FileTree(machine)
    let memory = try tree.open("memory.pmem", forWriting: true)
    _ = try memory.write([5, 0x50, 0, 0, 0, 0, 0, 0x80], at: table + 8 * 0x10)
    _ = try memory.write([2, 0, 0, 0, 0, 0, 0, 0], at: table + 8 * 0x11)
    _ = try memory.write([2, 0, 0, 0, 0, 0, 0, 0], at: table + 8 * 0x20)
    let lines = try Self.lines(tree, Self.file)
    #expect(lines.contains("       2 00410000-00411fff -r--"))
    #expect(lines.contains("       1 00420000-00420fff -r--"))
  }

  /// As MemProcFS shows a Windows: of a user's process nothing that only the kernel may use.
  @Test func userProcessesOfWindowsHaveNoKernelHalf() throws {
    let tree = try Fixture.tree("windows/win-skeleton")
    let user = try Self.lines(tree, "pid/1234/memmap/pte.txt")
    #expect(user.count > 1 && user.allSatisfy { $0.contains(" -r") })
    let system = try Self.lines(tree, "pid/4/memmap/pte.txt")
    #expect(system.contains { $0.contains("fffff80311a00000-") && $0.contains(" sr") })
  }
}

extension String {
  /// Without the blanks at the end.
  fileprivate var trimmed: String { String(String(reversed()).drop { $0 == " " }.reversed()) }
}
