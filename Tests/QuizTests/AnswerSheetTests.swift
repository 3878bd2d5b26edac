import Paging
import Quiz
import Testing

@Suite struct AnswerSheetTests {
  private static func exercises() throws -> [Exercise] {
    let quiz = Quiz(.toy(try ToyGeometry("toy:6,7,4")))
    // 0x6 and 0x7f, as QuizTests works them out.
    return try (1...2).map { try quiz.exercise($0) }
  }

  /// What follows a second colon would be another student's answer, or part of a name.
  @Test func aNameHasNoColon() throws {
    let error = #expect(throws: AnswerSheet.Problem.self) {
      try AnswerSheet("Ada: Countess: 0x6; 0x7f", path: "a.txt", exerciseCount: 2)
    }
    #expect(error?.description.hasPrefix("a.txt:1:14: a second colon") == true)
    let quiz = Quiz(.windows(.x86_64, id: "windows-10-22h2"), kind: .kernel)
    let choices = try quiz.exercise(1).choices
    let full = try #require(choices.first { $0.text.contains(":") }).text
    let sheet = try AnswerSheet(
      "Ada: \(full)", path: "a.txt", exerciseCount: 1, choices: choices)
    #expect(sheet.students.first?.answers == [full])
  }

  @Test func digitsWithoutAPrefixAreSeen() throws {
    let answers = try Self.exercises().map(\.answer)
    #expect(answers[1].lacksPrefix("7f"))
    #expect(!answers[1].lacksPrefix("0x7f"))
    #expect(!answers[1].lacksPrefix("127"))
    #expect(!answers[1].lacksPrefix("7e"))
  }

  @Test func answersCountInEveryNotation() throws {
    let sheet = try AnswerSheet(
      """
      # the class of Monday
      Ada: 0x6; 0x7F
      Babbage:6;127

      Carol : fault ; 0x7f
      Dijkstra: ; 0x7f
      Euler: 0x06
      Fermat:
      """, path: "answers.txt", exerciseCount: 2)
    #expect(
      sheet.students.map(\.name) == ["Ada", "Babbage", "Carol", "Dijkstra", "Euler", "Fermat"])
    let exercises = try Self.exercises()
    let marks = sheet.students.map { sheet.marks(of: $0, exercises) }
    let expected = [
      [true, true], [true, true], [false, true], [false, true], [true, false], [false, false],
    ]
    #expect(marks == expected)
  }

  @Test(arguments: [
    ("Ada 0x6", "a.txt:1:1: no name"), ("\n  : 0x6", "a.txt:2:3: no name"),
    ("Ada: 1\nAda: 2", "a.txt:2:1: `Ada` has a line already, line 1"),
    ("Ada: 1; 2\nBob: 1; 2; 3; 4", "a.txt:2:12: `Bob` has 4 answers to 2 exercises; say --count 4"),
  ])
  func aBadLineIsNamed(_ text: String, _ start: String) {
    let problem = #expect(throws: AnswerSheet.Problem.self) {
      try AnswerSheet(text, path: "a.txt", exerciseCount: 2)
    }
    #expect(problem?.description.hasPrefix(start) == true)
  }

  @Test func whatSpreadsheetsAddIsNoAnswer() throws {
    let sheet = try AnswerSheet(
      "\u{feff}Ada: 0x6; 0x7f;\r\nBob: 0x6 ; ; \n", path: "a.txt", exerciseCount: 2)
    #expect(sheet.students.map(\.name) == ["Ada", "Bob"])
    #expect(sheet.students.map(\.answers) == [["0x6", "0x7f"], ["0x6"]])
  }

  @Test func errorCodesCountByTheirFlagsToo() throws {
    let fetch = try Quiz(.processor(.x86_64), seed: 5, level: .registers).exercise(1)
    for text in ["0x5", "5", "P U", "p, u"] { #expect(fetch.answer.accepts(text)) }
    for text in ["", "P", "0x15", "none", "u p"] { #expect(!fetch.answer.accepts(text)) }
  }
}
