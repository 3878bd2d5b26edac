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

  func exercise(
    _ number: UInt64, _ kind: ExerciseKind?, _ draw: inout Draw
  ) throws(DiagnosticList) -> Exercise {
    // Where the entry alone does not tell, or frames of others have a part in it, the next is drawn.
    try Exercise.first(of: kind) { () throws(DiagnosticList) in try drawn(number, kind, &draw) }
  }

  private func drawn(
    _ number: UInt64, _ kind: ExerciseKind?, _ draw: inout Draw
  ) throws(DiagnosticList) -> Exercise {
    var text = ScenarioText(
      exercise: number, machine: "\(QuizMemory.statement(mode)), os: \(id)", seed: seed)
    let pages = places.near + [places.far]
    var section = QuizSection()
    for page in pages { text.add(entry(page.address, &section, &draw), to: "ptes") }
    if let statement = section.statement { text.add(statement) }
    let address = draw.one(of: pages).address + draw.number(0..<frameSize)
    let setting = try text.setting(pages.map(\.address))
    var answer = setting.machine.access(VirtualAddress(address), .drawn(&draw))
    if kind == .frames, number % Self.noneEvery != 0 {
      answer = moving(answer, pages.map(\.address), setting.machine)
    }
    let drawn = draw.number(0..<4)
    let asksFault = kind.map { $0 == .fault } ?? (drawn == 0)
    guard !asksFault, let reaction = Reaction(answer) else { return fault(number, answer, setting) }
    let asksFrames = kind.map { $0 == .frames } ?? (drawn == 1 && level == .registers)
    guard asksFrames, let change = FrameChange(reaction, of: answer) else {
      return kernel(number, answer, reaction, setting)
    }
    return frames(number, answer, reaction, change, setting)
  }

  /// Of so many exercises on frames at least one may be about none.
  private static let noneEvery: UInt64 = 4

  /// The same access to the first page for which a frame changes, where it does for none of its own.
  private func moving(
    _ answer: AccessAnswer, _ pages: [UInt64], _ machine: Machine
  ) -> AccessAnswer {
    let offset = answer.pointer.rawValue % frameSize
    let others = pages.lazy.map { page in
      machine.access(VirtualAddress(page + offset), answer.access)
    }
    return ([answer] + others).first {
      let change = Reaction($0).flatMap { [answer = $0] in FrameChange($0, of: answer) }
      return change != nil && change != FrameChange.none
    } ?? answer
  }

  /// An entry as a scenario states it.
  private func entry(
    _ address: UInt64, _ section: inout QuizSection, _ draw: inout Draw
  ) -> String {
    let words = level == .addresses ? ["READWRITE"] : ["READWRITE", "READONLY", "EXECUTE_READ"]
    let protection = draw.one(of: words)
    let frame = QuizMemory.page(&draw).hex
    let start = "va: \(address.hex), state: "
    return switch draw.one(of: states) {
    case "valid": "\(start)valid, to: \(frame), protection: \(protection)"
    case "clean": "\(start)valid, to: \(frame), protection: READWRITE, dirty: false"
    case "copy-on-write": "\(start)valid, to: \(frame), protection: WRITECOPY"
    case "demand-zero": "\(start)demand-zero, protection: \(protection)"
    case "transition": "\(start)transition, to: \(frame), protection: \(protection)"
    case "page-file":
      "\(start)page-file, file: 0, offset: \(draw.number(1..<0x8000).hex), protection: \(protection)"
    case "guard": "\(start)demand-zero, protection: [GUARD, \(protection)]"
    case "prototype":
      "\(start)prototype, section: \(QuizSection.name), page: \(section.add(frame, &draw))"
    case let state: "\(start)\(state)"
    }
  }

  /// The states that entries have, by how hard the exercises are.
  private var states: [String] {
    let simple = ["valid", "demand-zero", "transition", "page-file"]
    let own = simple + ["clean", "guard", "no-access", "decommitted"]
    return switch level {
    case .addresses: simple
    case .rights: own
    case .registers: own + ["copy-on-write", "prototype"]
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
    _ number: UInt64, _ answer: AccessAnswer, _ reaction: Reaction, _ change: FrameChange,
    _ setting: Exercise.Setting
  ) -> Exercise {
    let solution = FrameSolution(
      reaction: reaction, answer: answer, tables: setting.tables,
      decoder: setting.machine.system.windows?.decoder)
    return Exercise(
      number: number, kind: .frames, matter: .access(setting, answer),
      question: "\(question(answer)) Which entries of the PFN database change, apart from the links"
        + " of their neighbours on the lists of frames?",
      choices: FrameChange.allCases.map(\.choice), answer: .choice(change.choice),
      remarks: solution.remarks)
  }

  private func question(_ answer: AccessAnswer) -> String {
    "\(answer.access.sentence) \(answer.pointer.rawValue.hex)."
  }
}

/// The section whose prototype entries the entries of an exercise lead to.
private struct QuizSection {
  static let name = "shared"

  private var pages: [String] = []

  /// Adds a page, in a frame if it is in memory, and says its number.
  mutating func add(_ frame: String, _ draw: inout Draw) -> Int {
    let number = pages.count
    let state = draw.one(of: [
      "valid, to: \(frame)", "transition, to: \(frame), protection: READWRITE",
      "demand-zero, protection: READWRITE",
    ])
    pages.append("{ page: \(number), state: \(state) }")
    return number
  }

  /// The statement of the section; nil where no entry leads there.
  var statement: String? {
    guard !pages.isEmpty else { return nil }
    return "windows: { sections: [{ name: \(Self.name), kind: page-file, subsections: [{ pages: "
      + "\(pages.count), protection: READWRITE, ptes: [\(pages.joined(separator: ", "))] }] }] }"
  }
}
