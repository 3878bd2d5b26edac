import TestSupport
import Testing

/// What breaks the rules of the MMU has to keep up with them: the tests run without it.
@Suite struct MutantTests {
  @Test func everyRuleIsFoundOnceAndEveryImportIsInTheCopy() throws {
    let status = try Repository.check("Tools/mutants/mutants.py")
    #expect(status == 0, "Tools/dev mutants could not build its copy")
  }
}
