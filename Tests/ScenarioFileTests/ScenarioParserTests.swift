import Foundation
import ScenarioFile
import Testing

@Suite struct ScenarioParserTests {
  private static func everything() throws -> Scenario {
    try ScenarioParser.parse(path: Fixture.folder.appendingPathComponent("everything.yaml").path)
  }

  @Test func everyKeyArrivesInTheScenario() throws {
    let scenario = try Self.everything()
    #expect(scenario.id == Located("everything", at: SourceMark(line: 3, column: 11)))
    #expect(
      scenario.sources.map(\.value) == ["volatilityfoundation/volatility3#723", "SDM Vol 3A 4.5"])
    #expect(scenario.about?.value == "A longer text: with & * ! [ { characters.\n")
    #expect(scenario.golden == false)
    #expect(scenario.deviations.map(\.answers.value) == ["not mapped"])
    #expect(scenario.deviations.first?.va?.value == 0x40_0123)

    let machine = scenario.machine
    #expect(machine.mode?.value == "x86-64")
    #expect(machine.root?.value == 0x1000)
    #expect(machine.physicalBits?.value == 36)
    #expect(machine.features.map(\.name.value) == ["pse-36", "page-1g"])
    #expect(machine.features.map(\.isEnabled.value) == [false, true])
    #expect(machine.vendor?.value == "amd")
    #expect(machine.alignmentCheck?.value == true)
    #expect(machine.encryptionBit?.value == 47)
    #expect(machine.sharedBit?.value == 51)
    #expect(machine.accept.map(\.value) == ["pdpte-accessed"])
    #expect(machine.tables?.from?.value == 0x10_0000)
    #expect(machine.tables?.order == .shuffled)
    #expect(machine.tables?.seed == 7)
    #expect(machine.absent.map(\.value) == [0x5000...0x5fff])
    guard case .ranges(let ranges) = machine.memory.value else {
      Issue.record("memory is \(machine.memory.value)")
      return
    }
    #expect(ranges.map(\.value) == [0...0x9ffff, 0x10_0000...0xff_ffff])
    #expect(machine.registers.map(\.name.value) == ["cr0", "cr4", "efer", "pkru"])
    guard case .fields(let fields) = machine.registers[0].setting,
      case .value(let value) = machine.registers[1].setting
    else {
      Issue.record("registers are \(machine.registers)")
      return
    }
    #expect(fields.map(\.name.value) == ["WP"])
    #expect(fields.map(\.value.value) == [0])
    #expect(value == Located(0x20, at: SourceMark(line: 18, column: 10)))
  }

  @Test func layoutsKeepTheirOrderAndDefaults() throws {
    guard case .processes(let processes) = try Self.everything().spaces else {
      Issue.record("no processes")
      return
    }
    #expect(processes.map(\.name?.value) == ["Console.exe", "System"])
    #expect(processes.map(\.pid?.value) == [2616, 4])
    let layout = processes[0].layout
    let first = layout.map[0]
    #expect(first.va.value == .range(0x40_0000...0x5f_ffff))
    #expect(first.every?.value == 2 << 20)
    #expect(first.rights == Scenario.Rights(user: false))
    // What an alternate does not say comes from `rights`.
    #expect(first.alternate == [.init(user: false), .init(write: false)])
    #expect(first.upper.map(\.level.value) == ["PML4E", "PDE"])
    #expect(
      layout.map.map(\.to.value) == [
        .frame(0x5000), .identity, .automatic, .consecutive(from: 0x5000, stride: nil),
        .consecutive(from: 0x5000, stride: 8192), .shuffled(from: 0x5000, seed: 1),
        .random(in: 0x1000...0x1fff, seed: 2),
      ])
    #expect(layout.map[1].page.value == 4096)
    #expect(layout.map[2].va.value == .page(0xffff_f800_0000_0000))
    #expect(layout.share.map(\.process?.value) == [.pid(4)])
    #expect(layout.selfMapSlot?.value == 0x1ed)
    #expect(layout.entries.count == 4)
    guard case .bits(let set, let ones, let zeros) = layout.entries[1].change,
      case .word(let address, width: 4) = layout.entries[2].place
    else {
      Issue.record("entries are \(layout.entries)")
      return
    }
    #expect(set.map(\.name.value) == ["PS"])
    #expect(ones.map(\.value) == [13, 20])
    #expect(zeros.map(\.value) == [63])
    #expect(address.value == 0x3000)
  }

  @Test func contentsAndExpectationsAreRead() throws {
    let scenario = try Self.everything()
    #expect(
      scenario.contents.map(\.data.value) == [
        .text("hello"), .bytes([0xde, 0xad, 0xbe, 0xef]), .fill(0xaa, size: 4096),
        .random(seed: 9, size: 4096), .words([1, 2]),
      ])
    #expect(scenario.expectations.count == 27)
    let verbs = scenario.expectations.map(\.verb)
    let rejections = verbs.compactMap { if case .rejects(let one) = $0 { one } else { nil } }
    let sums = verbs.compactMap { verb -> (Located<UInt64>, Located<UInt64>?)? in
      if case .mappings(let count, let bytes) = verb { (count, bytes) } else { nil }
    }
    guard case .walk(let walk) = verbs[0], let rejection = rejections.first,
      let (count, bytes) = sums.first
    else {
      Issue.record("expectations are \(scenario.expectations)")
      return
    }
    #expect(walk.pa?.value == 0x5123)
    #expect(walk.execute?.value == false)
    #expect(scenario.expectations[0].process?.value == .pid(4))
    #expect(scenario.expectations.contains { $0.process?.value == .name("System") })
    #expect(rejection.code.value == .missingKey)
    #expect(rejection.at?.value == SourceMark(line: 1, column: 1))
    #expect(count.value == 512)
    #expect(bytes?.value == 2 << 20)
  }

  @Test func accessesAndTheirAnswersAreRead() throws {
    let faults = try Self.everything().expectations.compactMap { item in
      if case .fault(let fault) = item.verb { (item, fault) } else { nil }
    }
    #expect(faults.count == 6)
    let (item, write) = faults[0]
    #expect(item.process?.value == .pid(4))
    #expect(write.va.value == 0x40_0123)
    #expect(write.access.value == .write)
    #expect(write.privilege.value == .supervisor)
    #expect(write.alignmentCheck?.value == true)
    #expect(write.outcome == .translated)
    #expect(write.pa?.value == 0x5123)
    guard case .count(let count) = write.updates, count.value == 2,
      case .flags([.present, .user, .instruction]) = faults[1].1.errorCode?.value,
      case .number(0x43) = faults[2].1.errorCode?.value,
      case .list(let updates) = faults[3].1.updates
    else {
      Issue.record("\(faults)")
      return
    }
    // An error code says that a page fault is meant.
    #expect(faults[1].1.outcome == .pageFault)
    #expect(updates.map(\.entry.value) == ["PTE"])
    #expect(updates.map(\.address?.value) == [0x3000])
    #expect(updates.map(\.before?.value) == [0x5007])
    #expect(updates.map(\.after?.value) == [0x5027])
    #expect(faults[4].1.outcome == .generalProtection)
  }

  @Test func lineEndsAndByteOrderMarkChangeNothing() throws {
    let text = Fixture.scenario("map: [{ va: 0x1000, to: identity }]\n")
    let other =
      "\u{feff}"
      + text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
    let plain = try Fixture.parse(text)
    let marked = try Fixture.parse(other)
    #expect(plain.title == marked.title)
    #expect(plain.id == marked.id)
    #expect(marked.file.line(2) == "scenario: a")
  }

  @Test func topLevelLayoutIsTheOnlyAddressSpace() throws {
    let scenario = try Fixture.parse(Fixture.scenario("self-map: { slot: 3 }"))
    guard case .single(let layout) = scenario.spaces else {
      Issue.record("spaces are \(scenario.spaces)")
      return
    }
    #expect(layout.selfMapSlot?.value == 3)
    #expect(scenario.golden)
  }

  @Test func dumpAndFactsAreMemories() throws {
    let dump = try Fixture.parse(
      Fixture.scenario(
        "processes: { truth: t.json }",
        machine: "{ memory: { dump: d.xz, base: 1M } }".replacing("1M", with: "0x100000")))
    guard case .dump(let file) = dump.machine.memory.value, case .truth(let truth) = dump.spaces
    else {
      Issue.record("memory is \(dump.machine.memory)")
      return
    }
    #expect(file.file.value == "d.xz")
    #expect(file.base?.value == 1 << 20)
    #expect(truth.value == "t.json")
    let facts = try Fixture.parse(
      Fixture.scenario(
        machine: "{ mode: x86, memory: { facts: { 0x1000: 0x67, 0x1004: 1 }, width: 4 } }"))
    guard case .facts(let words) = facts.machine.memory.value else {
      Issue.record("memory is \(facts.machine.memory)")
      return
    }
    #expect(words.width == 4)
    #expect(words.words.map(\.address.value) == [0x1000, 0x1004])
    #expect(words.words.map(\.value.value) == [0x67, 1])
  }

  @Test func nameOfTheScenarioIsTheNameOfTheFile() throws {
    let text = Fixture.scenario()
    #expect(throws: Never.self) { try ScenarioParser.parse(text: text, path: "dir.x/a.yaml") }
    let list = try #require(throws: DiagnosticList.self) {
      try ScenarioParser.parse(text: text, path: "dir/b.yaml")
    }
    #expect(list.diagnostics.map(\.code) == [.wrongName])
    #expect(list.diagnostics.map(\.mark) == [SourceMark(line: 2, column: 11)])
  }

  @Test func anotherEditionIsTheOnlyComplaint() {
    #expect(Fixture.faults("mmubench: 2\nnew-key: [1]\n") == ["E0201 1:11"])
  }

  @Test func allMistakesOfAFileAreReportedTogetherInOrder() {
    let text = Fixture.scenario(
      """
      map:
        - { va: 0x1000, to: 0x2000, rigths: {} }
        - { va: zzz, to: 0x2000 }
      golden: yes
      expect:
        - { walk: 1, outcome: gone }
      """)
    #expect(Fixture.faults(text) == ["E0202 7:31", "E0205 8:11", "E0213 9:9", "E0209 11:25"])
  }

  @Test func noMoreThanTwentyAreShown() throws {
    let lines = (0..<30).map { "unknown\($0): 1\n" }.joined()
    let list = try #require(throws: DiagnosticList.self) {
      try Fixture.parse(Fixture.scenario(lines))
    }
    #expect(list.diagnostics.count == 30)
    let rendered = list.render(color: false)
    #expect(rendered.hasSuffix("and 10 more\n"))
    #expect(rendered.split(separator: "\n").count { $0.contains("error[") } == 20)
  }

  @Test func caretStandsUnderTheMarkedCharacter() throws {
    let list = DiagnosticList(
      source: ScenarioSource(path: "a.yaml", text: "x\n日本e\u{301}: \u{1b}[31m\t!\n"),
      diagnostics: [Diagnostic(.syntax, "m", at: SourceMark(line: 2, column: 13))])
    #expect(
      list.render(color: false) == """
        a.yaml:2:13: error[E0104]: m
        2 | 日本e\u{301}: \u{fffd}[31m !
          |              ^

        """)
  }

  @Test func longLinesAreCutAroundTheCaret() throws {
    let line = String(repeating: "x", count: 5000) + "!" + String(repeating: "y", count: 5000)
    let list = DiagnosticList(
      source: ScenarioSource(path: "a.yaml", text: line),
      diagnostics: [Diagnostic(.syntax, "m", at: SourceMark(line: 1, column: 5001))])
    let lines = list.render(color: false).split(separator: "\n")
    #expect(lines[1].count < 150)
    let caret = try #require(lines[2].firstIndex(of: "^"))
    let offset = lines[2].distance(from: lines[2].startIndex, to: caret)
    #expect(lines[1][lines[1].index(lines[1].startIndex, offsetBy: offset)] == "!")
  }

  @Test func colourSurroundsTheSameText() throws {
    let list = try #require(throws: DiagnosticList.self) {
      try Fixture.parse(Fixture.scenario("x: 1"))
    }
    let coloured = list.render(color: true)
    #expect(coloured.contains("\u{1b}["))
    #expect(coloured.replacing(/\u{1b}\[[0-9;]*m/, with: "") == list.render(color: false))
  }
}
