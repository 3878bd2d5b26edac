import Golden
import TestSupport
import Testing
import Workbench

/// Expectations of accesses hold where they are right, and fail where one key is wrong.
@Suite struct FaultCheckTests {
  /// One writable user page at 0x400000 that was never used, one read-only one behind it.
  private static func run(_ expectation: String, files: [String: String] = [:]) throws
    -> ScenarioResult
  {
    let text = """
      mmubench: 1
      scenario: a
      title: A title
      source: a test
      machine: { mode: x86-64, memory: 16 MiB }
      processes:
        - name: init
          pid: 1
          root: 0x1000
          entries:
            - { at: 0x1000, value: 0x2007 }
            - { at: 0x2000, value: 0x3007 }
            - { at: 0x3010, value: 0x4007 }
            - { at: 0x4000, value: 0x5007 }
            - { at: 0x4008, value: 0x6005 }
      expect:
        - \(expectation)
      golden: false
      """
    return try withFile("a.yaml", holding: text, beside: files) { ScenarioRunner().run($0) }
  }

  @Test(arguments: [
    "{ fault: 0x400123, access: write, as: user, pa: 0x5123, updates: 4 }",
    "{ fault: 0x401123, access: write, as: user, error-code: [P, W, U] }",
    "{ fault: 0x401123, access: write, as: user, error-code: 7 }",
    "{ fault: 0x402123, access: read, as: supervisor, error-code: 0 }",
    "{ fault: 0x402123, access: read, as: supervisor, outcome: page-fault }",
    "{ fault: 0x0080_0000_0000_0000, access: read, as: user, outcome: general-protection }",
    "{ fault: 0x400123, access: write, as: user, updates: [{ entry: PML4E }, { entry: PDPTE }, "
      + "{ entry: PDE, at: 0x3010 }, { entry: pte, before: 0x5007, after: 0x5067 }] }",
  ])
  func whatIsRightHolds(expectation: String) throws {
    let result = try Self.run(expectation)
    #expect(result.verdict == .passed, "\(result)")
  }

  @Test(arguments: [
    ("{ fault: 0x400123, access: write, as: user, pa: 0x5124 }", "pa 0x5124", "pa 0x5123"),
    ("{ fault: 0x400123, access: write, as: user, updates: 3 }", "3 updates", "4"),
    (
      "{ fault: 0x401123, access: write, as: user, error-code: [P, W] }",
      "error-code 0x3 (P W)", "page-fault 0x7 (P W U) refused by read-only"
    ),
    (
      "{ fault: 0x401123, access: write, as: user, error-code: 0x1_0000_0007 }",
      "error-code 0x100000007 (P W U)", "page-fault 0x7 (P W U) refused by read-only"
    ),
    (
      "{ fault: 0x401123, access: write, as: user }", "translated",
      "page-fault 0x7 (P W U) refused by read-only"
    ),
    (
      "{ fault: 0x402123, access: read, as: user, outcome: missing }", "missing",
      "page-fault 0x4 (U) at PTE 0x4010"
    ),
    (
      "{ fault: 0x400123, access: read, as: user, updates: [{ entry: PTE }] }", "updates of PTE",
      "update of PML4E at 0x1000 from 0x2007 to 0x2027, "
        + "update of PDPTE at 0x2000 from 0x3007 to 0x3027, "
        + "update of PDE at 0x3010 from 0x4007 to 0x4027, "
        + "update of PTE at 0x4000 from 0x5007 to 0x5027"
    ),
    (
      "{ fault: 0x400123, access: read, as: user, updates: [{ entry: PML4E }, { entry: PDPTE }, "
        + "{ entry: PTE }, { entry: PTE, after: 0x5067 }] }",
      "update of PTE", "update of PDE at 0x3010 from 0x4007 to 0x4027"
    ),
  ])
  func whatIsWrongFailsAndSaysWhatIsRight(
    expectation: String, expected: String, got: String
  ) throws {
    let result = try Self.run(expectation)
    #expect(result.verdict == .failed)
    #expect(result.failures.first?.expected == expected)
    #expect(result.failures.first?.got == got)
  }

  private static func probe(
    pid: Int = 1, va: String = "0x400123", access: String = "read", hw: String,
    predictable: Bool = true
  ) -> String {
    """
    {"pid":\(pid),"va":"\(va)","access":"\(access)","hw":\(hw),
     "predictable_from_dump":\(predictable)}
    """
  }

  private static func faults(_ probes: String...) throws -> ScenarioResult {
    let text = #"{"schema":"mmu-lab-faults/1","probes":["# + probes.joined(separator: ",") + "]}"
    return try run("{ faults: f.json }", files: ["f.json": text])
  }

  @Test func whatTheProcessorRaisedIsCompared() throws {
    let none = #"{"kind":"none"}"#
    let right = try Self.faults(
      Self.probe(hw: none), Self.probe(va: "0x401000", hw: none),
      Self.probe(va: "0x401000", access: "write", hw: #"{"kind":"PF","error_code":7}"#),
      Self.probe(va: "0x400000000000000", hw: #"{"kind":"GP"}"#),
      // Something went before that the dump does not have.
      Self.probe(va: "0x402000", hw: none, predictable: false))
    #expect(right.verdict == .passed, "\(right)")
    let wrong = try Self.faults(
      Self.probe(va: "0x401000", access: "write", hw: none),
      Self.probe(va: "0x402000", hw: #"{"kind":"PF","error_code":6}"#),
      Self.probe(pid: 2, hw: none), Self.probe(access: "jump", hw: none))
    #expect(
      wrong.failures.map(\.expected) == [
        "process 1 write 0x401000: none", "process 1 read 0x402000: #PF:6",
        "process 2 read 0x400123: none", "process 1 jump 0x400123: none",
      ])
    #expect(wrong.failures.last?.got == "the machine has no such process or access")
  }

  @Test func aFileWithNothingToPredictIsNoProof() throws {
    #expect(try Self.faults().verdict == .failed)
    #expect(try Self.faults(Self.probe(hw: "{}", predictable: false)).verdict == .malformed)
  }

  @Test(arguments: [
    "", "{}", "[]", #"{"schema":"mmu-lab-faults/2","probes":[]}"#,
    #"{"schema":"mmu-lab-faults/1","probes":[{"pid":-1}]}"#,
    #"{"schema":"mmu-lab-faults/1","probes":[{"pid":1,"va":"12","access":"read","hw":{"kind":"GP"},"predictable_from_dump":true}]}"#,
  ])
  func filesOfAnotherShapeAreRefused(text: String) throws {
    let result = try Self.run("{ faults: f.json }", files: ["f.json": text])
    #expect(result.verdict == .malformed)
    #expect(result.diagnostics?.contains("f.json") == true)
  }
}
