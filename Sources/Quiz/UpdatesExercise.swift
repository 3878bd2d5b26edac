import BitLayout
import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// Makes exercises on the accessed and dirty bits that the processor sets.
///
/// All accesses are allowed: what a refused one leaves in the entries above is not the same on all
/// processors.
struct UpdatesExercise {
  private let mode: PagingMode
  private let level: QuizLevel
  private let places: QuizPlaces
  private let seed: UInt64

  init(_ mode: PagingMode, _ level: QuizLevel, _ draw: inout Draw) {
    (self.mode, self.level) = (mode, level)
    places = QuizPlaces(mode, &draw)
    seed = draw.number(0..<1_000_000)
  }

  func exercise(_ number: UInt64, _ draw: inout Draw) throws(DiagnosticList) -> Exercise {
    var text = ScenarioText(
      exercise: number, machine: QuizMemory.statement(mode), seed: seed)
    let mapped = level == .addresses ? places.near + [places.far] : places.all
    for place in mapped { map(place, in: &text, &draw) }
    for place in [places.near[0], places.far] where draw.chance(1, in: 2) {
      text.add(set("A: 1", place.address, level: 2), to: "entries")
    }
    let place = draw.one(of: mapped)
    let address = place.address + draw.number(0..<place.bytes)
    let setting = try text.setting(mapped.map(\.address))
    let answer = setting.machine.access(VirtualAddress(address), .drawn(&draw))
    return self.exercise(number, answer, setting, &draw)
  }

  private func map(_ place: QuizPlaces.Place, in text: inout ScenarioText, _ draw: inout Draw) {
    let frame = QuizMemory.page(of: place.bytes, &draw)
    let size = place.size.map { ", page: \($0.name)" } ?? ""
    text.add("va: \(place.address.hex), to: \(frame.hex)\(size)", to: "map")
    let bits = draw.one(of: ["", "A: 1", "A: 1, D: 1"])
    if !bits.isEmpty { text.add(set(bits, place.address, level: place.level), to: "entries") }
  }

  private func set(_ bits: String, _ address: UInt64, level: Int) -> String {
    "va: \(address.hex), level: \(mode.entryName(level)), set: { \(bits) }"
  }

  private func exercise(
    _ number: UInt64, _ answer: AccessAnswer, _ setting: Exercise.Setting, _ draw: inout Draw
  ) -> Exercise {
    // The entries of PAE's top table have no such bits.
    let steps = answer.walk.steps.filter { mode != .pae || $0.level < 3 }
    let step = draw.one(of: steps)
    var value = step.entry ?? 0
    if case .translated(_, let updates) = answer.result {
      for update in updates where update.address == step.entryAddress { value = update.after }
    }
    let name = "\(mode.entryName(step.level))[\(step.index.hex(digits: 3))]"
    return Exercise(
      number: number, kind: .updates, matter: .access(setting, answer),
      question: "\(answer.access.sentence) \(answer.pointer.rawValue.hex). What is"
        + " \(name) at \(step.entryAddress) afterwards? (the whole entry)",
      choices: [], answer: .number(value))
  }
}
