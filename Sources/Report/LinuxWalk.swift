import Machine
import Paging
import PhysicalMemory

/// A walk as a Linux kernel writes it into an oops, by the kernel's names of the levels.
///
/// The x86 forms are those of `dump_pagetable` (arch/x86/mm/fault.c), the arm64 form is that of `show_pte`
/// (arch/arm64/mm/fault.c): levels that the processor does not have show the entry of the level they are
/// folded into, and an entry that cannot be read is `BAD`.
struct LinuxWalk {
  let paging: PagingState
  let walk: Walk

  func write(to out: inout TextBuffer) {
    if walk.writeNonCanonical(to: &out) { return }
    switch walk.mode {
    case .arm64: writeARM64(to: &out)
    case .x86_64, .la57: writeLongMode(to: &out)
    case .pae: writeLegacy(["*pte", "*pde", "*pdpt"], to: &out)
    case .x86: writeLegacy(["*pte", "*pde"], to: &out)
    }
  }

  /// The kernel's names of five levels, the lowest first.
  private static let names = ["pte", "pmd", "pud", "p4d", "pgd"]

  /// Each level that the kernel has, from the top: its name, and the entry that it reads there.
  private var levels: [(name: String, entry: UInt64?, isLast: Bool)] {
    walk.steps.enumerated().flatMap { index, step in
      // The top table stands for all the levels above it too.
      let highest = index == 0 ? Self.names.count : step.level
      return (step.level...highest).reversed().map {
        (Self.names[$0 - 1], step.entry, step.level == 1)
      }
    }
  }

  private func writeLongMode(to out: inout TextBuffer) {
    for level in levels {
      guard let entry = level.entry else { return out.write("\nBAD\n") }
      out.write("\(level.name.uppercased()) ")
      out.bareHex(entry)
      if !level.isLast { out.write(" ") }
    }
    out.endLine()
  }

  private func writeLegacy(_ names: [String], to out: inout TextBuffer) {
    for step in walk.steps {
      guard let entry = step.entry else { return out.write("\nBAD\n") }
      out.write("\(names[step.level - 1]) = ")
      out.bareHex(entry, digits: paging.entrySize * 2)
      out.write(" ")
    }
    out.endLine()
  }

  private func writeARM64(to out: inout TextBuffer) {
    let half = ARM64Half(of: walk.address.rawValue) == .lower ? "user" : "swapper"
    let granule = 1 << (paging.pageShift(1) - 10)
    out.write("\(half) pgtable: \(granule)k pages, \(paging.translatedBits)-bit VAs, pgdp=")
    out.bareHex(walk.root.rawValue, digits: 16)
    out.endLine()
    out.write("[")
    out.bareHex(walk.address.rawValue, digits: 16)
    out.write("]")
    for (index, level) in levels.enumerated() {
      out.write(index == 0 ? " \(level.name)=" : ", \(level.name)=")
      guard let entry = level.entry else { return out.write("BAD\n") }
      out.bareHex(entry, digits: 16)
    }
    out.endLine()
  }
}
