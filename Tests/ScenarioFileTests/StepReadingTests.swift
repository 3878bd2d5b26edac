import ScenarioFile
import Testing

/// No step of a timeline is left out without a word.
@Suite struct StepReadingTests {
  /// The tables of the steps: only they have `frames`.
  private static let tables = Vocabulary.all.filter { $0.keys.contains("frames") }

  /// A value that the verb of a step takes.
  private static func argument(of verb: String) -> String {
    switch verb {
    case "exit": "true"
    case "write-modified", "compress", "repurpose", "zero-pages", "combine", "drop-caches",
      "clear-refs":
      "all"
    case "free", "unmap-view", "split", "swap-on": "0x1000"
    case "create-section", "create-process", "fork", "create-file": "name"
    default: "0x1000..0x1fff"
    }
  }

  /// Values of the other keys that a step must have.
  private static let others = [
    "protection": "READWRITE", "kind": "page-file", "section": "name", "pid": "8",
    "prot": "[read]", "advice": "dontneed", "size": "4096", "modes": "[missing]",
  ]

  /// The values of a step that is whole, by their keys.
  private static func whole(_ table: KeyTable) -> [String: String] {
    var values = [table.name: argument(of: table.name)]
    for key in table.required where key != table.name { values[key] = others[key] }
    if table.name == "create-section" { values["pages"] = "1" }
    return values
  }

  private static func item(_ values: [String: String]) -> String {
    let pairs = values.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    return "{ \(pairs.joined(separator: ", ")) }"
  }

  private static func read(_ items: String...) -> ScenarioReading {
    let lines = items.map { "  - \($0)\n" }.joined()
    return ScenarioParser.read(
      text: Fixture.scenario("timeline:\n" + lines), path: "a.yaml", checkingName: false)
  }

  /// Lists and mappings without anything in them, nothing, and values of other kinds.
  private static let strange = [
    "[]", "{}", "", "null", "\"\"", "[[]]", "[{}]", "[null]", "{ a: 1 }", "false", "7", "all",
    "word",
    "0x1000..0x1fff", "[7]", "[word]",
  ]

  @Test func everyVerbHasAStepThatIsRead() {
    #expect(Self.tables.count == 41)
    for table in Self.tables {
      let reading = Self.read(Self.item(Self.whole(table)))
      #expect(reading.diagnostics == [], "\(table.name)")
      #expect(reading.scenario?.timeline?.steps.count == 1, "\(table.name)")
    }
  }

  @Test func aStepThatIsLeftOutIsReported() {
    for table in Self.tables {
      let whole = Self.whole(table)
      // `parts` is instead of `pages`.
      for key in table.keys {
        for value in Self.strange {
          var values = whole
          values[key] = value
          if key == "parts" { values["pages"] = nil }
          let reading = Self.read(Self.item(values), "{ exit: true }")
          let count = reading.scenario?.timeline?.steps.count ?? 0
          #expect(count == 2 || !reading.diagnostics.isEmpty, "\(Self.item(values))")
        }
      }
      for key in whole.keys {
        var values = whole
        values[key] = nil
        #expect(!Self.read(Self.item(values)).diagnostics.isEmpty, "\(Self.item(values))")
      }
    }
  }

  @Test(arguments: strange + ["{ process: a }", "{ frames: [] }", "{ reserve: 1, mmap: 1 }"])
  func whatIsNoStepIsReported(item: String) {
    #expect(!Self.read(item, "{ exit: true }").diagnostics.isEmpty)
  }

  @Test(arguments: [
    ("{ create-section: s, kind: image, parts: [] }", "E0216 7:46"),
    ("{ exit: false }", "E0209 7:13"),
    ("{ combine: 7 }", "E0209 7:16"),
    ("{ drop-caches: 7 }", "E0209 7:20"),
    ("{ clear-refs: 3 }", "E0209 7:19"),
    ("{ read: 0x1000, expect: [{ lists: {} }] }", "E0216 7:39"),
  ])
  func whatAStepCannotSayIsRefusedAtItsPlace(item: String, fault: String) {
    #expect(Fixture.faults(Fixture.scenario("timeline:\n  - \(item)\n")) == [fault])
  }

  // MARK: - Processes

  private static func twice(_ reference: String) -> String {
    Fixture.scenario(
      """
      processes: [{ name: first, pid: 4096 }]
      timeline:
        - { create-process: a.exe, pid: 8 }
        - { process: 8, exit: true }
        - { create-process: a.exe, pid: 8 }
        - { process: \(reference), exit: true }
      """)
  }

  @Test func aPidNamesTheProcessThatLives() {
    #expect(Fixture.faults(Self.twice("8")) == [])
  }

  @Test func aNameOfSeveralProcessesIsRefused() throws {
    let list = Fixture.diagnostics(Self.twice("a.exe"))
    #expect(list.map(\.code) == [.unknownProcess])
    #expect(list.first?.message == "the name `a.exe` belongs to 2 processes")
  }
}
