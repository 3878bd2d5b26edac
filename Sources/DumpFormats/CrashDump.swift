import PhysicalMemory

/// Reads a Windows crash dump of either width: header, then pages described by runs, by a bitmap or
/// by ranges.
struct CrashDump {
  let header: HeaderReader
  let limits: DumpLimits
  let type: CrashDumpType
  private(set) var architecture: Architecture?
  private(set) var root: RecordedRoot?
  private(set) var facts: [DumpFact] = []
  private(set) var windows = WindowsDumpHeader()
  var warnings = Warnings()

  /// Whether the bytes begin as a crash dump does.
  static func recognises(_ bytes: ByteMapping) -> Bool {
    let header = HeaderReader(bytes: bytes, path: "", isWide: true)
    let valid = header.load(CrashDumpHeader.validDump)
    return header.load(CrashDumpHeader.signature) == CrashDumpHeader.page
      && (valid == CrashDumpHeader.dump || valid == CrashDumpHeader.dump64)
  }

  init(_ bytes: ByteMapping, path: String, limits: DumpLimits) throws(DumpError) {
    let narrow = HeaderReader(bytes: bytes, path: path, isWide: false)
    let signature = try narrow.value(CrashDumpHeader.signature)
    guard signature == CrashDumpHeader.page else {
      throw narrow.defect(CrashDumpHeader.signature, expected: "PAGE", found: signature.hex)
    }
    let valid = try narrow.value(CrashDumpHeader.validDump)
    guard valid == CrashDumpHeader.dump || valid == CrashDumpHeader.dump64 else {
      throw narrow.defect(CrashDumpHeader.validDump, expected: "DUMP or DU64", found: valid.hex)
    }
    header = HeaderReader(bytes: bytes, path: path, isWide: valid == CrashDumpHeader.dump64)
    self.limits = limits
    let number = try header.value(CrashDumpHeader.dumpType)
    guard let type = CrashDumpType(rawValue: number) else {
      throw header.defect(
        CrashDumpHeader.dumpType, expected: "1 (full), 2, 5, 6, 8, 9 or 10", found: "\(number)")
    }
    self.type = type
    guard type.pages != nil else {
      throw .unsupported(
        path: path, reason: "is a crash dump that holds next to no memory: \(type.name)",
        suggestion: "configure a kernel or complete memory dump")
    }
    readMachine()
    readFacts()
  }

  /// The value of a field that somebody has set.
  private func set(_ field: HeaderField) -> UInt64? {
    guard let value = header.load(field) else { return nil }
    let isFilled =
      value == CrashDumpHeader.page || value == CrashDumpHeader.page << 32 | CrashDumpHeader.page
    return isFilled ? nil : value
  }

  /// An address that somebody has set: 0 is none.
  private func address(_ field: HeaderField) -> UInt64? {
    set(field).flatMap { $0 == 0 ? nil : $0 }
  }

  private mutating func readMachine() {
    guard let machine = set(CrashDumpHeader.machine) else {
      return warnings.add("MachineImageType is not set")
    }
    let mode: RecordedRoot.Mode
    switch CrashDumpMachine(rawValue: machine) {
    case .i386:
      architecture = .x86
      mode = header.load(CrashDumpHeader.paeEnabled) == 1 ? .pae : .x86
    case .amd64: (architecture, mode) = (.x8664, .x8664)
    case .arm64: (architecture, mode) = (.aarch64, .arm64)
    case nil:
      return warnings.add("MachineImageType \(machine.hex) is none of 0x14c, 0x8664, 0xaa64")
    }
    if header.isWide != (architecture != .x86) {
      warnings.add("MachineImageType \(machine.hex) does not go with this form of the header")
    }
    guard let base = set(CrashDumpHeader.directoryTableBase) else {
      return warnings.add("DirectoryTableBase is not set")
    }
    root = RecordedRoot(
      register: base, mode: mode, source: "DirectoryTableBase of the crash dump's header")
  }

