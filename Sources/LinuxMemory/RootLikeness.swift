import BitLayout
import Paging
import PhysicalMemory

/// How much the kernel's half of a table is like that of the root in use.
///
/// All roots of x86 have the same upper entries, but for what the kernel copies into each only when it
/// is used. arm64 has one table for the kernel, so that roots have nothing in common there.
struct RootLikeness {
  /// Of how many entries how many are equal.
  struct Score: Hashable {
    var equal = 0
    var count = 0
    /// Whether an entry of the user half is none that a kernel writes.
    var isMalformed = false

    /// At most one entry in eight differs.
    var isRoot: Bool { !isMalformed && equal > 0 && (count - equal) * 8 <= count }
  }

  private let kernel: LinuxKernelMemory
  /// The kernel's entries that are present, without what the processor writes into them.
  private let reference: [(index: Int, entry: UInt64)]
  /// Where the kernel's half begins.
  private let firstIndex: Int

  /// Takes the root in use as the model; nil on arm64, or where it has no kernel half.
  init?(_ kernel: LinuxKernelMemory) {
    self.kernel = kernel
    let paging = kernel.paging
    let count = paging.isARM64 ? 0 : paging.entryCount(paging.topLevel)
    firstIndex = paging.mode == .x86 || paging.mode == .pae ? count * 3 / 4 : count / 2
    reference = (firstIndex..<count).compactMap { index in
      guard let entry = paging.entry(of: paging.root, at: index, in: kernel.memory),
        X86Fields.present.isSet(in: entry)
      else { return nil }
      return (index, entry & ~Self.written)
    }
    guard !reference.isEmpty else { return nil }
  }

  private static let written = X86Fields.accessed.mask | X86Fields.dirty.mask

  /// Whether the entry at the place of `probe` is that of a root.
  func passesProbe(_ table: PhysicalAddress) -> Bool {
    let last = reference[reference.count - 1]
    let entry = kernel.paging.entry(of: table, at: last.index, in: kernel.memory)
    return entry.map { $0 & ~Self.written } == last.entry
  }

  /// Compares a table.
  func of(_ table: PhysicalAddress) -> Score {
    let paging = kernel.paging
    var score = Score(count: reference.count)
    for (index, wanted) in reference {
      guard let entry = paging.entry(of: table, at: index, in: kernel.memory) else { continue }
      if entry & ~Self.written == wanted { score.equal += 1 }
    }
    for index in 0..<firstIndex {
      guard let entry = paging.entry(of: table, at: index, in: kernel.memory) else { continue }
      if case .reserved = paging.meaning(of: entry, level: paging.topLevel) {
        // What emulators write into PDPTEs is no sign of another kind of page.
        score.isMalformed = score.isMalformed || paging.mode != .pae
      }
    }
    return score
  }
}
