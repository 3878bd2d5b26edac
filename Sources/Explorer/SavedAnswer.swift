import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// The answer of a machine to a question, as a scenario expects it.
struct SavedAnswer: Equatable {
  /// What the processor does.
  let processor: String
  /// What the kernel makes of it, word by word; empty where there is none.
  let system: [String]

  init(_ question: MachineQuestion, of machine: Machine) {
    if let answer = machine.answer(question) {
      processor = Self.words(of: answer)
      system = answer.verdict.map(Self.words) ?? []
    } else {
      processor = Self.words(of: machine.walk(question.pointer, in: question.space))
      system = []
    }
  }

  /// The item of `expect:`.
  var text: String {
    processor + (system.isEmpty ? "" : ", os: { \(system.joined(separator: ", ")) }")
  }

  private static func words(of walk: Walk) -> String {
    let start = "walk: \(walk.address)"
    switch walk.result {
    case .mapped(let page):
      return start + ", pa: \(page.address), page-size: \(page.pageSize)"
        + ", write: \(page.rights.contains(.write)), user: \(page.rights.contains(.user))"
        + ", execute: \(page.rights.contains(.execute))"
    case .stopped(let stop):
      let place = stop.level > 0 ? ", stopped-at: \(walk.mode.entryName(stop.level))" : ""
      return start + ", outcome: \(walk.result.outcome.rawValue)"
        + (stop.cause == .nonCanonical ? "" : place)
    }
  }

  private static func words(of answer: AccessAnswer) -> String {
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

  private static func words(of verdict: SystemVerdict) -> [String] {
    var words: [String] = []
    if let state = verdict.state, Scenario.EntryState(rawValue: state) != nil {
      words.append("state: \(state)")
    }
    if let protection = verdict.windows?.finding.protection {
      words.append("protection: \(UInt64(protection.rawValue).hex)")
    }
    if !verdict.handler.isEmpty {
      words.append("handler: [\(verdict.handler.joined(separator: ", "))]")
    }
    if let cost = verdict.cost { words.append("cost: \(cost.rawValue)") }
    switch verdict {
    case .windows(let verdict):
      if let status = verdict.status { words.append("status: \(status.name)") }
      if let check = verdict.bugCheck {
        words.append("bugcheck: { code: \(UInt64(check.code).hex) }")
      }
    case .linux(let verdict):
      if let signal = verdict.signal {
        words.append("signal: \(signal.name), signal-code: \(signal.codeName)")
      }
      if let oops = verdict.oops { words.append("kernel: \(oops.rawValue)") }
    }
    return words
  }
}
