public import PhysicalMemory

/// A top table that was found by looking at all of memory.
public struct ScannedRoot: Hashable, Sendable {
  /// The table.
  public var table: PhysicalAddress
  /// How many entries of the kernel's half are those of the root in use.
  public var equal: Int
  /// Of how many.
  public var count: Int
}

/// Looks for the roots of processes where nothing leads to them.
enum RootScan {
  /// The most roots that are given, so that memory which lies cannot fill that of the reader.
  private static let countLimit = 1 << 16

  /// All tables that have the kernel's half of the root in use, lowest first; none on arm64, where
  /// roots have nothing in common.
  static func roots(_ kernel: LinuxKernelMemory) -> [ScannedRoot] {
    guard let likeness = RootLikeness(kernel), kernel.memory.byteCount <= Vmcoreinfo.searchLimit
    else {
      return []
    }
    var roots: [ScannedRoot] = []
    let step = kernel.rootAlignment
    for run in kernel.memory.runs {
      var address = (run.start.rawValue &+ (step - 1)) & ~(step - 1)
      while address >= run.start.rawValue, address <= run.last.rawValue {
        let table = PhysicalAddress(address)
        if likeness.passesProbe(table) {
          let score = likeness.of(table)
          if score.isRoot {
            roots.append(ScannedRoot(table: table, equal: score.equal, count: score.count))
          }
        }
        guard roots.count < countLimit else { return roots }
        let (next, overflows) = address.addingReportingOverflow(step)
        if overflows { break }
        address = next
      }
    }
    return roots
  }
}
