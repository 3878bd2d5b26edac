import TestSupport
import Testing
import Workbench

/// Truth files are read with the same care as dumps.
@Suite struct GuestTruthTests {
  private static func truth(run: String, area: String) throws -> GuestTruth {
    let text = """
      {"schema":"mmu-lab-truth/1","processes":[{"pid":1,"comm":"init",
      "root":{"user":"0x1000","kernel":"0x1000"},"maps":[\(area)],"pagemap_runs":[\(run)]}]}
      """
    return try withFile("truth.json", holding: text) { try GuestTruth.read($0) }
  }

  private static let run = #"["0x1000",2,"0x8000000000000005",1]"#
  private static let area = #"{"start":"0x1000","end":"0x3000","vmflags":["rd"]}"#

  @Test func aTruthIsRead() throws {
    let truth = try Self.truth(run: Self.run, area: Self.area)
    #expect(truth.processes.first?.pagemap.first?.pageCount == 2)
  }

  @Test(arguments: [
    #"["0x1000",4503599627370495,"0x8000000000000005",1]"#,
    #"["0xffffffffffff0000",17,"0x8000000000000005",0]"#,
    #"["0x1000",2,"0x8000000000000005",2]"#, #"["0x1000",-1,"0x8000000000000005",0]"#,
  ])
  func runsThatLeaveTheAddressesAreRefused(run: String) {
    #expect(throws: GuestTruth.Problem.self) { try Self.truth(run: run, area: Self.area) }
  }

  @Test(arguments: [
    (#"{"schema":"mmu-lab-truth/1","processes":[]}"#, "no process"),
    (#"{"schema":"mmu-lab-truth/1"}"#, #"there is no key "processes""#),
    (
      #"{"schema":"mmu-lab-truth/1","processes":[{"pid":"1"}]}"#,
      "processes[0].pid: expected a number"
    ),
    (#"{"schema":7}"#, "schema: expected a text"),
  ]) func whatIsWrongIsSaidInWordsOfTheFile(text: String, reason: String) throws {
    try withFile("truth.json", holding: text) { path in
      let problem = #expect(throws: GuestTruth.Problem.self) { try GuestTruth.read(path) }
      #expect(problem?.description == "\(path): \(reason)" || reason == "no process")
      #expect(problem?.description.contains(reason) == true)
    }
  }

  @Test func anAreaThatEndsBeforeItStartsIsRefused() {
    let area = #"{"start":"0x3000","end":"0x1000","vmflags":["pf"]}"#
    #expect(throws: GuestTruth.Problem.self) { try Self.truth(run: Self.run, area: area) }
  }
}
