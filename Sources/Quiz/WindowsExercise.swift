import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Makes exercises on the entries of a Windows kernel, and on what it does about accesses.
struct WindowsExercise {
  private let mode: PagingMode
  private let id: String
  private let level: QuizLevel
  private let places: QuizPlaces
  private let seed: UInt64

  init(_ mode: PagingMode, _ id: String, _ level: QuizLevel, _ draw: inout Draw) {
    (self.mode, self.id, self.level) = (mode, id, level)
    places = QuizPlaces(mode, &draw)
    seed = draw.number(0..<1_000_000)
  }

  func exercise(_ number: UInt64, _ draw: inout Draw) throws(DiagnosticList) -> Exercise {
    var text = ScenarioText(
      exercise: number, machine: "mode: \(mode.rawValue), memory: 64 MiB, os: \(id)", seed: seed)
    let pages = places.near + [places.far]
    for page in pages { text.add(Self.entry(page.address, level, &draw), to: "ptes") }
    let address = draw.one(of: pages).address + draw.number(0..<0x1000)
    let setting = try text.setting(pages.map(\.address))
    let answer = setting.machine.access(VirtualAddress(address), .drawn(&draw))
    let kind = draw.number(0..<4)
    guard kind > 0, let reaction = Reaction(answer) else { return fault(number, answer, setting) }
    return kind == 1 && level == .registers
      ? frames(number, answer, reaction, setting) : kernel(number, answer, reaction, setting)
  }

  /// An entry as a scenario states it.
  private static func entry(_ address: UInt64, _ level: QuizLevel, _ draw: inout Draw) -> String {
    let words = level == .addresses ? ["READWRITE"] : ["READWRITE", "READONLY", "EXECUTE_READ"]
    let protection = draw.one(of: words)
    let frame = (0x0200_0000 + draw.number(0..<0x2000) * 0x1000).hex
    let simple = ["valid", "demand-zero", "transition", "page-file"]
    let states =
      level == .addresses ? simple : simple + ["clean", "guard", "no-access", "decommitted"]
    let start = "va: \(address.hex), state: "
    return switch draw.one(of: states) {
    case "valid": "\(start)valid, to: \(frame), protection: \(protection)"
    case "clean": "\(start)valid, to: \(frame), protection: READWRITE, dirty: false"
    case "demand-zero": "\(start)demand-zero, protection: \(protection)"
    case "transition": "\(start)transition, to: \(frame), protection: \(protection)"
    case "page-file":
      "\(start)page-file, file: 0, offset: \(draw.number(1..<0x8000).hex), protection: \(protection)"
    case "guard": "\(start)demand-zero, protection: [GUARD, \(protection)]"
    case let state: "\(start)\(state)"
    }
  }

  // MARK: - Questions

  private func fault(
    _ number: UInt64, _ answer: AccessAnswer, _ setting: Exercise.Setting
  ) -> Exercise {
    Exercise(
      number: number, kind: .fault, matter: .access(setting, answer),
      question: "\(question(answer)) Does it fault? (`none`, or the error code)",
      choices: [], answer: .of(answer.result))
  }

  private func kernel(
    _ number: UInt64, _ answer: AccessAnswer, _ reaction: Reaction, _ setting: Exercise.Setting
  ) -> Exercise {
    Exercise(
      number: number, kind: .kernel, matter: .access(setting, answer),
      question: "\(question(answer)) What does the kernel do?",
      choices: Reaction.allCases.map(\.choice), answer: .choice(reaction.choice))
  }

  private func frames(
    _ number: UInt64, _ answer: AccessAnswer, _ reaction: Reaction, _ setting: Exercise.Setting
  ) -> Exercise {
    let change = FrameChange(reaction)
    return Exercise(
      number: number, kind: .frames, matter: .access(setting, answer),
      question: "\(question(answer)) Which entries of the PFN database change, apart from the links"
        + " of their neighbours on the lists of frames?",
      choices: FrameChange.allCases.map(\.choice), answer: .choice(change.choice))
  }

  private func question(_ answer: AccessAnswer) -> String {
    "\(answer.access.sentence) \(answer.pointer.rawValue.hex)."
  }
}

/// What a kernel does about an access, as far as one entry says it.
enum Reaction: String, CaseIterable {
  case nothing = "nothing: the processor makes the access by itself"
  case dirty = "it sets the entry dirty and writable, and the access is made again"
  case zeroes = "it gives the page a frame of zeros"
  case transition = "it takes the page back from where it still lies in memory"
  case reads = "it reads the page from a page file"
  case guardPage = "it removes the guard and raises STATUS_GUARD_PAGE_VIOLATION"
  case violation = "it raises STATUS_ACCESS_VIOLATION"

  /// What the verdict on an access comes to; nil where the entry alone does not tell.
  init?(_ answer: AccessAnswer) {
    let verdict = answer.verdict?.windows
    switch (answer.result.outcome, verdict?.status, verdict?.finding.state) {
    case (.translated, _, _): self = .nothing
    case (_, .guardPageViolation, _): self = .guardPage
    case (_, .accessViolation, _): self = .violation
    case (_, _, .demandZero): self = .zeroes
    case (_, _, .transition): self = .transition
    case (_, _, .pageFile): self = .reads
    case (_, .success, .valid): self = .dirty
    default: return nil
    }
  }

  var choice: Answer.Choice { .init(self, of: Self.allCases, rawValue) }
}

/// Which entries of the PFN database change as a fault is resolved.
///
/// A page table's share count is the number of its valid and transition entries, so a page that comes
/// back from transition leaves it alone.
enum FrameChange: String, CaseIterable {
  case none = "none"
  case page = "that of the page"
  case zeroed = "those of a frame of the zeroed list and of the page table"
  case free = "those of a frame of the free list and of the page table"
  case table = "that of the page table"

  init(_ reaction: Reaction) {
    self =
      switch reaction {
      case .nothing, .guardPage, .violation: .none
      case .dirty, .transition: .page
      case .zeroes: .zeroed
      case .reads: .free
      }
  }

  var choice: Answer.Choice { .init(self, of: Self.allCases, rawValue) }
}

extension Answer.Choice {
  init<Value: Equatable>(_ value: Value, of all: [Value], _ text: String) {
    let place = all.firstIndex(of: value) ?? 0
    self.init(letter: Array("abcdefghij")[place], text: text)
  }
}
