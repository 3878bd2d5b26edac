import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// Makes exercises on images that do not hold all of the memory, as dumps are.
struct DumpExercise {
  private let mode: PagingMode
  private let places: QuizPlaces
  private let seed: UInt64

  init(_ mode: PagingMode, _ draw: inout Draw) {
    self.mode = mode
    places = QuizPlaces(mode, &draw)
    seed = draw.number(0..<1_000_000)
  }

  func exercise(_ number: UInt64, _ draw: inout Draw) throws(DiagnosticList) -> Exercise {
    let pages = (places.near + [places.far]).map {
      ($0, QuizMemory.page(&draw))
    }
    // The table that goes is the far page's, or the one that the others have in common. Nobody knows
    // whether its entries are present.
    let isFarLost = draw.chance(1, in: 2)
    let isPresent = pages.map { place, _ in
      (place.address == places.far.address) == isFarLost || !draw.chance(1, in: 4)
    }
    func text(absent: [UInt64]) -> ScenarioText {
      let ranges = absent.map { "\($0.hex)..\(($0 + frameSize - 1).hex)" }.joined(separator: ", ")
      var text = ScenarioText(
        exercise: number,
        machine: QuizMemory.statement(mode)
          + (absent.isEmpty ? "" : ", absent: [\(ranges)]"), from: 0x10_0000, seed: seed)
      for ((place, frame), isPresent) in zip(pages, isPresent) {
        text.add("va: \(place.address.hex), to: \(frame.hex)", to: "map")
        guard !isPresent else { continue }
        text.add(
          "va: \(place.address.hex), level: \(mode.entryName(1)), "
            + (mode == .arm64 ? "bits: { clear: [0] }" : "set: { P: 0 }"), to: "entries")
      }
      return text
    }
    let addresses = pages.map(\.0.address)
    let whole = try text(absent: []).setting(addresses)
    let victim = isFarLost ? places.far : places.near[0]
    let walk = whole.machine.walk(VirtualAddress(victim.address))
    let table = walk.steps.last { $0.level == 1 }.map {
      $0.entryAddress.rawValue & ~(frameSize - 1)
    }
    // A page whose contents are not there is no matter of the translation.
    let absent = [table, draw.one(of: pages).1].compactMap(\.self)
    let setting = try text(absent: absent).setting(addresses)
    let address = draw.one(of: addresses) + draw.number(0..<frameSize)
    return exercise(number, setting, setting.machine.walk(VirtualAddress(address)), absent)
  }

  private func exercise(
    _ number: UInt64, _ setting: Exercise.Setting, _ walk: Walk, _ absent: [UInt64]
  ) -> Exercise {
    let answer: Answer =
      switch walk.result.outcome {
      case .mapped: walk.result.translation.map { .number($0.address.rawValue) } ?? .word("fault")
      case .missing: .word("unknown")
      case .notPresent, .reservedBits, .nonCanonical: .word("fault")
      }
    let frames = absent.sorted().map(\.hex).joined(separator: " and ")
    return Exercise(
      number: number, kind: .dump, matter: .walk(setting, walk),
      question: "The dump lacks the frames at \(frames). Where does the virtual address"
        + " \(walk.address.rawValue.hex) lie in physical memory? (an address, `fault` or `unknown`)",
      choices: [], answer: answer)
  }
}
