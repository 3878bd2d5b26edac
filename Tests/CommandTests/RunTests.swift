import Foundation
import Testing

/// Runs of scenarios: verdicts, goldens, the line that they end with.
@Suite struct RunTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  private func run(_ arguments: String...) throws -> Command.Outcome {
    try Command.run(["run"] + arguments, in: place)
  }

  @Test func aRunEndsWithItsCounts() throws {
    let outcome = try run("plain.yaml")
    #expect(outcome.status == 0)
    #expect(outcome.lines.last == "1 passed, 0 failed")
    #expect(outcome.errors == "", "progress is for terminals")
  }

  @Test func scenariosOfAFolderComeInOrderWhateverTheJobs() throws {
    for index in 0..<20 {
      try place.write(
        Workplace.scenario("s\(index)", "map: [{ va: 0x1000, to: 0x5000 }]"),
        to: "s\(index).yaml")
    }
    let one = try run(".", "--jobs", "1")
    let many = try run(".", "--jobs", "8")
    #expect(one.status == 0)
    #expect(one.output == many.output)
    #expect(many.lines.last == "21 passed, 0 failed")
  }

  @Test func afterAMalformedScenarioTheOthersRun() throws {
    try place.write(Workplace.scenario("bad", "mapp: []"), to: "bad.yaml")
    try place.write(
      Workplace.scenario("wrong", "expect: [{ walk: 0x1000, pa: 0x5000 }]"), to: "wrong.yaml")
    let outcome = try run(".", "--json")
    #expect(outcome.status == 65)
    #expect(outcome.lines.count == 3)
    #expect(outcome.lines[0].hasPrefix(#"{"scenario":"bad","result":"malformed","failures":[]"#))
    #expect(outcome.lines[1].hasPrefix(#"{"scenario":"plain","result":"passed","failures":[]"#))
    #expect(
      outcome.lines[2].hasPrefix(
        #"{"scenario":"wrong","result":"failed","failures":[{"expectation":"walk 0x1000","#))
    #expect(outcome.errors == "1 passed, 2 failed\n")
    #expect(try run("wrong.yaml").status == 1)
  }

  @Test(arguments: ["same-digest-as", "same-translation-as", "truth"])
  func aFileThatAnExpectationCannotUseIsSaidWhereItIsNamed(verb: String) throws {
    try place.write("mmubench: [", to: "broken.yaml")
    for (file, reason) in [
      ("nowhere.yaml", "nowhere.yaml: cannot open: No such file"), ("broken.yaml", "broken.yaml:"),
    ] {
      try place.write(
        Workplace.scenario("asks", "expect: [{ \(verb): \(file) }]"), to: "asks.yaml")
      let outcome = try run("asks.yaml")
      #expect(outcome.status == 65)
      #expect(outcome.output.contains("asks.yaml:7:"))
      #expect(outcome.output.contains("error[E0318]: \(reason)"))
    }
  }

  @Test func updatingRecordsAndFailsOnce() throws {
    let text = try place.read("plain.yaml").replacing("golden: false", with: "golden: true")
    try place.write(text, to: "plain.yaml")
    let missing = try run("plain.yaml")
    #expect(missing.status == 1, "a missing golden is a failure")
    #expect(missing.output.contains("`mmubench run --update plain.yaml` records the answers"))
    #expect(try place.files == ["plain.yaml"])
    #expect(try run("plain.yaml", "--update").status == 1)
    #expect(try place.files == ["plain.golden", "plain.yaml"])
    #expect(try run("plain.yaml").status == 0)
    #expect(try run("plain.yaml", "--update").status == 0)
  }

  @Test func theOutcomeIsWrittenForBuildServers() throws {
    try place.write(
      Workplace.scenario("wrong", "expect: [{ walk: 0x1000, pa: 0x5000 }]"), to: "wrong.yaml")
    #expect(try run(".", "--junit", "report.xml").status == 1)
    let report = try place.read("report.xml")
    #expect(report.contains(#"<testsuite name="scenarios" tests="2" failures="1" errors="0""#))
    #expect(try run(".", "--junit", "report.xml").status == 73)
    #expect(try run(".", "--junit", "report.xml", "--force").status == 1)
  }
}
