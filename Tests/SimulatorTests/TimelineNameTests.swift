import Foundation
import ScenarioFile
import Simulator
import TestSupport
import Testing
import Workbench

/// The names that conditions are checked by are all that come up.
@Suite struct TimelineNameTests {
  private static let folder = Repository.file("Scenarios/timelines").path

  @Test func everyNameOfTheShippedTimelinesIsKnown() throws {
    for file in try ScenarioRunner.scenarios(in: [Self.folder]) {
      for reading in try ScenarioParser.read(path: file).variants {
        let run = try #require(try TimelineRun(reading))
        let names = run.names
        while let report = try run.step() {
          if let status = report.status { #expect(names.statuses.contains(status.name), "\(file)") }
          for fault in report.faultCounts.keys {
            #expect(names.faultKinds.contains(fault), "\(file)")
          }
          for fault in report.faults { #expect(names.faults.contains(fault.status), "\(file)") }
          // An address in neither half of arm64 has no entry that could be in a state.
          for fault in report.faults where fault.state != "unknown" {
            #expect(names.states.contains(fault.state), "\(file)")
          }
          for list in report.lists { #expect(names.lists.contains(list.name), "\(file)") }
        }
      }
    }
  }
}
