import Machine
import Paging
import PhysicalMemory

/// A scenario of what a page shows: the words that the walk read, the registers, and the answer as
/// what is expected.
///
/// Everything else of the machine is unknown to it: so it is small, and nothing of a dump goes along
/// but what was read.
struct SavedScenario {
  let question: MachineQuestion
  /// The machine with what has been changed.
  let machine: Machine
  let title: String
  /// The name of the scenario and, with `.yaml`, of its file.
  let name: String

  /// A word of memory that the answer depends on.
  private struct Word {
    let address: PhysicalAddress
    let value: UInt64
    /// What the word is: `PTE[0x1f7]`.
    let name: String
  }

  private var state: PagingState {
    question.space.map(machine.paging(of:)) ?? machine.paging
  }

  /// The text of the file; nil where the image holds nothing that the answer depends on.
  var text: String? {
    guard let words, let alone = machine(with: words) else { return nil }
    var lines = [
      "mmubench: 1", "scenario: \(name)",
      "title: What was explored at \(question.pointer)",
      "source: \(quoted("mmubench explore, \(title)"))", "machine:",
      "  mode: \(state.mode.rawValue)", "  root: \(state.cr3.hex)",
    ]
    let system = SavedSystem(machine.system)
    lines += (system.settings + settings).map { "  \($0)" }
    lines.append("  memory:")
    if state.entrySize == 4 { lines.append("    width: 4") }
    lines.append("    facts:")
    lines += words.map { "      \($0.address): \($0.value.hex)    # \($0.name)" }
    lines += system.statements
    return (lines + ["expect:", "  - { \(expectation(on: alone)) }"]).joined(separator: "\n") + "\n"
  }

  /// The entries that the walk reads and, of each top table, at least one: a root has to lie in
  /// memory, though a walk may read nothing, or be of the other half.
  private var words: [Word]? {
    let walk = machine.walk(question.pointer, in: question.space)
    var words: [Word] = []
    for step in walk.steps {
      guard let entry = step.entry, !words.contains(where: { $0.address == step.entryAddress })
      else { continue }
      words.append(
        Word(
          address: step.entryAddress, value: entry,
          name: "\(state.mode.entryName(step.level))[\(step.index.hex)]"))
    }
    for half in state.allHalves where !half.isUnknownUpperHalf {
      let size = UInt64(half.entryCount(half.topLevel) * half.entrySize)
      let table = half.root.rawValue..<half.root.rawValue + size
      if words.contains(where: { table.contains($0.address.rawValue) }) { continue }
      guard let first = half.entry(of: half.root, at: 0, in: machine.memory) else { return nil }
      words.append(
        Word(
          address: half.root, value: first, name: "\(half.mode.entryName(half.topLevel))[0x0]"))
    }
    return words
  }

  /// The machine as the file describes it, which knows nothing but these words.
  private func machine(with words: [Word]) -> Machine? {
    let size = state.entrySize
    guard let bytes = try? ByteMapping.zeroed(count: words.count * size) else { return nil }
    var segments: [RunMemory.Segment] = []
    for (index, word) in words.enumerated() {
      if size == 4 {
        bytes.store(UInt32(truncatingIfNeeded: word.value), at: index * size)
      } else {
        bytes.store(word.value, at: index * size)
      }
      segments.append(
        .init(
          start: word.address, byteCount: UInt64(size),
          source: .mapping(offset: UInt64(index * size))))
    }
    return Machine(
      memory: .runs(RunMemory(bytes, segments)), paging: state, addressSpaces: [],
      system: SavedSystem(machine.system).alone, format: Machine.scenarioFormat, size: 0)
  }

  private func expectation(on alone: Machine) -> String {
    var question = question
    question.space = nil
    guard let answer = alone.answer(question) else {
      return expectation(of: alone.walk(question.pointer))
    }
    let words = answer.verdict.map(SavedSystem.expectation) ?? []
    return expectation(of: answer)
      + (words.isEmpty ? "" : ", os: { \(words.joined(separator: ", ")) }")
  }

  private func expectation(of walk: Walk) -> String {
    let start = "walk: \(walk.address)"
    switch walk.result {
    case .mapped(let page):
      return start + ", pa: \(page.address), page-size: \(page.pageSize)"
        + ", write: \(page.rights.contains(.write)), user: \(page.rights.contains(.user))"
        + ", execute: \(page.rights.contains(.execute))"
    case .stopped(let stop):
      let place = stop.level > 0 ? ", stopped-at: \(state.mode.entryName(stop.level))" : ""
      return start + ", outcome: \(walk.result.outcome.rawValue)"
        + (stop.cause == .nonCanonical ? "" : place)
    }
  }

  private func expectation(of answer: AccessAnswer) -> String {
    let start =
      "fault: \(answer.pointer), access: \(answer.access.kind.rawValue), as: \(answer.access.privilege.rawValue)"
    switch answer.result {
    case .translated(let page, _): return start + ", pa: \(page.address)"
    case .pageFault(let fault):
      let names = PageFaultErrorCode.names.filter { fault.errorCode.contains($0.flag) }.map(\.name)
      return start + ", error-code: [\(names.joined(separator: ", "))]"
    case .abort(let abort): return start + ", esr: \(abort.syndrome.hex)"
    case .generalProtection, .missing:
      return start + ", outcome: \(answer.result.outcome.rawValue)"
    }
  }

  /// What a walk depends on beside mode, root and memory.
  private var settings: [String] {
    var settings = [
      "registers: { \(registers.map { "\($0.0): \($0.1.hex)" }.joined(separator: ", ")) }"
    ]
    if state.alignmentCheck { settings.append("ac: true") }
    if state.physicalBits != 52 { settings.append("physical-bits: \(state.physicalBits)") }
    if let vendor = state.vendor { settings.append("vendor: \(vendor.rawValue)") }
    if let bit = state.encryptionBit { settings.append("c-bit: \(bit)") }
    if let bit = state.sharedBit { settings.append("shared-bit: \(bit)") }
    return settings
  }

  private var registers: [(String, UInt64)] {
    if state.isARM64 {
      return (state.of(.upper).isUnknownUpperHalf ? [] : [("ttbr1", state.ttbr1)])
        + [("tcr", state.tcr), ("sctlr", state.sctlr)]
        + (state.pan == 0 ? [] : [("pan", state.pan)])
    }
    return [("cr0", state.cr0), ("cr4", state.cr4)]
      + (state.mode == .x86 ? [] : [("efer", state.efer)])
      + (state.pkru == 0 ? [] : [("pkru", state.pkru)])
      + (state.pkrs == 0 ? [] : [("pkrs", state.pkrs)])
  }

  /// Text between quotation marks: a file may have any name.
  private func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      scalar.value < 0x20 || scalar.value == 0x7f
        ? " " : scalar == "\"" || scalar == "\\" ? "\\\(scalar)" : String(scalar)
    }
    return "\"\(escaped.joined())\""
  }
}

extension PagingState {
  /// Whether this is the upper half of arm64, whose top table nobody knows.
  fileprivate var isUnknownUpperHalf: Bool { arm64.half == .upper && arm64.ttbr1 == nil }
}
