import PhysicalMemory

extension DumpFile {
  /// Kinds of file that are no raw images though they are not read, by their first bytes.
  private static let foreign: [(magic: String, kind: String, suggestion: String)] = [
    ("DISKDUMP", "a diskdump file", "convert it to an ELF core"),
    ("hibr", "a Windows hibernation file", "convert it to a raw image"),
    ("HIBR", "a Windows hibernation file", "convert it to a raw image"),
    ("QFI\u{fb}", "a QEMU disk image", "name a memory dump"),
    ("\u{2}\u{21}\u{4c}\u{18}", "compressed by lz4's legacy format", "decompress it first"),
    ("BZh", "compressed by bzip2", "decompress it first"),
    ("PK\u{3}\u{4}", "a ZIP archive", "unpack it first"),
    ("7z\u{bc}\u{af}", "a 7-Zip archive", "unpack it first"),
  ]

  /// The format of the bytes; whatever begins like none of the known ones is a raw image.
  static func recognise(_ bytes: ByteMapping, path: String) throws(DumpError) -> DumpFormat {
    if ElfCore.recognises(bytes) {
      return bytes.load(UInt8.self, at: 4) == ElfClass.narrow.rawValue ? .elf32 : .elf64
    }
    if LimeFile.recognises(bytes) { return .lime }
    if AvmlFile.recognises(bytes) { return .avml }
    if KdumpFile.recognises(bytes) { return .kdump }
    if CrashDump.recognises(bytes) { return .crashDump(of: bytes) }
    for (magic, kind, suggestion) in foreign where bytes.begins(with: magic) {
      throw .unsupported(
        path: path, reason: "is \(kind), which is not read", suggestion: suggestion)
    }
    return .raw
  }
}

extension DumpFormat {
  /// Which form of Windows crash dump the bytes are.
  static func crashDump(of bytes: ByteMapping) -> DumpFormat {
    let header = HeaderReader(bytes: bytes, path: "", isWide: true)
    return header.load(CrashDumpHeader.validDump) == CrashDumpHeader.dump ? .dmp32 : .dmp
  }
}

extension ByteMapping {
  /// Whether the bytes begin with `magic`, whose characters stand for one byte each.
  func begins(with magic: String) -> Bool {
    magic.unicodeScalars.enumerated().allSatisfy { index, scalar in
      load(UInt8.self, at: UInt64(index)) == UInt8(truncatingIfNeeded: scalar.value)
    }
  }
}
