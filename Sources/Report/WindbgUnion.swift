import Paging
import PhysicalMemory
import WindowsMemory

/// An entry as the debugger's `dt -r1 nt!_MMPTE` writes it: the union, a line a form.
///
/// The lines are those that were published of Windows 7 (PAE and x64) and of Windows 10 (x64), each only
/// where the kernel has the form.
struct WindbgUnion {
  let kernel: WindowsKernel
  let word: UInt64

  private enum Member {
    /// The word itself.
    case number(String)
    /// A form whose layout is in our table.
    case form(String, WindowsStructure)
    /// A form that says the same as others in other words.
    case alias(String, type: String)
  }

  /// The first build whose union has the word twice: Vista.
  private static let firstVolatileBuild = 6000
  /// The last build whose union has the processor's own type beside the memory manager's: Windows 7.
  private static let lastFlushBuild = 7601

  private var members: [Member] {
    let format = kernel.format
    let flush: [Member] =
      kernel.id.build <= Self.lastFlushBuild ? [.alias("Flush", type: "_HARDWARE_PTE")] : []
    let hard: [Member] = [.form("Hard", .hardware)]
    let volatile: [Member] =
      kernel.id.build >= Self.firstVolatileBuild ? [.number("VolatileLong")] : []
    return [.number("Long")] + volatile
      + (format == .pae ? [.alias("HighLow", type: "_MMPTE_HIGHLOW")] : [])
      + (format == .x64 ? hard + flush : flush + hard)
      + [
        .form("Proto", .prototype), .form("Soft", .software), .form("TimeStamp", .timeStamp),
        .form("Trans", .transition), .form("Subsect", .subsection), .form("List", .list),
      ]
  }

  func write(to out: inout TextBuffer) {
    out.write("nt!_MMPTE\n   +0x000 u                : <unnamed-tag>\n")
    for member in members {
      switch member {
      case .number(let name): line(name, number, to: &out)
      case .alias(let name, let type): line(name, type, to: &out)
      case .form(let name, let form):
        guard kernel.layout(form) != nil else { continue }
        line(name, form.rawValue, to: &out)
      }
    }
  }

  private func line(_ name: String, _ value: String, to out: inout TextBuffer) {
    out.write("      +0x000 \(name)")
    out.spaces(16 - name.utf8.count)
    out.write(" : \(value)\n")
  }

  /// The debugger writes 64 bits in two halves.
  private var number: String {
    guard kernel.format != .x86 else { return word.hex }
    let (high, low) = (word >> 32, word & 0xffff_ffff)
    return high == 0 ? word.hex : "\(high.hex)`\(low.hex(digits: 8).dropFirst(2))"
  }
}
