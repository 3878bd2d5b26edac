import Foundation
import Testing

/// `export`, and what `mount` refuses.
@Suite struct ExportTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  private func run(_ arguments: String...) throws -> Command.Outcome {
    try Command.run(arguments, in: place)
  }

  @Test func exportWritesTheFilesOfAnAddress() throws {
    let outcome = try run("export", "plain.yaml", "0x400123", "--output", "files")
    #expect(outcome.status == 0 && outcome.output == "")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: place.url.path + "/files").sorted() == [
        "map.txt", "page.mem", "phys.txt", "pt_pd.mem", "pt_pdpt.mem", "pt_pml4.mem", "pt_pt.mem",
        "readme.txt", "virt.txt",
      ])
    #expect(try place.read("files/virt.txt") == "0000000000400123")
    #expect(try place.read("files/phys.txt") == "0000000000005123")
    #expect(try place.read("files/map.txt").utf8.count == 198)
    let again = try run("export", "plain.yaml", "0x400124", "--output", "files")
    #expect(again.status == 73)
    #expect(again.errors.contains("--force"))
    #expect(try place.read("files/virt.txt") == "0000000000400123")
    #expect(try run("export", "plain.yaml", "0x400124", "-o", "files", "--force").status == 0)
    #expect(try place.read("files/virt.txt") == "0000000000400124")
  }

  private static let refused: [([String], Int32)] = [
    (["export", "plain.yaml"], 64), (["export", "plain.yaml", "0x400123"], 64),
    (["export", "plain.yaml", "zz", "-o", "x"], 64),
    (["export", "nothing.raw", "0", "-o", "x"], 66),
    (["export", "plain.yaml", "0", "-o", "plain.yaml"], 73),
    (["export", "plain.yaml", "0", "-o", "no/where"], 73), (["mount", "plain.yaml"], 64),
    (["mount", "plain.yaml", ".", "--format", "elf"], 64),
    (["mount", "plain.yaml", ".", "--force"], 64),
    (["mount", "plain.yaml", ".", "--save", "plain.yaml"], 73),
    (["mount", "plain.yaml", ".", "--save", "no/where"], 73),
    (["mount", "nothing.raw", "."], 66),
  ]

  @Test(arguments: refused)
  func whatCannotBeIsSaid(arguments: [String], status: Int32) throws {
    let before = try place.files
    let outcome = try Command.run(arguments, in: place)
    #expect(outcome.status == status, "\(outcome.errors)")
    #expect(outcome.errors != "")
    #expect(try place.files == before)
  }
}
