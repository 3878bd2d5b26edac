import Foundation
import Testing

/// What breaks the rules of the MMU has to keep up with them: the tests run without it.
@Suite struct MutantTests {
  private static let script = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Tools/mutants/mutants.py")

  @Test func everyRuleIsFoundOnceAndEveryImportIsInTheCopy() throws {
    let check = Process()
    check.executableURL = URL(filePath: "/usr/bin/env")
    check.arguments = ["python3", Self.script.path, "--check"]
    try check.run()
    check.waitUntilExit()
    #expect(check.terminationStatus == 0, "Tools/dev mutants could not build its copy")
  }
}
