import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import Quiz
import Report
import Testing

/// What Linux does about an access is asked as what Windows does.
@Suite struct LinuxQuizTests {
  static let subjects: [QuizSubject] =
    PagingMode.allCases.map { .linux($0, id: "linux-6.1") } + [
      .linux(.x86_64, id: "linux-6.17"), .linux(.x86_64, id: "linux-3.2"),
      .linux(.pae, id: "linux-4.14.63"),
    ]

  private static func exercises(
    _ level: QuizLevel, _ kind: ExerciseKind, _ id: String = "linux-6.17", count: UInt64 = 120
  ) throws -> [Exercise] {
    let quiz = Quiz(.linux(.x86_64, id: id), seed: 31, level: level, kind: kind)
    return try (1...count).map { try quiz.exercise($0) }
  }

  private static func chosen(_ exercise: Exercise) -> String? {
    exercise.choices.first { exercise.answer.accepts(String($0.letter)) }?.text
  }

  @Test func everyDecisionOfALevelIsAsked() throws {
    for level in QuizLevel.allCases {
      let exercises = try Self.exercises(level, .kernel, count: 400)
      let given = Set(exercises.compactMap(Self.chosen))
      let offered = Set(exercises.flatMap { $0.choices.map(\.text) })
      #expect(given == offered, "level \(level.rawValue): never \(offered.subtracting(given))")
    }
  }

  /// Worked out by hand from entry and area, by what mm/memory.c of Linux 6.17 does.
  @Test func theAnswerFollowsFromEntryAndArea() throws {
    for exercise in try Self.exercises(.registers, .kernel) {
      guard case .access(_, let answer) = exercise.matter,
        let finding = answer.verdict?.linux?.finding, answer.access.privilege == .user,
        let choice = Self.chosen(exercise)
      else { continue }
      func means(_ part: String) {
        #expect(choice.contains(part), "\(exercise.number): \(exercise.question) \(choice)")
      }
      let entry = finding.entry ?? 0
      let isWrite = answer.access.kind == .write
      switch finding.area {
      case .none: means("SEGV_MAPERR")
      case .unknown: Issue.record("an area is known")
      case .growing:
        means(answer.access.kind == .execute ? "SEGV_ACCERR" : isWrite ? "new page" : "of zeros")
      case .found(let area):
        if answer.result.outcome == .translated {
          means("by itself")
        } else if entry & 1 == 1 {
          // Present, and refused: a fetch because of XD, a write because of RW.
          let isMine = isWrite && area.flags.contains(.write)
          if isMine, entry & 1 << 10 != 0 {
            means("userfaultfd")
          } else if isMine {
            means(area.flags.contains(.shared) ? "all who share" : "copies the page")
          } else {
            means("SEGV_ACCERR")
          }
        } else if entry == 0, answer.access.kind != .execute, !area.isAnonymous {
          means(
            area.fileOffset > 0
              ? "BUS_ADRERR"
              : isWrite && !area.flags.contains(.shared) ? "copy of the file" : "page of the file")
        }
      }
    }
  }

  @Test func costAndSignalAreAskedOfWhatHasThem() throws {
    let costs = Set(try Self.exercises(.rights, .cost).map(\.answer.text))
    #expect(costs == ["none", "minor", "major", "signal"])
    let easy = Set(try Self.exercises(.addresses, .cost).map(\.answer.text))
    #expect(easy.isSuperset(of: ["minor", "major", "signal"]))
    let signals = try Self.exercises(.registers, .signal, count: 200)
    #expect(
      Set(signals.map(\.answer.text)) == [
        "none", "SIGSEGV SEGV_MAPERR", "SIGSEGV SEGV_ACCERR", "SIGBUS BUS_ADRERR",
        "SIGBUS BUS_MCEERR_AR",
      ])
    let bus = try #require(signals.first { $0.answer.text == "SIGBUS BUS_ADRERR" })
    for text in ["sigbus, bus_adrerr", "BUS_ADRERR"] { #expect(bus.answer.accepts(text)) }
    for text in ["SIGBUS", "SIGSEGV", "none"] { #expect(!bus.answer.accepts(text)) }
  }

  /// Guard regions are from 6.13 on: no older kernel has their marker.
  @Test(arguments: [("linux-6.17", true), ("linux-6.12", false)])
  func whatAKernelDoesNotHaveIsNotAsked(_ id: String, _ hasGuards: Bool) throws {
    let exercises = try Self.exercises(.registers, .fault, id)
    let scenarios = exercises.map { exercise -> String in
      if case .access(let setting, _) = exercise.matter { setting.scenario } else { "" }
    }
    #expect(scenarios.contains { $0.contains("markers: [guard]") } == hasGuards)
  }

  /// The areas decide: who solves an exercise must see them.
  @Test func theAreasAreShown() throws {
    for exercise in try Self.exercises(.registers, .kernel, count: 40) {
      guard case .access(let setting, _) = exercise.matter else { continue }
      var out = TextBuffer()
      QuizText(isSolved: false).write(exercise, to: &out)
      let text = out.text
      let areas = try #require(setting.machine.areas()).list.areas
      #expect(!areas.isEmpty)
      for area in areas {
        #expect(text.contains("\(VirtualAddress(area.start)) to"))
        if area.fileSize != nil { #expect(text.contains("/data, 17000 bytes")) }
        if area.flags.contains(.userfaultMissing) { #expect(text.contains("VmFlags: um")) }
      }
    }
  }
}
