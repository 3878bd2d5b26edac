import Foundation
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
}
