import PhysicalMemory

/// Reads an ELF core.
///
/// Program headers say which physical addresses (`p_paddr`) are where in the file. `p_vaddr` is
/// not looked at: who made the dump decides what it means.
struct ElfCore {
  let bytes: ByteMapping
  let path: String
  let elfClass: ElfClass
  private(set) var architecture: Architecture?
  private(set) var segments: [RunMemory.Segment] = []
  private(set) var notes = ElfNotes()
  private(set) var warnings = Warnings()

  /// Whether the bytes begin as an ELF file does.
  static func recognises(_ bytes: ByteMapping) -> Bool {
    bytes.load(UInt32.self, at: 0) == 0x464c_457f
  }

  init(_ bytes: ByteMapping, path: String, limits: DumpLimits) throws(DumpError) {
    self.bytes = bytes
    self.path = path
    elfClass = try Self.checkIdentification(bytes, path: path)
    try readHeader()
    let count = try programHeaderCount(limits: limits)
    let table = try value(ElfHeader.programHeaders)
    let size = elfClass.programHeaderSize
    guard count <= (UInt64(bytes.count) - min(table, UInt64(bytes.count))) / size else {
      throw defect(
        ElfHeader.programHeaders, expected: "\(count) program headers within the file",
        found: "a table of \(count * size) bytes at \(table.hex) in a file of \(bytes.count) bytes",
        suggestion: "the file may be cut off")
    }
    for index in 0..<count { try readProgramHeader(index, at: table + index * size) }
    try refuseProcessCore()
    warnings.addOverlaps(segments)
    notes.finish(&warnings)
    guard !segments.isEmpty else {
      throw defect(
        ElfHeader.programHeaderCount, expected: "segments of type PT_LOAD that hold memory",
        found: "none in \(count) program headers")
    }
  }

  /// Cores of a process have virtual addresses only, and 0 for each physical one.
  private func refuseProcessCore() throws(DumpError) {
    guard segments.count > 1, segments.allSatisfy({ $0.run.start.rawValue == 0 }) else { return }
    throw .malformed(
      path: path,
      DumpDefect(
        "p_paddr", at: try value(ElfHeader.programHeaders), expected: "physical addresses",
        found: "0 in each of \(segments.count) segments",
        suggestion: "this is the core of a process, not of a machine"))
  }

  /// Checks `e_ident`.
  private static func checkIdentification(
    _ bytes: ByteMapping, path: String
  ) throws(DumpError) -> ElfClass {
    func byte(_ name: String, _ offset: UInt64, expected: String) throws(DumpError) -> UInt8 {
      guard let byte = bytes.load(UInt8.self, at: offset) else {
        let defect = DumpDefect(name, at: offset, expected: expected, found: "the end of the file")
        throw .malformed(path: path, defect)
      }
      return byte
    }
    guard recognises(bytes) else {
      let defect = DumpDefect("EI_MAG", at: 0, expected: "0x7f ELF", found: "other bytes")
      throw .malformed(path: path, defect)
    }
    let classes = "1 (32-bit) or 2 (64-bit)"
    let found = try byte("EI_CLASS", 4, expected: classes)
    guard let elfClass = ElfClass(rawValue: found) else {
      let defect = DumpDefect("EI_CLASS", at: 4, expected: classes, found: "\(found)")
      throw .malformed(path: path, defect)
    }
    let order = try byte("EI_DATA", 5, expected: "1 (little-endian)")
    guard order == 1 else {
      let defect = DumpDefect(
        "EI_DATA", at: 5, expected: "1 (little-endian)",
        found: order == 2 ? "2 (big-endian)" : "\(order)",
        suggestion: "dumps of big-endian machines are not read")
      throw .malformed(path: path, defect)
    }
    return elfClass
  }

