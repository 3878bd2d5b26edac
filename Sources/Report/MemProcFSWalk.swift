import Machine
import Paging
import PhysicalMemory

/// A walk as MemProcFS writes it into `map.txt`: a line a table, with the table's address, the byte
/// offset of the entry in it, and the entry; then the physical address, with the offset in the page.
///
/// Levels that the walk does not reach are zeros, as there. An entry that the image does not hold
/// is question marks of the same width: unknown is not zero.
struct MemProcFSWalk {
  let paging: PagingState
  let walk: Walk

  func write(to out: inout TextBuffer) {
    for level in stride(from: paging.topLevel, through: 1, by: -1) { write(level, to: &out) }
    out.write("PAGE ")
    out.bareHex(walk.result.translation?.address.rawValue ?? 0, digits: 16)
    out.endLine()
  }

  private func write(_ level: Int, to out: inout TextBuffer) {
    let step = walk.steps.first { $0.level == level }
    let offset = (step?.index ?? 0) * UInt64(paging.entrySize)
    out.write(name(level), width: 4)
    out.write(" ")
    out.bareHex((step?.entryAddress.rawValue ?? 0) &- offset, digits: 16)
    out.write(" +")
    out.bareHex(offset, digits: 3)
    out.write(" ")
    let digits = paging.entrySize * 2
    if let step, step.entry == nil {
      out.write(String(repeating: "?", count: digits))
    } else {
      out.bareHex(step?.entry ?? 0, digits: digits)
    }
    out.endLine()
  }

  private func name(_ level: Int) -> String {
    walk.mode == .arm64 ? "LVL\(4 - level)" : ["PT", "PD", "PDPT", "PML4", "PML5"][level - 1]
  }
}
