import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Compares one access with what a scenario expects of it.
struct FaultCheck {
  private let expected: Scenario.FaultExpectation
  private let answer: AccessAnswer

  init(_ expected: Scenario.FaultExpectation, _ machine: Machine, _ space: AddressSpace?) {
    self.expected = expected
    answer = machine.access(
      VirtualAddress(expected.va.value), Access(expected), in: space,
      alignmentCheck: expected.alignmentCheck?.value, interruptLevel: expected.level)
  }

  /// What does not hold, key by key.
  var differences: [Difference] {
    let system = expected.system.map { VerdictCheck(expected: $0, verdict: answer.verdict) }
    return processorDifferences + (system?.differences ?? [])
  }

  private var processorDifferences: [Difference] {
    guard answer.result.outcome.rawValue == expected.outcome.rawValue else {
      return [(expected.outcome.rawValue, answer.summary)]
    }
    switch answer.result {
    case .translated(let translation, let updates):
      var differences = self.differences(updates)
      if let pa = expected.pa?.value, pa != translation.address.rawValue {
        differences.insert(("pa \(pa.hex)", "pa \(translation.address)"), at: 0)
      }
      return differences
    case .pageFault(let fault):
      guard let code = expected.errorCode?.value.code, code != fault.errorCode.rawValue else {
        return []
      }
      let wanted = PageFaultErrorCode(rawValue: UInt32(truncatingIfNeeded: code))
      return [("error-code \(code.hex) (\(wanted))", answer.summary)]
    case .abort(let abort):
      guard let syndrome = expected.syndrome?.value, syndrome != abort.syndrome else { return [] }
      return [("esr \(syndrome.hex)", answer.summary)]
    case .generalProtection, .missing: return []
    }
  }

  private func differences(_ updates: EntryUpdates) -> [Difference] {
    switch expected.updates {
    case nil: return []
    case .count(let count)?:
      return count.value == UInt64(updates.count)
        ? [] : [("\(count.value) updates", "\(updates.count)")]
    case .list(let list)?:
      let got = updates.map { text($0) }
      guard list.count == updates.count else {
        let wanted = list.map { $0.entry.value.uppercased() }.joined(separator: ", ")
        return [("updates of \(wanted)", got.isEmpty ? "none" : got.joined(separator: ", "))]
      }
      return zip(list, updates).filter { !holds($0, $1) }.map { wanted, update in
        (text(wanted), text(update))
      }
    }
  }

  private func holds(_ wanted: Scenario.Update, _ update: EntryUpdate) -> Bool {
    answer.state.mode.level(named: wanted.entry.value) == update.level
      && (wanted.address.map { $0.value == update.address.rawValue } ?? true)
      && (wanted.before.map { $0.value == update.before } ?? true)
      && (wanted.after.map { $0.value == update.after } ?? true)
  }

  private func text(_ wanted: Scenario.Update) -> String {
    "update of \(wanted.entry.value.uppercased())"
      + (wanted.address.map { " at \($0.value.hex)" } ?? "")
      + (wanted.before.map { " from \($0.value.hex)" } ?? "")
      + (wanted.after.map { " to \($0.value.hex)" } ?? "")
  }

  private func text(_ update: EntryUpdate) -> String {
    "update of \(answer.state.mode.entryName(update.level)) at \(update.address) "
      + "from \(update.before.hex) to \(update.after.hex)"
  }
}

extension Scenario.FaultExpectation.ErrorCode {
  /// The number on the stack.
  fileprivate var code: UInt64 {
    switch self {
    case .number(let number): number
    case .flags(let flags):
      UInt64(PageFaultErrorCode(names: flags.map(\.rawValue))?.rawValue ?? 0)
    }
  }
}

extension AccessAnswer {
  /// What the processor does, in one line; the way goldens have it.
  var summary: String {
    switch result {
    case .translated(let translation, _): return "translated \(translation.address)"
    case .pageFault(let fault):
      let rules = fault.refusal.violatedRules.map(\.name).joined(separator: ",")
      return "page-fault \(fault.errorCode.rawValue.hex) (\(fault.errorCode))"
        + (fault.walk.stop.map { self.place($0) } ?? " refused by \(rules)")
    case .abort(let abort):
      return "page-fault esr=\(abort.syndrome.hex) \(abort.fault.rawValue) level \(abort.level)"
    case .generalProtection(let stop): return "general-protection" + place(stop)
    case .missing(let stop): return "missing" + place(stop)
    }
  }

  private func place(_ stop: WalkStop) -> String {
    guard stop.level > 0 else { return isSeparated ? " by LASS" : " not canonical" }
    var text = " at \(state.mode.entryName(stop.level)) \(stop.entryAddress)"
    if case .reservedBits(let bits) = stop.cause { text += " bits=\(bits.hex)" }
    return text
  }

  /// The lines of a golden.
  var goldenLines: [String] {
    let ac = state.alignmentCheck ? " ac=1" : ""
    let level = interruptLevel == .passive ? "" : " irql=\(interruptLevel.rawValue)"
    let linear = pointer == walk.address ? "" : " linear=\(walk.address)"
    let first =
      "fault \(pointer)\(linear) \(access.kind.rawValue) \(access.privilege.rawValue)\(ac)\(level) "
      + "root=\(walk.root) \(summary)"
    let system = verdict?.goldenLines ?? []
    guard case .translated(_, let updates) = result else { return [first] + system }
    return [first]
      + updates.map {
        "  \(state.mode.entryName($0.level)) \($0.address) \($0.before.hex) -> \($0.after.hex)"
      }
  }
}
