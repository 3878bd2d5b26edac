import BitLayout
import PhysicalMemory
import WindowsMemory

/// An entry as the debugger's `dt nt!_MMPTE_...` writes it: a line a field, in binary.
struct WindbgType {
  let structure: WindowsStructure
  let layout: WordLayout
  let word: UInt64

  func write(to out: inout TextBuffer) {
    out.write("nt!\(structure.rawValue)\n")
    for field in layout.fields {
      let name = String(describing: field.name)
      // Bits that no member covers have no line.
      guard name != String(describing: WindowsKernel.gapName) else { continue }
      out.write("   +0x000 \(name)")
      out.spaces(16 - name.utf8.count)
      out.write(" : 0y")
      let value = field.value(in: word)
      let digits = String(value, radix: 2)
      out.write(String(repeating: "0", count: max(0, field.width - digits.count)) + digits)
      if field.width > 4 { out.write(value == 0 ? " (0)" : " (\(value.hex))") }
      out.endLine()
    }
  }
}
