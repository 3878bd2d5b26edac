import Foundation
import TestSupport
import Testing

/// The published cases of Windows are scenarios, and none is dropped.
@Suite struct CaseTests {
  private static let cases = Repository.file("Scenarios/windows/cases")

  @Test func theScenariosAreWhatTheTablesOfCasesSay() throws {
    let status = try Repository.check("Tools/windows-cases/generate.py")
    #expect(status == 0, "Tools/dev layouts writes them anew")
  }

  private struct Case: Decodable {
    let id: String
  }

  private struct Dump: Decodable {
    struct Walk: Decodable {
      let va: String
    }
    let walks: [Walk]
  }

  @Test func everyCaseIsExpected() throws {
    let files = try FileManager.default.contentsOfDirectory(
      at: Self.cases, includingPropertiesForKeys: nil)
    let texts = try files.filter { $0.pathExtension == "yaml" }
      .map { try String(contentsOf: $0, encoding: .utf8) }
    let lines = texts.joined().split(separator: "\n").filter { $0.hasPrefix("  - { walk:") }

    let printed = try JSONDecoder().decode(
      [Case].self, from: Data(contentsOf: Self.cases.appending(path: "windbg-cases.json")))
    let dumps = try JSONDecoder().decode(
      [String: Dump].self,
      from: Data(contentsOf: Self.cases.appending(path: "windows-real-ptes.json")))
    #expect(printed.count == 69)
    for one in printed {
      #expect(lines.count { $0.contains("process: \(one.id),") } == 1, "\(one.id)")
    }
    #expect(dumps.values.map(\.walks.count).reduce(0, +) == 974)
    #expect(lines.count == printed.count + 974)
  }

  /// `windows/README.md` lists what naive readings get wrong; scenarios name them by their numbers.
  ///
  /// `NaiveReadingTests` shows that they fail.
  @Test func everyNaiveReadingIsNamedByAScenario() throws {
    let folder = Repository.file("Scenarios")
    let list = try String(
      contentsOf: folder.appending(path: "windows/README.md"), encoding: .utf8)
    let listed = Set(list.matches(of: /(?m)^\| ([0-9]+) \|/).compactMap { Int($0.1) })
    #expect(listed == Set(1...25))
    let files = try #require(FileManager.default.enumerator(atPath: folder.path))
    var covered: Set<Int> = []
    for case let path as String in files where path.hasSuffix(".yaml") {
      let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
      covered.formUnion(text.matches(of: /"naive reading ([0-9]+)"/).compactMap { Int($0.1) })
    }
    #expect(listed.subtracting(covered).sorted() == [], "no scenario names them")
    #expect(covered.subtracting(listed).sorted() == [], "they are not in the list")
  }
}
