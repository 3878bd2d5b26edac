import Foundation
import Golden
import TestSupport
import Testing
import Workbench

@Suite struct ShippedScenarioTests {
  private static let folder = Repository.file("Scenarios").path

  @Test func everyShippedScenarioPasses() throws {
    let files = try ScenarioRunner.scenarios(in: [Self.folder])
    #expect(files.count > 100)
    for file in files {
      let result = ScenarioRunner().run(file)
      guard result.verdict != .passed else { continue }
      Issue.record("\(file): \(result.verdict.rawValue) \(result.diagnostics ?? "")")
      for failure in result.failures {
        Issue.record("  \(failure.expectation): expected \(failure.expected), got \(failure.got)")
      }
    }
  }
}
