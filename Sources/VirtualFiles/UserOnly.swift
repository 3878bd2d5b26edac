import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// Which processes MemProcFS shows without what user mode may not use.
extension Machine {
  /// Whether the root of the machine is that of such a process.
  var isUserOnly: Bool {
    addressSpaces.indices.first { paging(of: addressSpaces[$0]).root == paging.root }
      .map(isUserOnly) ?? false
  }

  /// Whether an address space is that of such a process: of Windows all but System, those without an environment
  /// block, and two whose kernel half has more than System's.
  func isUserOnly(_ space: Int) -> Bool {
    guard system.windows != nil, !paging.isARM64, let pid = addressSpaces[space].pid,
      pid != Self.systemPid, let name = addressSpaces[space].process
    else { return false }
    if name.hasPrefix("MemCompressi") { return true }
    if name.hasPrefix("csrss.ex") || name.hasPrefix("lsass.ex") { return false }
    return addressSpaces[space].record.map { $0.peb != nil } ?? true
  }

  private static let systemPid: UInt64 = 4
}

extension Walk {
  /// The walk as far as user mode may go: it ends with the first entry that is the kernel's.
  var ofUser: Walk {
    guard let index = steps.firstIndex(where: { !$0.rights.contains(.user) }) else { return self }
    var walk = self
    walk.steps = Array(steps[...index])
    let step = steps[index]
    walk.result = .stopped(
      WalkStop(
        cause: step.entry == nil ? .missing : .notPresent, level: step.level,
        entryAddress: step.entryAddress, entry: step.entry ?? 0))
    return walk
  }
}
