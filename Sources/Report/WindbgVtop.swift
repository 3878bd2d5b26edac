import Machine
import Paging
import PhysicalMemory

/// A walk as the debugger's `!vtop` writes it, with the root where the debugger has the page directory.
struct WindbgVtop {
  let paging: PagingState
  let walk: Walk

  private var isLong: Bool { walk.mode == .x86_64 }
  private var prefix: String { isLong ? "Amd64VtoP: " : "X86VtoP: " }
  /// What the debugger puts before the lines about PAE tables.
  private var kind: String { walk.mode == .pae ? "PAE " : "" }

  func write(to out: inout TextBuffer) {
    if walk.writeNonCanonical(to: &out) { return }
    out.write("\(prefix)Virt ")
    out.bareHex(walk.address.rawValue, digits: 16)
    out.write(", pagedir ")
    out.bareHex(walk.root.rawValue, digits: 16)
    out.endLine()
    for step in walk.steps { write(step, to: &out) }
    switch walk.result {
    case .mapped(let page): write(page, to: &out)
    case .stopped(let stop): write(stop, to: &out)
    }
  }

  private func write(_ step: WalkStep, to out: inout TextBuffer) {
    out.write("\(prefix)\(kind)\(name(step.level)) ")
    out.bareHex(step.entryAddress.rawValue, digits: 16)
    // The 64-bit debugger shows where entries are, the 32-bit one what they are as well.
    if !isLong {
      out.write(" - ")
      guard let entry = step.entry else { return out.write("[not in the image]\n") }
      out.bareHex(entry, digits: paging.entrySize * 2)
    }
    out.endLine()
  }

  private func write(_ page: Translation, to out: inout TextBuffer) {
    let size = page.level == 1 ? "Mapped" : page.level == 2 ? "Large page mapped" : "[1 GiB] mapped"
    out.write("\(prefix)\(kind)\(size) phys ")
    out.bareHex(page.address.rawValue, digits: 16)
    out.write("\nVirtual address ")
    out.bareHex(walk.address.rawValue)
    out.write(" translates to physical address ")
    out.bareHex(page.address.rawValue)
    out.write(".\n")
  }

  /// The debugger's words are known for entries that are 0 only; ours are in brackets.
  private func write(_ stop: WalkStop, to out: inout TextBuffer) {
    let name = name(stop.level)
    switch stop.cause {
    case .notPresent where stop.entry == 0: out.write("\(prefix)\(kind)zero \(name)\n")
    case .notPresent: out.write("\(prefix)\(kind)[\(name) \(stop.entry.hex) is not valid]\n")
    case .reservedBits(let bits):
      out.write("\(prefix)\(kind)[\(name) has reserved \(Wording.bits(bits))]\n")
    case .missing: out.write("\(prefix)\(kind)[the image does not hold the \(name)]\n")
    case .nonCanonical: break
    }
    out.write("Virtual address ")
    out.bareHex(walk.address.rawValue)
    out.write(" translation fails, error ")
    out.write(stop.cause == .notPresent && stop.entry == 0 ? "0xD0000147.\n" : "[unknown].\n")
  }

  private func name(_ level: Int) -> String { ["PTE", "PDE", "PDPE", "PML4E"][level - 1] }
}
