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
    ] + LinuxQuizTests.subjects

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

  @Test(arguments: subjects + [.toy(Self.toy)], QuizLevel.allCases)
  func everyKindOfASubjectCanBeAskedAlone(_ subject: QuizSubject, _ level: QuizLevel) throws {
    for kind in subject.kinds {
      let quiz = Quiz(subject, seed: 12, level: level, kind: kind)
      let exercises = try (1...12).map { try quiz.exercise($0) }
      #expect(exercises.allSatisfy { $0.kind == kind }, "\(subject) \(kind)")
      #expect(exercises.allSatisfy { $0.answer.accepts($0.answer.text) })
      let answers = Set(exercises.map(\.answer.text))
      #expect(answers.count > 1, "\(subject) \(kind): always \(answers)")
    }
  }

  /// What is asked about frames is worked out about frames, and is seldom nothing.
  @Test func framesAreWorkedOutEntryByEntry() throws {
    let quiz = Quiz(
      .windows(.x86_64, id: "windows-10-22h2"), seed: 4, level: .registers, kind: .frames)
    let exercises = try (1...60).map { try quiz.exercise($0) }
    #expect(exercises.allSatisfy { $0.kind == .frames }, "what was asked for")
    let changing = exercises.filter { $0.answer.text != "a" }
    #expect(changing.count * 2 > exercises.count, "\(changing.count) of \(exercises.count)")
    #expect(changing.count < exercises.count, "nothing is an answer too")
    for exercise in exercises {
      let text = exercise.remarks.map { "\($0.subject) \($0.text)" }.joined(separator: "\n")
      #expect(!text.isEmpty)
      guard exercise.answer.text != "a" else { continue }
      for word in ["PFN 0x", "reference count", "share count", "active"] {
        #expect(text.contains(word), "\(exercise.number): \(text)")
      }
    }
  }

  private static var toy: ToyGeometry {
    guard let toy = try? ToyGeometry("toy:6,7,4") else { preconditionFailure("it is a toy") }
    return toy
  }

  /// By the manual (SDM 3A, 4.8): A in every entry used, D where the page is written.
  @Test(arguments: [PagingMode.x86, .pae, .x86_64, .la57])
  func theProcessorSetsAccessedAndDirty(_ mode: PagingMode) throws {
    let quiz = Quiz(.processor(mode), seed: 6, level: .rights, kind: .updates)
    for number in 1...40 as ClosedRange<UInt64> {
      let exercise = try quiz.exercise(number)
      guard case .access(_, let answer) = exercise.matter else {
        Issue.record("\(number) is about something else")
        continue
      }
      #expect(answer.result.outcome == .translated)
      let step = try #require(
        answer.walk.steps.first { exercise.question.contains("at \($0.entryAddress) ") })
      let maps = step.level == answer.walk.result.translation?.level
      let bits: UInt64 = maps && answer.access.isWrite ? 0x60 : 0x20
      #expect(exercise.answer.accepts("\((step.entry ?? 0) | bits)"), "\(mode) \(number)")
    }
  }

  /// A page is where the tables say, whether or not the dump holds it; a table that it lacks is no
  /// table without entries.
  @Test func whatADumpLacksIsNotZero() throws {
    let quiz = Quiz(.processor(.x86_64), seed: 10, kind: .dump)
    var answers: [String: Int] = [:]
    for number in 1...60 as ClosedRange<UInt64> {
      let exercise = try quiz.exercise(number)
      guard case .walk(let setting, let walk) = exercise.matter else {
        Issue.record("\(number) is about something else")
        continue
      }
      let found = Self.lookUp(walk.address.rawValue, setting)
      let last = walk.steps.last?.entryAddress.rawValue ?? 0
      let lacks = setting.tables.contains { !$0.isInImage && $0.address.rawValue == last & ~0xfff }
      let wanted = lacks ? "unknown" : found.map { "0x" + String($0, radix: 16) } ?? "fault"
      #expect(exercise.answer.accepts(wanted), "\(number)")
      answers[found == nil || lacks ? wanted : "mapped", default: 0] += 1
    }
    #expect(answers.keys.sorted() == ["fault", "mapped", "unknown"], "\(answers)")
  }

  @Test func rightsCountInAnyOrder() throws {
    let quiz = Quiz(.processor(.x86_64), seed: 4, level: .rights, kind: .rights)
    let answers = try (1...40).map { try quiz.exercise($0).answer }
    let two = try #require(answers.first { $0.text == "wu" })
    for text in ["wu", "uw", "w u", "U-W", "u, w", "-uw"] { #expect(two.accepts(text), "\(text)") }
    for text in ["w", "wux", "x", "none", ""] { #expect(!two.accepts(text), "\(text)") }
  }

  /// Of a hard quiz about Windows, some entries are copy-on-write and some lead to prototypes, which
  /// are shown.
  @Test(arguments: ["windows-19041.508", "windows-7601.17514"])
  func windowsHasCopiesAndPrototypes(_ id: String) throws {
    let quiz = Quiz(.windows(.x86_64, id: id), seed: 9, level: .registers, kind: .kernel)
    let exercises = try (1...120).map { try quiz.exercise($0) }
    let texts = exercises.flatMap { exercise in
      exercise.choices.filter { exercise.answer.accepts(String($0.letter)) }.map(\.text)
    }
    for part in ["a copy of the page", "that the section has the page in", "still lies in memory"] {
      #expect(texts.contains { $0.contains(part) }, "\(part)")
    }
    let prototypes = exercises.flatMap { exercise -> [Exercise.Prototype] in
      if case .access(let setting, _) = exercise.matter { setting.prototypes } else { [] }
    }
    #expect(prototypes.contains { $0.value & 1 == 1 })
    #expect(prototypes.contains { $0.value & 0xc01 == 0x800 })
  }

  @Test func aKernelWithoutSuchEntriesIsRefused() {
    #expect(throws: (any Error).self) {
      try Quiz(.windows(.la57, id: "windows-2600.6419")).exercise(1)
    }
  }
}
