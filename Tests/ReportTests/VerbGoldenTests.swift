import Golden
import Machine
import Paging
import PhysicalMemory
import Report
import Testing

/// The outputs of the other verbs.
@Suite struct VerbGoldenTests {
  private static let all = ["x86-64", "la57", "pae", "x86", "processes", "faults"]

  @Test(arguments: ["x86-64", "pae", "x86", "processes"], [false, true])
  func mapsAreAsRecorded(name: String, asJSON: Bool) throws {
    try expectMap(MapReport(), name, asJSON, as: "map-\(name)")
  }

  @Test(arguments: [false, true])
  func expandedMapsAreAsRecorded(asJSON: Bool) throws {
    var report = MapReport()
    report.query.expandsCopies = true
    report.query.range = 0xffff_8000_0000_0000...0xffff_8000_00ff_ffff
    try expectMap(report, "processes", asJSON, as: "map-expanded")
  }

  @Test(arguments: [false, true])
  func filteredMapsShowCopiesOfWhatTheyShow(asJSON: Bool) throws {
    var report = MapReport()
    report.query.filter = try #require(MapFilter("no-user,4K"))
    try expectMap(report, "processes", asJSON, as: "map-supervisor")
    report.query.filter = try #require(MapFilter("user"))
    try expectMap(report, "processes", asJSON, as: "map-user")
  }

  @Test(arguments: [false, true])
  func limitedMapsSayThatThereIsMore(asJSON: Bool) throws {
    var report = MapReport()
    report.limit = 2
    try expectMap(report, "x86-64", asJSON, as: "map-limited")
  }

  @Test(arguments: ["x86-64", "processes"], [false, true])
  func summariesAreAsRecorded(name: String, asJSON: Bool) throws {
    let machine = try Fixture.machine(name)
    let summary = MapSummary(MapQuery(), isOfAllSpaces: name == "processes")
    let text = try Fixture.captured { summary.write(machine, asJSON: asJSON, to: $0) }
    try Fixture.expect(text, isRecordedAs: "summary-\(name).\(asJSON ? "json" : "txt")")
  }

  private func expectMap(
    _ report: MapReport, _ name: String, _ asJSON: Bool, as golden: String
  ) throws {
    let machine = try Fixture.machine(name)
    let text = try Fixture.captured { report.write(machine, as: asJSON ? .json : .text, to: $0) }
    try Fixture.expect(text, isRecordedAs: "\(golden).\(asJSON ? "json" : "txt")")
  }

  @Test(arguments: all)
  func informationIsAsRecorded(name: String) throws {
    let report = InfoReport(try Fixture.machine(name))
    try Fixture.expect(
      Fixture.written { report.writeText(to: &$0) }, isRecordedAs: "info-\(name).txt")
    try Fixture.expect(
      Fixture.written { report.writeJSON(to: &$0) }, isRecordedAs: "info-\(name).json")
  }

  @Test func anImageWithoutAModeSaysWhatItLacks() throws {
    let report = InfoReport(
      format: "raw", size: 4096, runs: [MemoryRun(start: PhysicalAddress(0), byteCount: 4096)],
      warnings: ["the last frame is cut off"], remedy: "give --mode")
    try Fixture.expect(
      Fixture.written { report.writeText(to: &$0) }, isRecordedAs: "info-raw.txt")
    try Fixture.expect(
      Fixture.written { report.writeJSON(to: &$0) }, isRecordedAs: "info-raw.json")
  }

  @Test(arguments: all)
  func digestsAreAsRecorded(name: String) throws {
    let machine = try Fixture.machine(name)
    let report = DigestReport(machine)
    var digester = Digester(memory: machine.memory, state: machine.paging)
    let digests = machine.addressSpaces.map { ($0, digester.digest(root: $0.register)) }
    let text = Fixture.written { out in
      report.writeHeader(to: &out)
      for (space, digest) in digests { report.writeText(digest, of: space, to: &out) }
    }
    try Fixture.expect(text, isRecordedAs: "digest-\(name).txt")
    let json = Fixture.written { out in
      for (space, digest) in digests { report.writeJSON(digest, of: space, to: &out) }
    }
    try Fixture.expect(json, isRecordedAs: "digest-\(name).json")
  }

  @Test(arguments: [false, true])
  func differencesAreAsRecorded(asJSON: Bool) throws {
    let a = try Fixture.machine("x86-64")
    let b = try Fixture.machine("faults")
    var comparison = try #require(
      TreeComparison(.init(a, root: a.paging.cr3), .init(b, root: b.paging.cr3)))
    var report = DifferenceReport(.x86_64)
    let text = Fixture.written { out in
      _ = comparison.differences { difference in
        if asJSON {
          report.writeJSON(difference, to: &out)
        } else {
          report.writeText(difference, to: &out)
        }
        // The 512 entries of an absent table are as many objects, and one line for people.
        return !asJSON || report.count < 12
      }
      if !asJSON { report.writeTotal(isWhole: true, to: &out) }
    }
    try Fixture.expect(text, isRecordedAs: "diff.\(asJSON ? "json" : "txt")")
  }

  @Test(arguments: ["faults", "processes", "x86-64"], [false, true])
  func findingsAreAsRecorded(name: String, asJSON: Bool) throws {
    let machine = try Fixture.machine(name)
    let text = findings(machine, asJSON: asJSON)
    try Fixture.expect(text, isRecordedAs: "check-\(name).\(asJSON ? "json" : "txt")")
  }

  private func findings(_ machine: Machine, asJSON: Bool) -> String {
    final class Collector {
      var findings: [Finding] = []
    }
    let collector = Collector()
    machine.check { finding in
      collector.findings.append(finding)
      return true
    }
    var report = FindingReport(machine)
    return Fixture.written { out in
      for finding in collector.findings {
        if asJSON {
          report.writeJSON(finding, to: &out)
        } else {
          report.writeText(finding, to: &out)
        }
      }
      if !asJSON { report.writeTotal(isWhole: true, to: &out) }
    }
  }
}
