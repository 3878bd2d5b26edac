import Paging
import WindowsMemory

extension MachineOverrides {
  func chooseRoot(of machine: inout Machine) throws(Problem) {
    if pid != nil || process != nil {
      var spaces = machine.addressSpaces(pid: pid, process: process)
      if spaces.isEmpty, machine.format != Machine.scenarioFormat {
        // The image may hold records that nothing in it leads to.
        machine.searchWindows()
        spaces = machine.addressSpaces(pid: pid, process: process)
      }
      guard let first = spaces.first else { throw noSuchProcess(in: machine) }
      machine.addressSpaces = spaces
      machine.paging.cr3 = first.register
    }
    guard let root else { return }
    // Where there is a list of processes, the root is the one that the list is read by.
    let isList = machine.system.windows?.processListHead != nil
    if isList, pid != nil || process != nil { return }
    machine.paging.cr3 = root
    let known = machine.addressSpaces.first {
      machine.paging(of: $0).root == machine.paging.root
    }
    var given = known ?? AddressSpace(register: root, foundBy: "--root")
    (given.register, given.foundBy, given.sureness) = (root, "--root", nil)
    let others = isList ? machine.addressSpaces.filter { $0 != known } : []
    machine.addressSpaces = [given] + others
  }

  private func noSuchProcess(in machine: Machine) -> Problem {
    let wanted = process ?? pid.map { "pid \($0)" } ?? ""
    var known: [String] = []
    for case let owner? in machine.addressSpaces.map(\.owner) where owner != known.last {
      known.append(owner)
    }
    guard !known.isEmpty else {
      let why = machine.provenance.first { $0.subject == "processes" }.map { " (\($0.source))" }
      let remedy =
        machine.system.windows == nil && machine.system.linux == nil
        ? "use --root ADDRESS, or --os windows-... to have its processes searched"
        : "use --root ADDRESS"
      return Problem("no process \(wanted): this image names no processes\(why ?? ""); \(remedy)")
    }
    let shown = known.prefix(12).joined(separator: ", ")
    return Problem("no process \(wanted); known: \(shown)\(known.count > 12 ? ", ..." : "")")
  }
}
