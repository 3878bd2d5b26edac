import LinuxMemory
import Machine
import Paging
import PhysicalMemory

/// Compares the emulated MMU with the exceptions that a processor raised on the same tables.
///
/// The tables are those of the dump, so that only probes count before which nothing changed them.
/// The first exception of an access is the processor's; what the kernel made of it is predicted from
/// the tables and the areas of the process.
struct FaultComparison {
  let machine: Machine
  let faults: GuestFaults

  /// The first disagreements, at most `limit`.
  func disagreements(limit: Int = 10) -> [Difference] {
    var found: [Difference] = []
    if faults.probes.allSatisfy({ !$0.isPredictable }) {
      found.append(("accesses that can be predicted", "none in the file"))
    }
    for probe in faults.probes where probe.isPredictable {
      guard found.count < limit else { break }
      let name = "process \(probe.pid) \(probe.access) \(probe.va.value.hex): "
      guard let answer = answer(to: probe) else {
        found.append((name + probe.processor.text, "the machine has no such process or access"))
        continue
      }
      let got = GuestFaults.Verdict(answer.result)
      if got != probe.processor { found.append((name + probe.processor.text, answer.summary)) }
      if case .wrong(let predicted) = OutcomePrediction(of: probe, answer.verdict?.linux) {
        found.append(
          (name + (probe.kernelOutcome ?? ""), "the kernel's verdict is \(predicted)"))
      }
    }
    return found
  }

  /// How often each outcome was predicted, and what was not and why, for the golden.
  var outcomeSummary: String {
    var predicted: [String: Int] = [:]
    var excluded: [String: Int] = [:]
    for probe in faults.probes {
      let prediction =
        probe.isPredictable
        ? OutcomePrediction(of: probe, answer(to: probe)?.verdict?.linux) : .changedBefore
      switch prediction {
      case .right, .wrong: predicted[probe.kernelOutcome ?? "", default: 0] += 1
      case .either: predicted["minor-or-major", default: 0] += 1
      case .changedBefore, .otherAccess, .unknown, .unsaid:
        excluded[prediction.name, default: 0] += 1
      }
    }
    let total = predicted.values.reduce(0, +)
    func list(_ counts: [String: Int]) -> String {
      counts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }
    return "predicted \(total) of \(faults.probes.count): \(list(predicted))"
      + (excluded.isEmpty ? "" : "; excluded: \(list(excluded))")
  }

  /// How often each verdict was predicted, for the golden.
  var summary: String {
    var counts: [String: Int] = [:]
    for probe in faults.probes where probe.isPredictable {
      counts[probe.processor.text, default: 0] += 1
    }
    return counts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      .joined(separator: " ")
  }

  private func answer(to probe: GuestFaults.Probe) -> AccessAnswer? {
    // With isolated page tables the last root of a process is the one of user mode.
    guard let space = machine.addressSpaces(pid: probe.pid, process: nil).last,
      let kind = Access.Kind(rawValue: probe.access)
    else { return nil }
    return machine.access(VirtualAddress(probe.va.value), Access(kind, as: .user), in: space)
  }
}

extension GuestFaults.Verdict {
  /// The verdict of the emulated MMU in the same words.
  init?(_ result: AccessResult) {
    switch result {
    case .translated: self.init(kind: "none")
    case .pageFault(let fault): self.init(kind: "PF", errorCode: fault.errorCode.rawValue)
    case .abort(let abort):
      // The file writes the kinds without a hyphen.
      let fault = abort.fault.rawValue.filter { $0 != "-" }
      self.init(kind: "abort", fault: fault, level: abort.level)
    case .generalProtection: self.init(kind: "GP")
    case .missing: return nil
    }
  }

  /// The verdict as text: `none`, `#GP`, `#PF:6`.
  fileprivate var text: String {
    switch kind {
    case "PF": "#PF:" + String(errorCode ?? 0, radix: 16)
    case "GP": "#GP"
    case "abort": "\(fault ?? "abort"):\(level ?? 0)"
    default: kind
    }
  }
}
