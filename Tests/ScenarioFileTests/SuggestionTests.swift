import ScenarioFile
import Testing

@Suite struct SuggestionTests {
  @Test(arguments: [
    ("", "", 0), ("a", "", 1), ("", "ab", 2), ("kitten", "sitting", 3), ("ab", "ba", 1),
    ("rigths", "rights", 1), ("walk", "walk", 0),
  ])
  func editDistanceCountsSwapsOnce(a: String, b: String, distance: Int) {
    #expect(Suggestion.editDistance(Array(a.utf8), Array(b.utf8)) == distance)
  }

  @Test(arguments: [
    ("rigths", "rights"), ("page_size", "page-size"), ("PAGE", "page"), ("acess", "access"),
  ])
  func misspeltNamesFindTheirChoice(name: String, choice: String) {
    let choices = ["walk", "rights", "page", "page-size", "access", "va"]
    #expect(Suggestion.nearest(to: name, in: choices) == choice)
  }

  @Test(arguments: ["", "zebra", "x", "-", String(repeating: "a", count: 1 << 20)])
  func strangersFindNothing(name: String) {
    #expect(Suggestion.nearest(to: name, in: ["walk", "rights", "page", "va"]) == nil)
  }

  /// What is quoted of a file is its text, and no more than fits a line.
  @Test(arguments: [("a", 60), ("a", 61), ("é", 61), ("e\u{301}", 31)])
  func longTextIsCutToSixtyScalars(character: String, count: Int) {
    let text = String(repeating: character, count: count)
    let scalars = text.unicodeScalars
    let cut =
      scalars.count <= 60 ? text : String(String.UnicodeScalarView(scalars.prefix(60))) + "..."
    #expect(Diagnostic.quote(text) == "`\(cut)`")
  }
}
