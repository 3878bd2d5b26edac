import Foundation
import Testing

/// `--force` is leave to replace what is there, never what an answer is made from.
@Suite struct TakenFileTests {
  private let place: Workplace

  init() throws {
    place = try Workplace()
    let files = FileManager.default
    try files.createDirectory(
      at: place.url.appending(path: "files"), withIntermediateDirectories: true)
    for image in ["memory.raw", "files/page.mem"] {
      let built = try Command.run(["build", "plain.yaml", "-o", image], in: place)
      try #require(built.status == 0, "\(built.errors)")
    }
    try place.write(
      """
      mmubench: 1
      scenario: over
      title: A scenario over a dump
      source: the tests
      machine: { mode: x86-64, root: 0x1000, memory: { dump: memory.raw } }
      golden: false
      """, to: "over.yaml")
    try place.write("# maps\n", to: "maps")
    try place.write("answers\n", to: "plain.golden")
    try files.createSymbolicLink(
      atPath: place.url.appending(path: "soft.yaml").path, withDestinationPath: "plain.yaml")
    try files.linkItem(
      at: place.url.appending(path: "plain.yaml"), to: place.url.appending(path: "hard.yaml"))
  }

  private static let raw = ["memory.raw", "--mode", "x86-64", "--root", "0x1000"]

  private static let refused: [[String]] = [
    ["map", "plain.yaml", "--sqlite", "plain.yaml"],
    ["map", "plain.yaml", "--sqlite", "files/../plain.yaml"],
    ["map", "plain.yaml", "--sqlite", "soft.yaml"],
    ["map", "plain.yaml", "--sqlite", "hard.yaml"],
    ["map", "soft.yaml", "--sqlite", "plain.yaml"],
    ["map", "over.yaml", "--sqlite", "memory.raw"],
    ["map"] + raw + ["--sqlite", "memory.raw"],
    ["run", "plain.yaml", "--junit", "plain.yaml"],
    ["run", ".", "--junit", "hard.yaml"],
    ["run", "over.yaml", "--junit", "memory.raw"],
    ["run", "plain.yaml", "--junit", "plain.golden"],
    ["build", "plain.yaml", "-o", "soft.yaml"],
    ["build", "plain.yaml", "-o", "new.raw", "--truth", "hard.yaml"],
    ["convert", "memory.raw", "-o", "memory.raw"],
    ["convert", "over.yaml", "-o", "memory.raw"],
    ["report", "plain.yaml", "-o", "hard.yaml"],
    ["report", "over.yaml", "-o", "memory.raw"],
    ["report", "plain.yaml", "--maps", "maps", "-o", "maps"],
    ["mount", "plain.yaml", "files", "--save", "soft.yaml"],
    ["mount", "over.yaml", "files", "--save", "memory.raw"],
    [
      "export", "files/page.mem", "0x400000", "--mode", "x86-64", "--root", "0x1000", "-o", "files",
    ],
  ]

  private func contents() throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for file in try place.files + ["files/page.mem"] where file != "files" {
      contents[file] = try Data(contentsOf: place.url.appending(path: file))
    }
    return contents
  }

  @Test(arguments: refused)
  func noOutputReplacesWhatItIsMadeFrom(arguments: [String]) throws {
    let before = try contents()
    let outcome = try Command.run(arguments + ["--force"], in: place)
    #expect(outcome.status == 73, "\(outcome)")
    #expect(outcome.errors.contains("it is the input too"), "\(outcome.errors)")
    #expect(try contents() == before)
  }

  @Test func twoOutputsAreTwoFiles() throws {
    let outcome = try Command.run(
      ["build", "plain.yaml", "-o", "new.raw", "--truth", "./new.raw"], in: place)
    #expect(outcome.status == 73 && outcome.errors.contains("it is the image too"))
    #expect(try !place.files.contains("new.raw"))
  }

  @Test func otherFilesAreReplaced() throws {
    for arguments in [
      ["map", "plain.yaml", "--sqlite", "maps"], ["run", "plain.yaml", "--junit", "maps"],
      ["export", "plain.yaml", "0x400000", "-o", "files"],
    ] {
      let outcome = try Command.run(arguments + ["--force"], in: place)
      #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
    }
  }
}
