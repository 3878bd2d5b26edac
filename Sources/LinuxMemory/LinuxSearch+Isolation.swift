import BitLayout
import Paging
import PhysicalMemory

/// The addresses of the two top tables of a process, which are allocated as a pair.
enum IsolatedTables {
  /// Linux arch/x86/include/asm/pgtable.h, PTI_PGTABLE_SWITCH_BIT.
  static let user = BitField("user", 12, .value, "the table of user mode, not the kernel's")
}

/// Page-table isolation of x86 (PTI): each process has a second top table for user mode.
extension LinuxSearch {
  /// Whether the processes have two roots each.
  func isIsolated(_ processes: [LinuxProcess]) -> Bool {
    isIsolated(processes.compactMap(\.root))
  }

  /// Whether behind each root is one with the same user half.
  ///
  /// The kernel's copy of an entry of the user half has XD set besides (Linux arch/x86/mm/pti.c,
  /// __pti_set_user_pgtbl).
  func isIsolated(_ roots: [PhysicalAddress]) -> Bool {
    guard paging.canIsolate else { return false }
    var (pairs, others) = (0, 0)
    for root in Set(roots) {
      switch isPair(root) {
      case true?: pairs += 1
      case false?: others += 1
      case nil: break
      }
    }
    return pairs > 0 && others == 0
  }

  /// Whether a root and the page behind it are such a pair; nil where nothing tells.
  private func isPair(_ root: PhysicalAddress) -> Bool? {
    guard root.rawValue & IsolatedTables.user.mask == 0 else { return false }
    let user = PhysicalAddress(root.rawValue | IsolatedTables.user.mask)
    let count = paging.entryCount(paging.topLevel)
    var isKnown = false
    for index in 0..<(paging.mode == .pae ? count * 3 / 4 : count / 2) {
      guard let own = paging.entry(of: root, at: index, in: memory),
        let other = paging.entry(of: user, at: index, in: memory)
      else { return nil }
      let ignored = X86Fields.accessed.mask | X86Fields.executeDisable.mask
      guard own & ~ignored == other & ~ignored else { return false }
      isKnown = isKnown || own != 0
    }
    return isKnown ? true : nil
  }
}

extension PagingState {
  /// Whether kernels for the mode have page-table isolation by pairs of top tables.
  var canIsolate: Bool { mode == .x86_64 || mode == .la57 || mode == .pae }
}
