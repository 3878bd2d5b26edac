import LinuxMemory
import PhysicalMemory

/// What an area says beside its addresses and rights.
struct AreaFacts {
  let area: MemoryArea

  init(_ area: MemoryArea) { self.area = area }

  /// Path, place in the file and flags, each after two blanks: `  /data, 17000 bytes, from 0x5000 on  VmFlags: um`.
  var words: String {
    var file = area.path
    if let size = area.fileSize { file += ", \(size) bytes" }
    if area.fileOffset != 0 { file += ", from \(area.fileOffset.hex) on" }
    let rights: MemoryArea.Flags = [.read, .write, .execute, .shared]
    let flags = MemoryArea.Flags.letters.filter {
      !rights.contains($0.flag) && area.flags.contains($0.flag)
    }.map(\.letters)
    let vmFlags = flags.isEmpty ? "" : "VmFlags: \(flags.joined(separator: " "))"
    return [file, vmFlags].filter { !$0.isEmpty }.map { "  \($0)" }.joined()
  }
}
