import ImageBuilder
import Machine
import PhysicalMemory
import ScenarioFile
import Testing

/// Laws that hold for any scenario, tried on random ones.
@Suite struct RandomScenarioTests {
  @Test func theWalkerFindsEveryIntendedPageAndNoOther() throws {
    for seed in 0..<80 as Range<UInt64> {
      var scenario = RandomScenario(seed: seed)
      let (lines, machine) = scenario.text()
      do throws(DiagnosticList) {
        let image = try Fixture.build(lines, machine: machine)
        let wrong = image.disagreements()
        #expect(wrong == [], "seed \(seed)\n\(machine)\n\(lines)")
        #expect(image.mappedPages() == image.ledger.pageCount(), "seed \(seed)\n\(lines)")
        guard wrong.isEmpty else { return }
      } catch {
        Issue.record("seed \(seed)\n\(error.render(color: false))")
        return
      }
    }
  }

  @Test func buildingTwiceGivesTheSameImage() throws {
    for seed in 1000..<1020 as Range<UInt64> {
      var scenario = RandomScenario(seed: seed)
      let (lines, machine) = scenario.text()
      let first = try Fixture.build(lines, machine: machine)
      let second = try Fixture.build(lines, machine: machine)
      #expect(first.checksum == second.checksum, "seed \(seed)")
      #expect(first.machine.memory.runs == second.machine.memory.runs, "seed \(seed)")
    }
  }
}
