import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// Makes exercises on what a Linux kernel does about accesses.
///
/// An entry says where a page is; the area that holds the address says what may be done there.
struct LinuxExercise {
  private let mode: PagingMode
  private let id: String
  /// The kernel; nil where the id names none, which the scenario says.
  private let kernel: LinuxKernel?
  private let level: QuizLevel
  private let places: QuizPlaces
  private let seed: UInt64

  init(_ mode: PagingMode, _ id: String, _ level: QuizLevel, _ draw: inout Draw) {
    (self.mode, self.id, self.level) = (mode, id, level)
    kernel = try? LinuxKernel(id: id, mode: mode)
    places = QuizPlaces(mode, &draw)
    seed = draw.number(0..<1_000_000)
  }

  func exercise(
    _ number: UInt64, _ kind: ExerciseKind?, _ draw: inout Draw
  ) throws(DiagnosticList) -> Exercise {
    // What cannot be asked about one process is asked about the next.
    try Exercise.first(of: kind) { () throws(DiagnosticList) in try drawn(number, kind, &draw) }
  }

  private func drawn(
    _ number: UInt64, _ kind: ExerciseKind?, _ draw: inout Draw
  ) throws(DiagnosticList) -> Exercise {
    var text = ScenarioText(
      exercise: number, machine: "\(QuizMemory.statement(mode)), os: \(id)", seed: seed)
    let pages = (places.near + [places.far]).map(\.address)
    for page in pages { state(page, in: &text, &draw) }
    let setting = try text.setting(pages)
    let address = draw.one(of: pages) + draw.number(0..<frameSize)
    let access = access(&draw)
    let asked = kind ?? draw.one(of: QuizSubject.linux(mode, id: id).kinds)
    let others = pages.map { $0 + address % frameSize }
    let answers = ([address] + others).lazy.map {
      setting.machine.access(VirtualAddress($0), access)
    }
    // Now and then nothing happens; else what is asked about does.
    let isQuiet = number % Self.quietEvery == 0
    let answer =
      answers.first {
        isQuiet ? $0.result.outcome == .translated : Self.happens(asked, $0)
      } ?? answers.first
    guard let answer else { preconditionFailure("an exercise has pages") }
    return question(number, asked, answer, setting)
  }

  /// Of so many exercises one is about an access of which nothing comes, if a page allows it.
  private static let quietEvery: UInt64 = 4

  /// Whether an access has to do with what is asked.
  private static func happens(_ kind: ExerciseKind, _ answer: AccessAnswer) -> Bool {
    let verdict = answer.verdict?.linux
    return switch kind {
    case .signal: verdict?.signal != nil
    case .cost: verdict.flatMap(Answer.cost) != nil && answer.result.outcome != .translated
    default: answer.result.outcome != .translated
    }
  }

  private func state(_ page: UInt64, in text: inout ScenarioText, _ draw: inout Draw) {
    guard let kernel else { return }
    let isFar = page == places.far.address
    // A stack needs room around it; and a process has one area at least.
    let isFirst = page == places.near[0].address
    let kinds = LinuxPages.kinds(level, of: kernel).filter {
      (isFar || $0 != .stack) && !(isFirst && $0 == .unmapped)
    }
    let kind =
      isFar && kinds.contains(.stack) && draw.chance(1, in: 2) ? .stack : draw.one(of: kinds)
    let knowsNoExecute = mode != .x86 && !kernel.losesNoExecute
    for (key, item) in kind.statements(at: page, knowsNoExecute: knowsNoExecute, &draw) {
      text.add(item, to: key)
    }
  }

  private func access(_ draw: inout Draw) -> Access {
    switch level {
    case .addresses: Access(draw.one(of: [.read, .write]), as: .user)
    case .rights: Access(draw.one(of: [.read, .write, .write, .execute]), as: .user)
    case .registers:
      draw.chance(1, in: 5)
        ? Access(draw.one(of: [.read, .write]), as: .supervisor)
        : Access(draw.one(of: [.read, .write, .write, .execute]), as: .user)
    }
  }

  // MARK: - Questions

  /// What is asked, or the fault where that cannot be.
  private func question(
    _ number: UInt64, _ kind: ExerciseKind, _ answer: AccessAnswer, _ setting: Exercise.Setting
  ) -> Exercise {
    let asked = question(kind, answer)
    let (text, choices, solution) = asked ?? Self.fault(answer, mode)
    return Exercise(
      number: number, kind: asked == nil ? .fault : kind, matter: .access(setting, answer),
      question: "\(answer.access.sentence) \(answer.pointer.rawValue.hex). \(text)",
      choices: choices, answer: solution)
  }

  private typealias Question = (text: String, choices: [Answer.Choice], answer: Answer)

  private static func fault(_ answer: AccessAnswer, _ mode: PagingMode) -> Question {
    let wanted =
      mode == .arm64
      ? "the kind of the abort and its level, as in `permission 3`" : "the error code"
    return ("Does it fault? (`none`, or \(wanted))", [], .of(answer.result))
  }

  private func question(_ kind: ExerciseKind, _ answer: AccessAnswer) -> Question? {
    guard let verdict = answer.verdict?.linux else { return nil }
    switch kind {
    case .kernel:
      return LinuxReaction(answer).map { reaction in
        (
          "What does the kernel do?", LinuxReaction.choices(level).map { $0.choice(level) },
          .choice(reaction.choice(level))
        )
      }
    case .cost:
      return Answer.cost(verdict).map {
        (
          "What does it cost, while nothing is in the page cache or the swap cache? (`none`, a"
            + " `minor` fault, a `major` one, or a `signal`)", [], $0
        )
      }
    case .signal:
      return Answer.signal(verdict, to: answer.access).map {
        (
          "Which signal does the program get, and with which code? (`none`, or as in"
            + " `SIGSEGV SEGV_MAPERR`)", [], $0
        )
      }
    default: return nil
    }
  }
}

extension Answer {
  /// What a fault costs, as the counters of a process have it; nil where the program waits, or where it
  /// is the kernel's own.
  fileprivate static func cost(_ verdict: LinuxVerdict) -> Answer? {
    guard verdict.oops == nil, verdict.resolution != .wait else { return nil }
    return switch verdict.cost {
    case .some(.none): .word("none", or: ["no fault"])
    case .soft: .word("minor", or: ["soft", "a minor fault", "minor fault"])
    case .hard: .word("major", or: ["hard", "a major fault", "major fault"])
    case .fatal: verdict.signal.map { .word("signal", or: ["fatal", $0.name]) }
    case nil: nil
    }
  }

  /// The signal that a program gets; nil where the kernel makes the access.
  fileprivate static func signal(_ verdict: LinuxVerdict, to access: Access) -> Answer? {
    guard access.privilege == .user, let cost = verdict.cost else { return nil }
    guard let signal = verdict.signal else {
      return cost == .fatal ? nil : .word("none", or: ["no signal"])
    }
    return .word("\(signal.name) \(signal.codeName)", or: [signal.codeName])
  }
}