  private mutating func readFacts() {
    func add(_ subject: String, _ value: String?, _ fields: HeaderField...) {
      guard let value else { return }
      let names = fields.map(\.name).joined(separator: ", ")
      facts.append(DumpFact(subject: subject, value: value, source: "\(names) in the header"))
    }
    add("dump", type.name, CrashDumpHeader.dumpType)
    let major = set(CrashDumpHeader.majorVersion)
    let minor = set(CrashDumpHeader.minorVersion)
    if let major, let minor, minor != 0 {
      add(
        "build", "\(minor) (\(major == 0xf ? "free" : major == 0xc ? "checked" : major.hex))",
        CrashDumpHeader.majorVersion, CrashDumpHeader.minorVersion)
    }
    windows = WindowsDumpHeader(
      build: minor.flatMap { $0 == 0 ? nil : Int($0) },
      processList: address(CrashDumpHeader.activeProcesses),
      pfnDatabase: address(CrashDumpHeader.pfnDataBase))
    add("processors", set(CrashDumpHeader.processors).map { "\($0)" }, CrashDumpHeader.processors)
    for field in [
      CrashDumpHeader.bugCheckCode, CrashDumpHeader.debuggerData, CrashDumpHeader.loadedModules,
      CrashDumpHeader.activeProcesses,
    ] {
      guard let value = set(field), value != 0 else { continue }
      add(field.name, value.hex, field)
    }
  }

  /// The memory, as the kind of dump describes it.
  mutating func memory() throws(DumpError) -> MemoryImage {
    switch type.pages {
    case .bitmap: return try bitmapMemory()
    case .ranges: return .runs(RunMemory(header.bytes, try ranges()))
    default: return .runs(RunMemory(header.bytes, try runs()))
    }
  }

  /// The pages of `PhysicalMemoryBlock`, one run behind the other from the end of the header on.
  private mutating func runs() throws(DumpError) -> [RunMemory.Segment] {
    let count = try header.value(CrashDumpHeader.numberOfRuns)
    let most = CrashDumpHeader.mostRuns(isWide: header.isWide)
    guard count > 0, count <= most else {
      throw header.defect(
        CrashDumpHeader.numberOfRuns, expected: "1 to \(most) runs",
        found: count == CrashDumpHeader.page ? "PAGE (not set)" : "\(count)")
    }
    var list = PageList(header.bytes, from: CrashDumpHeader.byteCount(isWide: header.isWide))
    let size = CrashDumpRun.byteCount(isWide: header.isWide)
    for index in 0..<count {
      let base = CrashDumpHeader.runs.place(isWide: header.isWide).offset + index * size
      let run = HeaderReader(
        bytes: header.bytes, path: header.path, isWide: header.isWide, base: base)
      let basePage = try run.value(CrashDumpRun.basePage)
      let pageCount = try run.value(CrashDumpRun.pageCount)
      guard list.add(basePage, pageCount, name: "Run[\(index)] at byte \(base.hex)", &warnings)
      else { break }
    }
    let total = try header.value(CrashDumpHeader.numberOfPages)
    if list.said != total {
      warnings.add("NumberOfPages is \(total), the runs have \(list.said)")
    }
    return try list.finish(header, CrashDumpHeader.numberOfRuns, &warnings)
  }
}

/// Pages that lie one behind the other in a file, described by runs that may lie.
struct PageList {
  /// The greatest page number and one: that of the last page below 2^52, as the architectures have it.
  private static let endOfPages: UInt64 = 1 << 40

  private let fileEnd: UInt64
  private var offset: UInt64
  private var segments: [RunMemory.Segment] = []
  /// The pages of all runs, whether the file holds them or not.
  private(set) var said: UInt64 = 0

  init(_ bytes: ByteMapping, from offset: UInt64) {
    fileEnd = UInt64(bytes.count)
    self.offset = offset
  }

  /// Adds a run; false where the run cannot be, so that nothing is known of those behind it.
  mutating func add(
    _ basePage: UInt64, _ pageCount: UInt64, name: String, _ warnings: inout Warnings
  ) -> Bool {
    guard basePage < Self.endOfPages, pageCount <= Self.endOfPages - basePage else {
      warnings.add(
        "\(name): pages \(basePage.hex) and \(pageCount.hex) more are beyond all addresses;"
          + " it and the runs behind it are ignored")
      return false
    }
    said += pageCount
    let count = pageCount * frameSize
    let available = min(count, fileEnd - min(offset, fileEnd))
    if available < count {
      warnings.add(
        "\(name): the file ends within it; \((count - available).hex) bytes from"
          + " \((basePage * frameSize + available).hex) on are missing")
    }
    if available > 0 {
      segments.append(
        RunMemory.Segment(
          start: PhysicalAddress(basePage * frameSize), byteCount: available,
          source: .mapping(offset: offset)))
    }
    offset = offset.addingClamped(count)
    return true
  }

  /// The stretches that the file holds; there has to be one.
  func finish(
    _ header: HeaderReader, _ field: HeaderField, _ warnings: inout Warnings
  ) throws(DumpError) -> [RunMemory.Segment] {
    guard !segments.isEmpty else {
      throw header.defect(field, expected: "runs of pages that the file holds", found: "none")
    }
    warnings.addOverlaps(segments)
    return segments
  }
}
