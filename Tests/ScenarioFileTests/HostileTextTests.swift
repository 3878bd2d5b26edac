import Foundation
import ScenarioFile
import TestSupport
import Testing

/// Files made to hurt a parser: each is refused with a place, and soon.
@Suite struct HostileTextTests {
  private static let texts: [(name: String, text: String, code: DiagnosticCode)] = [
    ("flow lists", String(repeating: "[", count: 100_000), .nestedTooDeeply),
    ("flow mappings", String(repeating: "{a: ", count: 100_000), .nestedTooDeeply),
    ("block lists", String(repeating: "- ", count: 100_000), .nestedTooDeeply),
    (
      "block keys", (0..<2000).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
      .nestedTooDeeply
    ),
    ("question marks", String(repeating: "? ", count: 100_000), .unusedSyntax),
    ("values", String(repeating: ": ", count: 100_000), .nestedTooDeeply),
    ("alias bomb", aliasBomb, .anchorOrAlias),
    ("alias as a key", "a: 1\n*x : 2\n", .anchorOrAlias),
    ("merge key", "<<: *x\n", .anchorOrAlias),
    ("many items", "[" + String(repeating: "0,", count: 1_000_000), .tooManyNodes),
    (
      "many items in a step", "timeline:\n  - [" + String(repeating: "0,", count: 1_000_000),
      .tooManyNodes
    ),
    ("alias in a step", "timeline:\n  - { read: 0 }\n  - *x\n", .anchorOrAlias),
    ("many keys", (0..<300_000).map { "k\($0): 0\n" }.joined(), .tooManyNodes),
    ("tags", "!!python/object/apply:os.system [ls]\n", .tag),
    ("second document", "a: 1\n---\nb: 2\n", .severalDocuments),
    ("after the end", "a: 1\n...\nb: 2\n", .severalDocuments),
    ("directive", "%YAML 1.1\n---\na: 1\n", .unusedSyntax),
    ("nul", "a: \0\n", .characterNotAllowed),
    ("escape", "a: \u{1b}[31m\n", .characterNotAllowed),
    ("next line", "a: b\u{85}c: d\n", .characterNotAllowed),
    ("line separator", "a: b\u{2028}c: d\n", .characterNotAllowed),
    ("second mark", "a: \u{feff}b\n", .characterNotAllowed),
    ("lone return", "a: b\rc: d\n", .characterNotAllowed),
    ("tab", "a:\n\tb: c\n", .characterNotAllowed),
    ("open quote", "a: \"" + String(repeating: "x\n", count: 100_000), .syntax),
    ("escapes", "a: \"" + String(repeating: "\\", count: 1_000_001), .syntax),
    ("long key", String(repeating: "k", count: 1_000_000) + ": 1\n", .syntax),
    ("blank lines", "a: \"" + String(repeating: "\n", count: 1_000_000) + "\"\n", .missingKey),
    ("comments", String(repeating: "#\n", count: 1_000_000), .emptyFile),
    ("nothing", "", .emptyFile),
    ("4 MiB of blanks", String(repeating: " ", count: 4 << 20), .emptyFile),
  ]

  private static let aliasBomb: String = {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1...30 {
      let alias = "*a\(level - 1)"
      text +=
        "a\(level): &a\(level) [\(Array(repeating: alias, count: 9).joined(separator: ", "))]\n"
    }
    return text + "? *a30\n: 1\n? *a30\n: 2\n"
  }()

  @Test(arguments: texts.map(\.name))
  func hostileTextIsRefusedSoon(name: String) throws {
    let (_, text, code) = try #require(Self.texts.first { $0.name == name })
    let clock = ContinuousClock()
    let start = clock.now
    let found = Fixture.diagnostics(text)
    #expect(found.contains { $0.code == code }, "\(found.prefix(3))")
    // Loose, for a debug build on a busy machine: the law is that no text takes minutes.
    #expect(clock.now - start < .seconds(20))
  }

  @Test func largeFileIsRefusedWithoutReadingItAll() throws {
    let path = NSTemporaryDirectory() + "mmubench-\(UInt64.random(in: 0...(.max))).yaml"
    defer { try? FileManager.default.removeItem(atPath: path) }
    // A sparse file: 100 MB that take no room on the disk.
    try Data().write(to: URL(fileURLWithPath: path))
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.truncate(atOffset: 100_000_000)
    try file.close()
    #expect {
      try ScenarioParser.parse(path: path)
    } throws: { error in
      guard case .malformed(let list) = error as? ScenarioFileError else { return false }
      return list.diagnostics.map(\.code) == [.fileTooLarge]
    }
  }

  @Test(arguments: ["/nonexistent/a.yaml", "/"])
  func fileThatCannotBeReadIsNotMalformed(path: String) {
    #expect {
      try ScenarioParser.parse(path: path)
    } throws: { error in
      if case .unreadable = error as? ScenarioFileError { true } else { false }
    }
  }

  @Test func invalidUTF8IsReportedAtItsPlace() throws {
    let bytes = Array("a: b\nc: é".utf8) + [0xff] + Array("\n".utf8)
    let list = try #require(throws: DiagnosticList.self) {
      try ScenarioParser.parse(bytes: bytes, path: "a.yaml", checkingName: false)
    }
    #expect(list.diagnostics.map(\.code) == [.notUTF8])
    #expect(list.diagnostics.map(\.mark) == [SourceMark(line: 2, column: 5)])
  }

  /// Cutting and flipping a good scenario never traps: it parses, or it is refused with a place.
  @Test func mutatedScenariosNeverTrap() throws {
    let seed = UInt64.random(in: 0...(.max))
    var random = SeededGenerator(seed: seed)
    let original = Array(
      try Data(contentsOf: Fixture.folder.appendingPathComponent("everything.yaml")))
    let alphabet = Array("[]{}:,-?&*!|>'\"%#@`\n\t \\0x..9aé".utf8)
    for round in 0..<400 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = alphabet.randomElement(using: &random) ?? 0
        case 1: bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: place)
        case 2: bytes.remove(at: place)
        default: bytes = Array(bytes[..<max(place, 1)])
        }
      }
      do throws(DiagnosticList) {
        _ = try ScenarioParser.parse(bytes: bytes, path: "m.yaml", checkingName: false)
      } catch {
        #expect(!error.diagnostics.isEmpty, "seed \(seed) round \(round)")
        #expect(error.render(color: false).hasPrefix("m.yaml:"), "seed \(seed) round \(round)")
      }
    }
  }
}
