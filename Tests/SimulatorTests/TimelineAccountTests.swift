import Foundation
import Golden
import Report
import ScenarioFile
import Simulator
import TestSupport
import Testing
import Workbench

/// What `simulate` makes of invariants that do not hold, which no timeline shows as long as the model is right.
@Suite struct TimelineAccountTests {
  private static let scenario = """
    mmubench: 1
    scenario: moment
    title: A page that is written
    source: the test
    machine: { mode: x86-64, memory: 1 MiB, os: linux-6.1 }
    timeline:
      - { mmap: 0x7f0000000000..0x7f0000000fff, prot: [read, write] }
      - { write: 0x7f0000000000 }

    """

  /// What is written of a step, and what of it goes to standard error.
  private static func told(
    _ style: TimelineAccount.Style, isDamaged: Bool, only step: UInt64? = nil,
    until condition: String? = nil
  ) throws -> (text: String, warnings: [String], failure: TimelineAccount.Failure?) {
    let timeline = try DamagedTimeline(scenario, base: 0x7f00_0000_0000)
    if isDamaged { timeline.damage(try timeline.entry(0).place, with: 0) }
    var account = TimelineAccount(style, only: step, until: condition)
    var out = TextBuffer()
    let report = try #require(timeline.run.last)
    let warnings = account.write(
      report, broken: timeline.run.violations, timeline.run.machine, to: &out)
    return (out.text, warnings, account.failure)
  }

  private static let broken = "frame 0x6 is mapped 0 times and says otherwise"

  @Test(arguments: [nil, 2] as [UInt64?])
  func aBrokenInvariantIsSaidAndEndsWithStatusOne(step: UInt64?) throws {
    let told = try Self.told(.plain, isDamaged: true, only: step)
    #expect(told.text.hasPrefix("step 2  write 0x7f0000000000"))
    #expect(told.warnings == ["step 2: " + Self.broken])
    let failure = try #require(told.failure)
    #expect(failure.exitStatus == 1)
    #expect("\(failure)" == "invariants of the memory manager do not hold: 1")
  }

  @Test func aStepThatIsNotShownCountsToo() throws {
    let told = try Self.told(.plain, isDamaged: true, only: 1)
    #expect(told.text == "" && told.warnings.count == 1 && told.failure?.exitStatus == 1)
  }

  @Test func jsonHasTheBrokenInvariantsOfAStep() throws {
    struct Line: Decodable {
      var step: Int
      var broken_invariants: [String]?
    }
    func line(isDamaged: Bool) throws -> Line {
      let text = try Self.told(.json, isDamaged: isDamaged).text
      return try JSONDecoder().decode(Line.self, from: Data(text.utf8))
    }
    let broken = try line(isDamaged: true)
    #expect(broken.step == 2 && broken.broken_invariants == [Self.broken])
    #expect(try line(isDamaged: false).broken_invariants == nil)
  }

  @Test func aTimelineThatKeepsItsInvariantsIsASuccess() throws {
    let told = try Self.told(.plain, isDamaged: false)
    #expect(told.warnings == [] && told.failure == nil)
  }

  @Test func brokenInvariantsAreWorseThanAConditionThatNeverHolds() throws {
    let never = try Self.told(.plain, isDamaged: false, until: "status SIGSEGV").failure
    #expect(never.map { "\($0)" } == "`status SIGSEGV` never holds" && never?.exitStatus == 1)
    let broken = try Self.told(.plain, isDamaged: true, until: "status SIGSEGV").failure
    #expect(broken.map { "\($0)" } == "invariants of the memory manager do not hold: 1")
  }

  @Test(arguments: [(nil, "status ENOMEM"), (1, "")] as [(UInt64?, String)])
  func anExpectationThatDoesNotHoldIsSaidAndEndsWithStatusOne(step: UInt64?, said: String) throws {
    let timeline = try DamagedTimeline(Self.scenario, base: 0x7f00_0000_0000)
    let failure = ScenarioResult.Failure(
      "step", at: "moment.yaml:8:5", on: "", expected: "status ENOMEM", got: "status none")
    var account = TimelineAccount(.plain, only: step)
    var out = TextBuffer()
    let warnings = account.write(
      try #require(timeline.run.last), failures: [failure], broken: [], timeline.run.machine,
      to: &out)
    #expect(out.text.split(separator: "\n").last?.contains(said) ?? said.isEmpty)
    #expect(warnings == (said.isEmpty ? ["step 2: expected status ENOMEM, got status none"] : []))
    let ended = try #require(account.failure)
    #expect(ended.exitStatus == 1 && "\(ended)" == "expectations do not hold: 1")
  }

  @Test func aConditionThatHeldIsASuccess() {
    var account = TimelineAccount(.plain, until: "status 0")
    account.reach()
    #expect(account.failure == nil)
  }
}
