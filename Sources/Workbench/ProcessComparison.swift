import Machine
import Paging
import PhysicalMemory

/// Compares the processes that were found in a dump with those that its kernel listed.
///
/// Only where the dump itself names processes: without them there is nothing to compare.
struct ProcessComparison {
  let machine: Machine
  let truth: GuestTruth

  /// Whether the dump names processes.
  var isPossible: Bool { machine.addressSpaces.contains { $0.pid != nil } }

  func disagreements(limit: Int) -> [String] {
    guard isPossible, limit > 0 else { return [] }
    var found: [String] = []
    for process in truth.processes {
      let name = "\(process.comm) (\(process.pid))"
      let spaces = machine.addressSpaces(pid: process.pid, process: nil)
      guard let first = spaces.first else {
        found.append("\(name) is not among the processes that were found")
        continue
      }
      if first.process != process.comm {
        found.append("process \(process.pid) is \(process.comm), found was \(first.process ?? "-")")
      }
      let wanted = process.root.registers.map(root)
      let got = spaces.map { machine.paging(of: $0).root }
      if wanted != got {
        found.append("\(name) has the roots \(list(wanted)), found were \(list(got))")
      }
    }
    let known = Set(truth.processes.map(\.pid))
    for space in machine.addressSpaces {
      // The swapper has tables, but is no process for /proc.
      guard let pid = space.pid, pid != 0, !known.contains(pid) else { continue }
      found.append("\(space.owner ?? "process \(pid)") was found, the guest has no such process")
    }
    return Array(found.prefix(limit))
  }

  private func root(of register: UInt64) -> PhysicalAddress {
    var state = machine.paging
    state.cr3 = register
    return state.root
  }

  private func list(_ roots: [PhysicalAddress]) -> String {
    roots.map(\.description).joined(separator: " and ")
  }
}
