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
  static let name = "explored"

  private var state: PagingState {
    question.space.map(machine.paging(of:)) ?? machine.paging
  }

  /// The text of the file; nil where the image holds nothing that the answer depends on.
  var text: String? {
    let (walk, expectation) = answer
    // A walk that reads nothing says nothing of memory, but the top table has to be there.
    guard let first = state.entry(of: state.root, at: 0, in: machine.memory) else { return nil }
    var lines = [
      "mmubench: 1", "scenario: \(Self.name)",
      "title: What was explored at \(question.pointer)",
      "source: \(quoted("mmubench explore, \(title)"))", "machine:",
      "  mode: \(state.mode.rawValue)", "  root: \(state.cr3.hex)",
    ]
    lines += settings.map { "  \($0)" }
    let words = walk.steps.compactMap { step in step.entry.map { (step, $0) } }
    lines.append("  memory:")
    if state.entrySize == 4 { lines.append("    width: 4") }
    lines.append("    facts:")
    var seen: Set<PhysicalAddress> = []
    for (step, entry) in words where seen.insert(step.entryAddress).inserted {
      let name = "\(state.mode.entryName(step.level))[\(step.index.hex)]"
      lines.append("      \(step.entryAddress): \(entry.hex)    # \(name)")
    }
    if words.isEmpty { lines.append("      \(state.root): \(first.hex)") }
    return (lines + ["expect:", "  - { \(expectation) }"]).joined(separator: "\n") + "\n"
  }

  private var answer: (Walk, String) {
    guard let answer = machine.answer(question) else {
      let walk = machine.walk(question.pointer, in: question.space)
      return (walk, expectation(of: walk))
    }
    return (answer.walk, expectation(of: answer))
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
      return [("ttbr1", state.ttbr1), ("tcr", state.tcr), ("sctlr", state.sctlr)]
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
