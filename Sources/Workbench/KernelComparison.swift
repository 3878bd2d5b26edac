import Machine
import Paging
import PhysicalMemory

/// Compares the kernel half with what the kernel said in `/proc/kcore`, under one root.
///
/// Not every page of a range needs to be mapped: the kernel takes back what it used only to start,
/// and a user root has next to nothing of it.
struct KernelComparison {
  let truth: GuestTruth
  let name: String
  let memory: MemoryImage
  let state: PagingState

  func disagreements(limit: Int) -> [String] {
    var found: [String] = []
    for range in truth.kernel?.ranges ?? [] where range.hasPlace && found.count < limit {
      let (end, overflows) = range.va.value.addingReportingOverflow(range.size.value)
      guard !overflows, range.size.value > 0 else { continue }
      state.map(memory, range: range.va.value...(end - 1), expandingCopies: true) { piece in
        guard case .run(let run) = piece else { return true }
        // A run may begin before the range, where the same memory is mapped on.
        let start = max(run.start.rawValue, range.va.value)
        let got = run.address.rawValue &+ (start &- run.start.rawValue)
        let wanted = range.pa.value &+ (start &- range.va.value)
        guard got != wanted, !isReused(start) else { return found.count < limit }
        found.append(
          "\(name): the kernel has \(VirtualAddress(start)) at \(wanted.hex), "
            + "the tables say \(got.hex)")
        return found.count < limit
      }
    }
    return Array(found.prefix(max(0, limit)))
  }

  /// On arm64 the addresses before the kernel's text are used again, for anything.
  private func isReused(_ address: UInt64) -> Bool {
    guard state.isARM64, let text = truth.kernel?.symbols?["_stext"] else { return false }
    return address < text.value && text.value - address <= 1 << 21
  }
}

extension GuestTruth.KernelRange {
  /// Whether the kernel says where in memory the range is.
  fileprivate var hasPlace: Bool { pa.value != UInt64.max && pa.value != UInt64(UInt32.max) }
}

/// Compares walks with what QEMU's walker answered in the frozen guest.
struct AnswerComparison {
  let machine: Machine
  let truth: GuestTruth

  func disagreements(limit: Int) -> [String] {
    var found: [String] = []
    for answer in truth.answers ?? [] where found.count < limit {
      var state = machine.paging
      state.cr3 = answer.root.value
      let address = VirtualAddress(answer.va.value)
      let result = state.walk(address, in: machine.memory).result
      let got = result.translation.map { $0.address.rawValue }
      guard got != answer.pa?.value else { continue }
      found.append(
        "root \(state.root): QEMU has \(address) at \(answer.pa.map { $0.value.hex } ?? "nothing"), "
          + "the tables say \(got.map { $0.hex } ?? result.outcome.rawValue)")
    }
    return found
  }
}
