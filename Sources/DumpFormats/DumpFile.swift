public import PhysicalMemory

/// A memory dump, opened: its memory, and what it says about the machine.
public struct DumpFile: Sendable {
  /// The file, as the user named it.
  public let path: String
  /// All files that the dump is read from, `path` first: those of other parts, or of the memory that
  /// belongs to a snapshot, follow.
  public let files: [String]
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
  /// The top table that the header names, in formats that record no registers.
  public let root: RecordedRoot?
  /// What the header of a Windows crash dump says of the kernel; nil for other formats.
  public let windows: WindowsDumpHeader?
  /// What else the header says.
  public let facts: [DumpFact]
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
    try open(path, layout: RawLayout(base: base), format: format, limits: limits)
  }

  /// Opens a dump of any format, with what the user says of the layout of a raw image.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - layout: where the bytes of a raw image are; other formats say their own.
  ///   - format: the format to take for granted instead of recognising it.
  ///   - limits: what opening may cost.
  /// - Returns: the dump, mapped into memory.
  /// - Throws: `DumpError`, which tells a file that does not open from one that is malformed.
  public static func open(
    _ path: String, layout: RawLayout, format: DumpFormat? = nil,
    limits: DumpLimits = DumpLimits()
  ) throws(DumpError) -> DumpFile {
    var source = try DumpSource(path, limits: limits)
    if format == nil || format == .vmware {
      let contents = try vmware(&source, path: path, limits: limits)
      if let contents { return DumpFile(path, source, contents, layout: layout) }
    }
    let recognised = if let format { format } else { try recognise(source.bytes, path: path) }
    let contents =
      switch recognised {
      case .raw: try raw(source, path: path, layout: layout)
      case .lime: try lime(source, path: path, limits: limits)
      case .avml: try avml(source, path: path, limits: limits)
      case .elf32, .elf64: try core(source, path: path, limits: limits)
      case .kdump: try kdump(source, path: path, limits: limits)
      case .vmware:
        throw .unsupported(
          path: path, reason: "is no snapshot of VMware, and none is beside it",
          suggestion: "put the .vmss or .vmsn file beside it")
      case .dmp, .dmp32: try crashDump(source, path: path, limits: limits)
      }
    return DumpFile(path, source, contents, layout: layout)
  }

  private init(
    _ path: String, _ source: DumpSource, _ contents: DumpContents, layout: RawLayout
  ) {
    self.path = path
    files = [path] + contents.companions
    format = contents.format
    compressions = source.compressions
    memory = contents.memory
    fileSize = source.fileSize
    contentSize = UInt64(source.bytes.count)
    processors = contents.processors
    vmcoreinfo = contents.vmcoreinfo
    architecture = contents.architecture
    root = contents.root
    windows = contents.windows
    facts = contents.facts
    let unused =
      format == .raw || layout == RawLayout()
      ? [] : ["base address and holes are not used: the file says its own addresses"]
    warnings = source.warnings + unused + contents.warnings
  }
}

/// What the reader of one format finds in a file.
struct DumpContents {
  var format: DumpFormat
  var memory: MemoryImage
  /// The files beside the one that was opened.
  var companions: [String] = []
  var processors: [ProcessorState] = []
  var architecture: Architecture?
  var vmcoreinfo: String?
  var root: RecordedRoot?
  var windows: WindowsDumpHeader?
  var facts: [DumpFact] = []
  var warnings: [String] = []
}

extension DumpFile {
  private static func lime(
    _ source: DumpSource, path: String, limits: DumpLimits
  ) throws(DumpError) -> DumpContents {
    let file = try LimeFile(source.bytes, path: path, limits: limits)
    return DumpContents(
      format: .lime, memory: .runs(RunMemory(source.bytes, file.segments)),
      warnings: file.warnings.list)
  }

  private static func core(
    _ source: DumpSource, path: String, limits: DumpLimits
  ) throws(DumpError) -> DumpContents {
    let core = try ElfCore(source.bytes, path: path, limits: limits)
    return DumpContents(
      format: core.elfClass == .wide ? .elf64 : .elf32,
      memory: .runs(RunMemory(source.bytes, core.segments)), processors: core.notes.processors,
      architecture: core.architecture, vmcoreinfo: core.notes.vmcoreinfo,
      warnings: core.warnings.list)
  }

  private static func avml(
    _ source: DumpSource, path: String, limits: DumpLimits
  ) throws(DumpError) -> DumpContents {
    let file = try AvmlFile(source.bytes, path: path, limits: limits)
    return DumpContents(
      format: .avml, memory: try .paged(AvmlFrames(source.bytes, file.blocks), limits: limits),
      warnings: file.warnings.list)
  }

  private static func kdump(
    _ source: DumpSource, path: String, limits: DumpLimits
  ) throws(DumpError) -> DumpContents {
    let file = try KdumpFile(source.bytes, path: path, limits: limits)
    let (files, split) = try KdumpSiblings.parts(of: file, path: path, limits: limits)
    var warnings = file.warnings.list + split
    var parts: [KdumpPart] = []
    for file in files {
      let (part, warning) = try file.part()
      parts.append(part)
      if let warning { warnings.append(warning) }
    }
    guard parts.contains(where: { $0.present.count > 0 }) else { throw file.isEmpty }
    let facts = file.text(.release).map {
      DumpFact(subject: "kernel", value: $0, source: "utsname in the header")
    }
    return DumpContents(
      format: .kdump, memory: try .paged(KdumpFrames(parts), limits: limits),
      companions: files.map(\.header.path).filter { $0 != path },
      processors: file.notes.processors, architecture: file.architecture,
      vmcoreinfo: file.notes.vmcoreinfo, facts: facts.map { [$0] } ?? [], warnings: warnings)
  }

  private static func crashDump(
    _ source: DumpSource, path: String, limits: DumpLimits
  ) throws(DumpError) -> DumpContents {
    var dump = try CrashDump(source.bytes, path: path, limits: limits)
    let memory = try dump.memory()
    return DumpContents(
      format: dump.header.isWide ? .dmp : .dmp32, memory: memory,
      architecture: dump.architecture, root: dump.root, windows: dump.windows, facts: dump.facts,
      warnings: dump.warnings.list)
  }

  private static func raw(
    _ source: DumpSource, path: String, layout: RawLayout
  ) throws(DumpError) -> DumpContents {
    if let problem = layout.problem {
      throw .unsupported(path: path, reason: problem, suggestion: "correct the ranges")
    }
    let base = layout.base
    let count = UInt64(source.bytes.count)
    guard count <= UInt64.max - base.rawValue else {
      throw .unsupported(
        path: path, reason: "from base address \(base) on it reaches past the address space",
        suggestion: "choose a lower base address")
    }
    let odd = count % frameSize
    let isWhole = layout.holes.isEmpty && layout.skips.isEmpty
    return DumpContents(
      format: .raw,
      memory: isWhole
        ? .flat(FlatMemory(source.bytes, base: base))
        : .runs(RunMemory(source.bytes, layout.segments(count: count))),
      warnings: odd == 0 ? [] : ["the last frame is cut off: it has \(odd) of 4096 bytes"])
  }
}
