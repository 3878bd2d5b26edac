import Machine
import Paging
import PhysicalMemory

/// A walk as Rekall's `vtop` writes it.
///
/// The lines for a 4-KiB page are those of its documentation. What Rekall prints beside a large page is
/// not the address that it goes on with (it takes a wrong bit of the virtual one into it), so that
/// line has the right address here. A word that the image lacks is not zero, as it is there.
struct RekallWalk {
  let paging: PagingState
  let walk: Walk

  func write(to out: inout TextBuffer) {
    if walk.writeNonCanonical(to: &out) { return }
    out.write("Virtual ")
    out.hex(walk.address.rawValue & addressMask)
    out.write(" Page Directory ")
    out.hex(walk.root.rawValue, digits: 8)
    out.endLine()
    for step in walk.steps { write(step, to: &out) }
    switch walk.result {
    case .mapped(let page): write(page, to: &out)
    case .stopped(let stop): write(stop, to: &out)
    }
  }

  private func write(_ step: WalkStep, to out: inout TextBuffer) {
    out.write("\(name(step.level))@ \(step.entryAddress) = ")
    out.write(step.entry.map(\.hex) ?? "not in the image")
    out.endLine()
  }

  private func write(_ page: Translation, to out: inout TextBuffer) {
    let frame = page.address.rawValue & ~(page.pageSize - 1)
    if page.level == 1, let step = walk.steps.last {
      out.write("PTE mapped@ \(step.entryAddress) = \(frame.hex)\n")
    } else if page.level == 2 {
      out.write("Large page mapped \(page.address)\n")
    } else {
      out.write("One Gig page\n")
    }
    out.write("Physical Address \(page.address)\n")
  }

  private func write(_ stop: WalkStop, to out: inout TextBuffer) {
    switch stop.cause {
    case .notPresent: out.write("Invalid \(walk.mode.entryName(stop.level))\n")
    case .reservedBits(let bits):
      out.write("Invalid \(walk.mode.entryName(stop.level)), reserved bits \(bits.hex)\n")
    case .missing, .nonCanonical: break
    }
  }

  private func name(_ level: Int) -> String { walk.mode.entryName(level).lowercased() }

  /// Rekall has no upper half: it leaves the bits out that only repeat another.
  private var addressMask: UInt64 {
    let bits = paging.half(of: walk.address).translatedBits
    return bits >= 64 ? .max : 1 << bits - 1
  }
}
