import Machine
import Paging
import PhysicalMemory
import Report
import Testing

/// Walks of every outcome in every mode, as people and as scripts see them.
@Suite struct WalkGoldenTests {
  /// Machines and the addresses that are asked of them.
  static let questions: [(machine: String, addresses: [UInt64])] = [
    (
      "x86-64",
      [
        0x40_0123, 0x40_1000, 0x40_2000, 0x60_0000, 0x7f_ffff, 0x80_0000, 0x7fff_ffff,
        0x80_0000_0fff, 0x100_0000_0000, 0x200_0000_0000, 0xffff_8000_0000_0000,
        0x8000_0000_0000, 0xffff_7fff_ffff_ffff,
      ]
    ),
    (
      "la57",
      [
        0x40_0fff, 0x8000_0040_0000, 0xff00_0000_0000_0000, 0x2_0000_0000_0000, 0x40_1000,
        0x0100_0000_0000_0000,
      ]
    ),
    ("pae", [0x40_0000, 0x40_1000, 0x61_2345, 0x4000_0000, 0x8000_0000, 0xc000_0000]),
    ("x86", [0x40_0000, 0x80_1234, 0xc0_0000, 0x100_0000, 0x140_0000, 0x180_0000]),
  ]

  static let machines = questions.map(\.machine)

  static func addresses(_ machine: String) -> [VirtualAddress] {
    questions.filter { $0.machine == machine }.flatMap(\.addresses).map { VirtualAddress($0) }
  }

  private func text(_ name: String, isColored: Bool) throws -> String {
    let machine = try Fixture.machine(name)
    let text = WalkText(machine.paging)
    return Fixture.written(isColored: isColored) { out in
      MachineHeader(machine).write(to: &out)
      for address in Self.addresses(name) { text.write(machine.walk(address), to: &out) }
    }
  }

  @Test func everyOutcomeIsAmongTheQuestions() throws {
    var outcomes: Set<WalkOutcome> = []
    for name in Self.machines {
      let machine = try Fixture.machine(name)
      for address in Self.addresses(name) {
        outcomes.insert(machine.walk(address).result.outcome)
      }
    }
    #expect(outcomes == Set(WalkOutcome.allCases))
  }

  @Test(arguments: machines)
  func walksForPeopleAreAsRecorded(name: String) throws {
    try Fixture.expect(text(name, isColored: false), isRecordedAs: "walk-\(name).txt")
  }

  @Test func coloursAreAsRecorded() throws {
    try Fixture.expect(text("x86-64", isColored: true), isRecordedAs: "walk-x86-64-colored.txt")
  }

  @Test(arguments: machines)
  func coloursChangeNothingElse(name: String) throws {
    let colored = try text(name, isColored: true)
    #expect(colored.replacing(/\u{1b}\[[0-9]+m/, with: "") == (try text(name, isColored: false)))
  }

  @Test(arguments: machines)
  func walksForScriptsAreAsRecorded(name: String) throws {
    let machine = try Fixture.machine(name)
    let json = WalkJSON(mode: machine.paging.mode, root: machine.paging.root)
    let text = Fixture.written { out in
      for address in Self.addresses(name) { json.write(machine.walk(address), to: &out) }
    }
    try Fixture.expect(text, isRecordedAs: "walk-\(name).json")
  }

  @Test(arguments: machines, [false, true])
  func bulkResultsAreAsRecorded(name: String, asJSON: Bool) throws {
    let machine = try Fixture.machine(name)
    let text = try Fixture.captured { stream in
      var translation = BulkTranslation(machine, asJSON: asJSON)
      let isRead = translation.translate(Self.addresses(name), to: stream)
      #expect(isRead)
    }
    try Fixture.expect(text, isRecordedAs: "translate-\(name).\(asJSON ? "json" : "txt")")
  }

  @Test(arguments: machines)
  func bulkResultsAreWalksWithoutEntries(name: String) throws {
    let machine = try Fixture.machine(name)
    let json = WalkJSON(mode: machine.paging.mode, root: machine.paging.root)
    let walks = Fixture.written { out in
      for address in Self.addresses(name) { json.write(machine.walk(address), to: &out) }
    }
    let bulk = try Fixture.captured { stream in
      var translation = BulkTranslation(machine, asJSON: true)
      _ = translation.translate(Self.addresses(name), to: stream)
    }
    #expect(walks.replacing(/,"entries":\[.*\]}/, with: "}") == bulk)
  }

  @Test func batchesKeepTheOrder() throws {
    let machine = try Fixture.machine("x86-64")
    let addresses = (0..<5000).map { VirtualAddress(UInt64($0) &* 0x3_0007) }
    let text = try Fixture.captured { stream in
      var translation = BulkTranslation(machine, asJSON: true)
      _ = translation.translate(addresses, to: stream)
    }
    let answered = text.split(separator: "\n").map { $0.prefix { $0 != "," } }
    #expect(answered == addresses.map { "{\"va\":\"\($0)\"" })
  }
}
