import Machine
import Paging
import PhysicalMemory
import Quiz
import Testing

@Suite struct QuizTests {
  static let subjects: [QuizSubject] =
    PagingMode.allCases.map { .processor($0) } + [
      .windows(.x86_64, id: "windows-19041.508"), .windows(.pae, id: "windows-7601.17514"),
      .windows(.x86, id: "windows-2600.6419"), .windows(.x86_64, id: "windows-10-22h2"),
    ]

  @Test(arguments: subjects, QuizLevel.allCases)
  func everyExerciseHasAnAnswerThatIsRight(_ subject: QuizSubject, _ level: QuizLevel) throws {
    let quiz = Quiz(subject, seed: 2026, level: level)
    for number in 1...40 as ClosedRange<UInt64> {
      let exercise = try quiz.exercise(number)
      #expect(exercise.answer.text != "unknown")
      #expect(exercise.answer.accepts(exercise.answer.text), "\(subject) \(number)")
      #expect(!exercise.answer.accepts("0x123456789"), "\(subject) \(number)")
      if !exercise.choices.isEmpty {
        #expect(exercise.choices.count { exercise.answer.accepts(String($0.letter)) } == 1)
      }
    }
  }

  @Test(arguments: subjects)
  func anExerciseDoesNotDependOnThoseBeforeIt(_ subject: QuizSubject) throws {
    let quiz = Quiz(subject, seed: 7, level: .rights)
    let third = try quiz.exercise(3)
    _ = try quiz.exercise(1)
    #expect(try quiz.exercise(3).question == third.question)
    #expect(try quiz.exercise(4).question != third.question)
    #expect(try Quiz(subject, seed: 8, level: .rights).exercise(3).question != third.question)
  }

  /// Worked out by hand from the tables that the exercises show.
  @Test func aSeedIsTheSameExerciseEverywhere() throws {
    let toy = Quiz(.toy(try ToyGeometry("toy:6,7,4")))
    let second = try toy.exercise(2)
    #expect(second.question.contains("0x1f"))
    // Page 1 is in frame 7: 7 << 4 | 0xf.
    #expect(second.answer.text == "0x7f")
    // US=0 in the PDPTE and in the PTE; with NXE=0 and SMEP=0 the code does not say that it is a fetch.
    let fetch = try Quiz(.processor(.x86_64), seed: 5, level: .registers).exercise(1)
    #expect(fetch.question.hasPrefix("User mode fetches an instruction from 0x21dfe572108f."))
    #expect(fetch.answer.text == "0x5")
    // The PTE is 0x8000000002ee9867: valid, and XD=1. A fetch is a violation.
    let touched = try Quiz(
      .windows(.x86_64, id: "windows-10-22h2"), seed: 5, level: .registers
    ).exercise(2)
    #expect(touched.question.hasPrefix("User mode fetches an instruction from 0x15ef01188002."))
    #expect(touched.answer.accepts("g"))
  }

  @Test func whatIsShownOfTheTablesIsEnoughToTranslate() throws {
    let quiz = Quiz(.processor(.x86_64), seed: 11, level: .addresses)
    var mapped = 0
    for number in 1...60 as ClosedRange<UInt64> {
      guard case .walk(let setting, let walk) = try quiz.exercise(number).matter else {
        Issue.record("\(number) asks for something else")
        continue
      }
      let answer = try quiz.exercise(number).answer
      let found = Self.lookUp(walk.address.rawValue, setting)
      #expect(answer.accepts(found.map { "0x" + String($0, radix: 16) } ?? "fault"), "\(number)")
      mapped += found == nil ? 0 : 1
    }
    #expect((20..<55).contains(mapped), "\(mapped) of 60 are mapped")
  }

  /// A reader with a pencil: 4 KiB pages, no reserved bits, whatever is not shown is zero.
  private static func lookUp(_ address: UInt64, _ setting: Exercise.Setting) -> UInt64? {
    var table = setting.machine.paging.cr3
    for (level, shift) in [(4, 39), (3, 30), (2, 21), (1, 12)] as [(Int, UInt64)] {
      let shown = setting.tables.first { $0.level == level && $0.address.rawValue == table }
      let index = Int(address >> shift & 0x1ff)
      let entry = shown?.entries.first { $0.index == index }?.value ?? 0
      guard entry & 1 == 1 else { return nil }
      table = entry & 0x000f_ffff_ffff_f000
    }
    return table | address & 0xfff
  }

  @Test func aKernelWithoutSuchEntriesIsRefused() {
    #expect(throws: (any Error).self) {
      try Quiz(.windows(.la57, id: "windows-2600.6419")).exercise(1)
    }
  }
}