  private mutating func readHeader() throws(DumpError) {
    let type = try value(ElfHeader.type)
    guard type == ElfHeader.core else {
      let names: [UInt64: String] = [1: "an object", 2: "an executable", 3: "a shared object"]
      throw defect(
        ElfHeader.type, expected: "4 (ET_CORE)",
        found: "\(type)" + (names[type].map { " (\($0))" } ?? ""),
        suggestion: "name a memory dump")
    }
    let machine = try value(ElfHeader.machine)
    architecture = Architecture(elfMachine: machine)
    if architecture == nil { warnings.add("e_machine \(machine) is none of x86, x86-64, aarch64") }
    let size = try value(ElfHeader.programHeaderSize)
    guard size == elfClass.programHeaderSize else {
      throw defect(
        ElfHeader.programHeaderSize, expected: "\(elfClass.programHeaderSize)", found: "\(size)")
    }
  }

  private func programHeaderCount(limits: DumpLimits) throws(DumpError) -> UInt64 {
    var count = try value(ElfHeader.programHeaderCount)
    var field = ElfHeader.programHeaderCount
    var base: UInt64 = 0
    if count == ElfHeader.countElsewhere {
      base = try value(ElfHeader.sectionHeaders)
      field = ElfSectionHeader.info
      guard base != 0, let info = header(at: base).load(field) else {
        throw defect(
          ElfHeader.sectionHeaders,
          expected: "the section header that counts the program headers (e_phnum is PN_XNUM)",
          found: base == 0 ? "no section headers" : "\(base.hex), outside the file")
      }
      count = info
    }
    guard count > 0, count <= UInt64(limits.runs) + 1 else {
      throw defect(
        field, base: base, expected: "1 to \(limits.runs + 1) program headers", found: "\(count)")
    }
    return count
  }

  private mutating func readProgramHeader(_ index: UInt64, at base: UInt64) throws(DumpError) {
    let type = try value(ElfProgramHeader.type, at: base)
    guard type == ElfProgramHeader.load || type == ElfProgramHeader.note else { return }
    let offset = try value(ElfProgramHeader.offset, at: base)
    let fileSize = try value(ElfProgramHeader.fileSize, at: base)
    if type == ElfProgramHeader.note {
      notes.read(bytes, at: offset, byteCount: fileSize, &warnings)
      return
    }
    let start = try value(ElfProgramHeader.physicalAddress, at: base)
    let memorySize = try value(ElfProgramHeader.memorySize, at: base)
    let available = UInt64(bytes.count) - min(offset, UInt64(bytes.count))
    let name = "segment \(index) at \(start.hex)"
    var count = fileSize
    if count > memorySize {
      warnings.add("\(name): p_filesz \(fileSize.hex) exceeds p_memsz \(memorySize.hex)")
      count = memorySize
    } else if count < memorySize {
      warnings.add(
        "\(name): the file has \(count.hex) of its \(memorySize.hex) bytes; the rest is missing")
    }
    if count > available {
      warnings.add(
        "\(name): the file ends within it; \((count - available).hex) bytes from"
          + " \(start.addingClamped(available).hex) on are missing")
      count = available
    }
    if count > UInt64.max - start {
      warnings.add("\(name): it reaches past the end of the address space")
      count = UInt64.max - start
    }
    guard count > 0 else { return }
    segments.append(
      RunMemory.Segment(
        start: PhysicalAddress(start), byteCount: count, source: .mapping(offset: offset)))
  }
}

extension ElfCore {
  private func header(at base: UInt64) -> HeaderReader {
    HeaderReader(bytes: bytes, path: path, isWide: elfClass.isWide, base: base)
  }

  private func value(_ field: HeaderField, at base: UInt64 = 0) throws(DumpError) -> UInt64 {
    try header(at: base).value(field)
  }

  private func defect(
    _ field: HeaderField, base: UInt64 = 0, expected: String, found: String,
    suggestion: String? = nil
  ) -> DumpError {
    header(at: base).defect(field, expected: expected, found: found, suggestion: suggestion)
  }
}
