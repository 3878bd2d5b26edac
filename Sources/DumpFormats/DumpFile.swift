public import PhysicalMemory

/// A memory dump, opened: its memory, and what it says about the machine.
public struct DumpFile: Sendable {
  /// The file, as the user named it.
  public let path: String
  /// The container, found by content.
  public let format: DumpFormat
  /// How the file is compressed, the outermost first.
  public let compressions: [Compression]
  /// The physical memory; what the file does not hold is absent.
  public let memory: MemoryImage
  /// The size of the file in bytes, as it is stored.
  public let fileSize: UInt64
  /// The size in bytes after decompression.
  public let contentSize: UInt64
  /// The processors whose control registers the dump recorded.
  public let processors: [ProcessorState]
  /// The processor family, where the format names one that is known.
  public let architecture: Architecture?
  /// The text of the Linux kernel's VMCOREINFO note, where there is one.
  public let vmcoreinfo: String?
  /// What is wrong or unusual about the file though it could be opened.
  public let warnings: [String]

  /// The outermost compression.
  public var compression: Compression? { compressions.first }

  /// Opens a dump of any format, compressed or not, recognised by content.
  ///
  /// A compressed dump is decompressed to a file without a name in `TMPDIR`.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - base: the physical address of the first byte of a raw image; other formats say their own.
  ///   - format: the format to take for granted instead of recognising it.
  ///   - limits: what opening may cost.
  /// - Returns: the dump, mapped into memory.
  /// - Throws: `DumpError`, which tells a file that does not open from one that is malformed.
  public static func open(
    _ path: String, base: PhysicalAddress = PhysicalAddress(0), format: DumpFormat? = nil,
    limits: DumpLimits = DumpLimits()
  ) throws(DumpError) -> DumpFile {
    let source = try DumpSource(path, limits: limits)
    let recognised = if let format { format } else { try recognise(source.bytes, path: path) }
    switch recognised {
    case .raw: return try raw(source, path: path, base: base)
    case .lime:
      let file = try LimeFile(source.bytes, path: path, limits: limits)
      return DumpFile(
        path, .lime, source, runs(source, file.segments), base: base,
        warnings: file.warnings.list)
    case .elf32, .elf64:
      let core = try ElfCore(source.bytes, path: path, limits: limits)
      return DumpFile(
        path, core.elfClass == .wide ? .elf64 : .elf32, source, runs(source, core.segments),
        base: base, notes: core.notes, architecture: core.architecture,
        warnings: core.warnings.list)
    }
  }

  private init(
    _ path: String, _ format: DumpFormat, _ source: DumpSource, _ memory: MemoryImage,
    base: PhysicalAddress, notes: ElfNotes = ElfNotes(), architecture: Architecture? = nil,
    warnings: [String]
  ) {
    self.path = path
    self.format = format
    compressions = source.compressions
    self.memory = memory
    fileSize = source.fileSize
    contentSize = UInt64(source.bytes.count)
    processors = notes.processors
    vmcoreinfo = notes.vmcoreinfo
    self.architecture = architecture
    let unused =
      format == .raw || base.rawValue == 0
      ? [] : ["the base address \(base) is not used: the file says its own addresses"]
    self.warnings = source.warnings + unused + warnings
  }

  private static func runs(_ source: DumpSource, _ segments: [RunMemory.Segment]) -> MemoryImage {
    .runs(RunMemory(source.bytes, segments))
  }

  private static func raw(
    _ source: DumpSource, path: String, base: PhysicalAddress
  ) throws(DumpError) -> DumpFile {
    let count = UInt64(source.bytes.count)
    guard count <= UInt64.max - base.rawValue else {
      throw .unsupported(
        path: path, reason: "from base address \(base) on it reaches past the address space",
        suggestion: "choose a lower base address")
    }
    let odd = count % frameSize
    return DumpFile(
      path, .raw, source, .flat(FlatMemory(source.bytes, base: base)), base: base,
      warnings: odd == 0 ? [] : ["the last frame is cut off: it has \(odd) of 4096 bytes"])
  }
}
