import PhysicalMemory

extension DumpFile {
  /// Kinds of file that are no raw images though they are not read, by their first bytes.
  private static let foreign: [(magic: String, kind: String, suggestion: String)] = [
    ("PAGEDU64", "a Windows crash dump", "convert it to a raw image"),
    ("PAGEDUMP", "a 32-bit Windows crash dump", "convert it to a raw image"),
    ("KDUMP   ", "a kdump file", "convert it to an ELF core"),
    ("DISKDUMP", "a diskdump file", "convert it to an ELF core"),
    ("makedumpfile\0", "a flattened kdump file", "convert it to an ELF core"),
    ("hibr", "a Windows hibernation file", "convert it to a raw image"),
    ("HIBR", "a Windows hibernation file", "convert it to a raw image"),
    ("QFI\u{fb}", "a QEMU disk image", "name a memory dump"),
    ("BZh", "compressed by bzip2", "decompress it first"),
    ("PK\u{3}\u{4}", "a ZIP archive", "unpack it first"),
    ("7z\u{bc}\u{af}", "a 7-Zip archive", "unpack it first"),
    ("\u{4}\u{22}\u{4d}\u{18}", "compressed by lz4", "decompress it first"),
  ]

  /// The format of the bytes; whatever begins like none of the known ones is a raw image.
  static func recognise(_ bytes: ByteMapping, path: String) throws(DumpError) -> DumpFormat {
    if ElfCore.recognises(bytes) {
      return bytes.load(UInt8.self, at: 4) == ElfClass.narrow.rawValue ? .elf32 : .elf64
    }
    if LimeFile.recognises(bytes) { return .lime }
    if AvmlFile.recognises(bytes) { return .avml }
    for (magic, kind, suggestion) in foreign where begins(bytes, with: magic) {
      throw .unsupported(
        path: path, reason: "is \(kind), which is not read", suggestion: suggestion)
    }
    return .raw
  }

  /// Whether the bytes begin with `magic`, whose characters stand for one byte each.
  private static func begins(_ bytes: ByteMapping, with magic: String) -> Bool {
    magic.unicodeScalars.enumerated().allSatisfy { index, scalar in
      bytes.load(UInt8.self, at: UInt64(index)) == UInt8(truncatingIfNeeded: scalar.value)
    }
  }
}
