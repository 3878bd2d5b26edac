import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// Makes exercises on page tables that no operating system has a meaning for.
struct ProcessorExercise {
  private let mode: PagingMode
  private let level: QuizLevel
  private let places: QuizPlaces
  /// The seed of the order of the tables in memory.
  private let seed: UInt64
  /// The registers that differ from the mode's own, as a scenario says them.
  private let registers: String

  init(_ mode: PagingMode, _ level: QuizLevel, _ draw: inout Draw) {
    self.mode = mode
    self.level = level
    places = QuizPlaces(mode, &draw)
    seed = draw.number(0..<1_000_000)
    registers = level == .registers ? Self.registers(mode, &draw) : ""
  }

  /// Registers that change what rights mean.
  private static func registers(_ mode: PagingMode, _ draw: inout Draw) -> String {
    if mode == .arm64 { return "" }
    let usual = [
      "cr0: { WP: 0 }", "cr4: { SMEP: 1 }", "cr4: { SMAP: 1 }", "cr4: { SMEP: 1, SMAP: 1 }",
    ]
    let choices = mode == .x86 ? usual : usual + ["efer: { NXE: 0 }"]
    return draw.chance(1, in: 4) ? "" : draw.one(of: choices)
  }

  func exercise(
    _ number: UInt64, _ kind: ExerciseKind?, _ draw: inout Draw
  ) throws(DiagnosticList) -> Exercise {
    let machine = QuizMemory.statement(mode)
    var text = ScenarioText(
      exercise: number,
      machine: registers.isEmpty ? machine : "\(machine), registers: { \(registers) }", seed: seed)
    for place in level == .addresses ? places.near + [places.far] : places.all {
      map(place, in: &text, &draw)
    }
    let asked = draw.chance(1, in: 8) ? neighbour(&draw) : draw.one(of: places.all)
    let address = asked.address + draw.number(0..<asked.bytes)
    let setting = try text.setting(places.all.map(\.address) + [address])
    let drawn: ExerciseKind =
      kind ?? (level == .addresses || draw.chance(1, in: 4) ? .translate : .fault)
    return switch drawn {
    case .rights: rights(number, address, setting)
    case .translate: translation(number, address, setting)
    default: fault(number, address, setting, &draw)
    }
  }

  /// A page beside those that have entries.
  private func neighbour(_ draw: inout Draw) -> QuizPlaces.Place {
    QuizPlaces.Place(address: draw.one(of: places.near).address ^ frameSize)
  }

  // MARK: - Tables

  private func map(_ place: QuizPlaces.Place, in text: inout ScenarioText, _ draw: inout Draw) {
    let frame = QuizMemory.page(of: place.bytes, &draw)
    var item = "va: \(place.address.hex), to: \(frame.hex)"
    if let size = place.size { item += ", page: \(size.name)" }
    if level != .addresses {
      item += rights(&draw)
      if place.address == places.far.address { item += upper(&draw) }
    }
    text.add(item, to: "map")
    spoil(place, in: &text, &draw)
  }

  private func rights(_ draw: inout Draw) -> String {
    var rights: [String] = []
    if draw.chance(1, in: 3) { rights.append("write: false") }
    if draw.chance(1, in: 3) { rights.append("user: false") }
    if mode != .x86, draw.chance(1, in: 3), !registers.contains("NXE") {
      rights.append("execute: false")
    }
    return rights.isEmpty ? "" : ", rights: { \(rights.joined(separator: ", ")) }"
  }

  /// A right that an entry above takes away.
  private func upper(_ draw: inout Draw) -> String {
    let fields =
      mode == .arm64
      ? ["APTable: 1", "APTable: 2", "UXNTable: 1"]
      : mode == .pae || mode == .x86 ? ["RW: 0", "US: 0"] : ["RW: 0", "US: 0", "XD: 1"]
    let usable = registers.contains("NXE") ? fields.filter { !$0.hasPrefix("XD") } : fields
    // The top table of PAE paging has no rights.
    let levels = mode == .pae || mode == .x86 ? [2] : [2, 3]
    return ", upper: { \(mode.entryName(draw.one(of: levels))): { \(draw.one(of: usable)) } }"
  }

