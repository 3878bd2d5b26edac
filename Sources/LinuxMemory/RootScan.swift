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
    let frames = kernel.memory.dataFrames
    guard let likeness = RootLikeness(kernel), frames.frameCount <= Vmcoreinfo.searchedFrames else {
      return []
    }
    var roots: [ScannedRoot] = []
    for frame in frames.joined() {
      for offset in stride(from: 0, to: frameSize, by: Int(kernel.rootAlignment)) {
        let table = PhysicalAddress(frame * frameSize + offset)
        guard likeness.passesProbe(table) else { continue }
        let score = likeness.of(table)
        guard score.isRoot else { continue }
        roots.append(ScannedRoot(table: table, equal: score.equal, count: score.count))
        guard roots.count < countLimit else { return roots }
      }
    }
    return roots
  }
}
