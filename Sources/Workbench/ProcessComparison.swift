import LinuxMemory
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
      if let difference = areaDifference(process) { found.append("\(name): \(difference)") }
    }
    let known = Set(truth.processes.map(\.pid))
    for space in machine.addressSpaces {
      // The swapper has tables, but is no process for /proc.
      guard let pid = space.pid, pid != 0, !known.contains(pid) else { continue }
      found.append("\(space.owner ?? "process \(pid)") was found, the guest has no such process")
    }
    return Array(found.prefix(limit))
  }

  /// The first area that the kernel in the dump and `/proc/PID/maps` have otherwise.
  private func areaDifference(_ process: GuestTruth.Process) -> String? {
    guard let reader = machine.system.linux?.areaReader else { return nil }
    guard let areas = reader.areas(ofProcess: process.pid)?.areas else {
      return "its areas cannot be read in the dump"
    }
    // The kernel shows an area that no process has: that of vsyscall.
    let wanted = process.areas.areas.filter { $0.start <= machine.paging.lastUserAddress }
    for (index, area) in wanted.enumerated() {
      guard index < areas.count else { return "maps has \(text(area)), the dump has not" }
      let found = areas[index]
      let isAlike =
        area.start == found.start && area.end == found.end && area.flags == found.flags
        && (area.inode, area.deviceMajor) == (found.inode, found.deviceMajor)
        && (area.inode == 0 || area.fileOffset == found.fileOffset)
      guard isAlike else { return "maps has \(text(area)), the dump has \(text(found))" }
    }
    return areas.count > wanted.count
      ? "the dump has \(text(areas[wanted.count])), maps has not" : nil
  }

  private func text(_ area: MemoryArea) -> String {
    "\(area.start.hex)..\((area.end - 1).hex) \(area.permissions) flags \(area.flags.rawValue.hex) "
      + "offset \(area.fileOffset.hex) inode \(area.inode) \(area.path)"
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
