import Foundation
import ScenarioFile
import TestSupport
import Testing
import Yams

/// The published schema says what the parser says.
@Suite struct SchemaTests {
  private static func schema() throws -> [String: Any] {
    let url = Repository.file("Scenarios/scenario.schema.json")
    let object = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
    return try #require(object as? [String: Any])
  }

  private static func definitions() throws -> [String: [String: Any]] {
    try #require(try schema()["$defs"] as? [String: [String: Any]])
  }

  @Test func schemaHasTheKeysOfTheParser() throws {
    let definitions = try Self.definitions()
    for table in Vocabulary.all {
      let definition = try #require(definitions[table.name], "no definition `\(table.name)`")
      let properties = try #require(definition["properties"] as? [String: Any])
      #expect(Set(properties.keys) == Set(table.keys), "`\(table.name)`")
      let required = definition["required"] as? [String] ?? []
      #expect(Set(required) == Set(table.required), "`\(table.name)`")
      #expect(definition["additionalProperties"] as? Bool == false, "`\(table.name)`")
      #expect(definition["description"] is String, "`\(table.name)`")
    }
    // What is left over are kinds of values, not mappings with keys of their own.
    let tables = Set(Vocabulary.all.map(\.name))
    #expect(tables.count == Vocabulary.all.count)
    for (name, definition) in definitions where !tables.contains(name) {
      #expect(definition["properties"] == nil, "`\(name)` is in no table")
    }
  }

  @Test func everyPropertyIsDescribed() throws {
    let definitions = try Self.definitions()
    for (name, definition) in definitions {
      for (key, value) in definition["properties"] as? [String: [String: Any]] ?? [:] {
        let target = (value["$ref"] as? String).map { String($0.dropFirst("#/$defs/".count)) }
        let text = value["description"] ?? target.flatMap { definitions[$0]?["description"] }
        #expect(text is String, "`\(key)` of `\(name)`")
      }
    }
  }

  /// The files that ship and the tests' own.
  private static func shipped() throws -> [URL] {
    let folder = Repository.file("Scenarios")
    let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    let files = (found?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "yaml" }
    return files + [Fixture.folder.appendingPathComponent("everything.yaml")]
  }

  @Test func schemaAcceptsEveryScenarioThatShips() throws {
    let validator = SchemaValidator(root: try Self.schema())
    for url in try Self.shipped() {
      let node = try #require(try Yams.compose(yaml: String(contentsOf: url, encoding: .utf8)))
      #expect(validator.faults(node) == [], "\(url.lastPathComponent)")
    }
  }

  @Test func everyScenarioThatShipsParses() throws {
    for url in try Self.shipped() {
      do throws(ScenarioFileError) {
        _ = try ScenarioParser.parse(path: url.path)
      } catch .malformed(let list) {
        Issue.record("\(list.render(color: false))")
      } catch {
        Issue.record("\(error)")
      }
    }
  }

  @Test(arguments: [
    "E0202-top", "E0202-nested", "E0203-top", "E0204-kinds", "E0204-root", "E0205-numbers",
    "E0207-sizes", "E0208-ranges", "E0209-words", "E0211-name", "E0213-booleans", "E0216-nothing",
  ])
  func schemaRefusesWhatTheParserRefuses(name: String) throws {
    let url = Fixture.diagnostics.appendingPathComponent(name + ".yaml")
    let node = try #require(try Yams.compose(yaml: String(contentsOf: url, encoding: .utf8)))
    #expect(SchemaValidator(root: try Self.schema()).faults(node) != [])
  }
}