  /// Now and then an entry that does not do what its neighbours do.
  private func spoil(_ place: QuizPlaces.Place, in text: inout ScenarioText, _ draw: inout Draw) {
    guard draw.chance(1, in: 4) else { return }
    let name = mode.entryName(place.level)
    let entry = "va: \(place.address.hex), level: \(name)"
    guard level == .registers, let change = reserved(place, &draw) else {
      // What is left in the entry means nothing to the processor.
      return text.add(
        "\(entry), \(mode == .arm64 ? "bits: { clear: [0] }" : "set: { P: 0 }")", to: "entries")
    }
    text.add("\(entry), \(change)", to: "entries")
  }

  /// A change that makes an entry malformed or, on arm64, one that the access flag is clear in.
  private func reserved(_ place: QuizPlaces.Place, _ draw: inout Draw) -> String? {
    switch mode {
    case .arm64: "set: { AF: 0 }"
    case .x86: place.level == 2 ? "bits: { set: [21] }" : nil
    case .pae, .x86_64, .la57:
      registers.contains("NXE")
        ? "bits: { set: [63] }"
        : place.level == 2 ? "bits: { set: [\(draw.number(13..<21))] }" : nil
    }
  }

  // MARK: - Questions

  private func translation(
    _ number: UInt64, _ address: UInt64, _ setting: Exercise.Setting
  ) -> Exercise {
    let walk = setting.machine.walk(VirtualAddress(address))
    let answer =
      walk.result.translation.map { Answer.number($0.address.rawValue) } ?? .word("fault")
    return Exercise(
      number: number, kind: .translate, matter: .walk(setting, walk),
      question: "Where does the virtual address \(address.hex) lie in physical memory?"
        + " (an address, or `fault`)",
      choices: [], answer: answer)
  }

  private func rights(
    _ number: UInt64, _ address: UInt64, _ setting: Exercise.Setting
  ) -> Exercise {
    let walk = setting.machine.walk(VirtualAddress(address))
    return Exercise(
      number: number, kind: .rights, matter: .walk(setting, walk),
      question: "Which rights do the entries leave to the page of \(address.hex)?"
        + " (the letters: `w` for writing, `u` for user mode, `x` for executing; `none`, or `fault`"
        + " where there is no page)",
      choices: [], answer: walk.result.translation.map { .rights($0.rights) } ?? .word("fault"))
  }

  private func fault(
    _ number: UInt64, _ address: UInt64, _ setting: Exercise.Setting, _ draw: inout Draw
  ) -> Exercise {
    let access = Access.drawn(&draw)
    let answer = setting.machine.access(VirtualAddress(address), access)
    let wanted =
      mode == .arm64
      ? "the kind of the abort and its level, as in `permission 3`" : "the error code"
    return Exercise(
      number: number, kind: .fault, matter: .access(setting, answer),
      question: "\(access.sentence) \(address.hex). Does it fault? (`none`, or \(wanted))",
      choices: [], answer: .of(answer.result))
  }
}

extension Access {
  /// A read, a write or a fetch by user mode or the supervisor.
  static func drawn(_ draw: inout Draw) -> Access {
    Access(draw.one(of: [.read, .write, .execute]), as: draw.one(of: [.user, .user, .supervisor]))
  }

  /// The access as the beginning of a sentence that an address follows.
  var sentence: String {
    let who = privilege == .user ? "User mode" : "The supervisor"
    return switch kind {
    case .read, .shadowStackRead: "\(who) reads from"
    case .write, .shadowStackWrite: "\(who) writes to"
    case .execute: "\(who) fetches an instruction from"
    }
  }
}

extension Answer {
  /// Rights by their letters, in any order.
  static func rights(_ rights: Rights) -> Answer {
    let letters = [(Rights.write, "w"), (.user, "u"), (.execute, "x")]
      .filter { rights.contains($0.0) }.map(\.1)
    guard !letters.isEmpty else { return .word("none") }
    let orders = letters.reduce([[String]()]) { orders, letter in
      orders.flatMap { order in
        (0...order.count).map { Array(order[..<$0]) + [letter] + Array(order[$0...]) }
      }
    }
    return .word(
      letters.joined(), or: orders.flatMap { [$0.joined(), $0.joined(separator: " ")] })
  }

  /// What the processor does with an access, as an answer.
  static func of(_ result: AccessResult) -> Answer {
    switch result {
    case .translated: .word("none", or: ["no", "no fault"])
    case .pageFault(let fault):
      .number(UInt64(fault.errorCode.rawValue), or: [fault.errorCode.description])
    case .abort(let abort): .word("\(abort.fault.rawValue) \(abort.level)", or: [])
    case .generalProtection: .word("gp", or: ["#gp", "general protection"])
    case .missing: .word("unknown")
    }
  }
}
