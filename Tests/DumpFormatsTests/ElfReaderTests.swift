import DumpFormats
import PhysicalMemory
import Testing

/// Numbers as the System V ABI's structures have them, written here by hand so that reader and
/// writer do not merely agree with each other.
private func half(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xff), UInt8(value >> 8)] }
private func word(_ value: UInt32) -> [UInt8] {
  half(UInt16(value & 0xffff)) + half(UInt16(value >> 16))
}
private func xword(_ value: UInt64) -> [UInt8] {
  word(UInt32(value & 0xffff_ffff)) + word(UInt32(value >> 32))
}

/// An ELF64 core of an x86-64 machine: `Elf64_Ehdr`, then the program headers, then `rest`.
private func core64(
  _ programHeaders: [[UInt8]], count: UInt16? = nil, sectionHeaders: UInt64 = 0, rest: [UInt8] = []
) -> [UInt8] {
  [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 8)
    + half(4) + half(62) + word(1) + xword(0) + xword(64) + xword(sectionHeaders) + word(0)
    + half(64) + half(56) + half(count ?? UInt16(programHeaders.count)) + half(0) + half(0)
    + half(0)
    + programHeaders.flatMap { $0 } + rest
}

/// `Elf64_Phdr`.
private func segment64(
  type: UInt32 = 1, offset: UInt64, address: UInt64, fileSize: UInt64, memorySize: UInt64
) -> [UInt8] {
  word(type) + word(7) + xword(offset) + xword(0xffff_ffff_8000_0000) + xword(address)
    + xword(fileSize) + xword(memorySize) + xword(0)
}

private func note(_ name: String, counted: Bool = true, type: UInt32 = 0, _ description: [UInt8])
  -> [UInt8]
{
  let bytes = Array(name.utf8)
  let padding = [UInt8](repeating: 0, count: 4 - bytes.count % 4)
  return word(UInt32(bytes.count + (counted ? 1 : 0))) + word(UInt32(description.count))
    + word(type)
    + bytes + padding + description
}

@Suite struct ElfReaderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(_ bytes: [UInt8]) throws -> DumpFile {
    try DumpFile.open(try folder.write(bytes))
  }

  @Test func segmentsComeFromPhysicalAddresses() throws {
    // Data at 0xb1, which is no page boundary.
    let dump = try open(
      core64(
        [
          segment64(offset: 0xb1, address: 0x1_0000_2003, fileSize: 4, memorySize: 4),
          segment64(offset: 0xb0, address: 0x1000, fileSize: 1, memorySize: 1),
        ], rest: [0xaa, 1, 2, 3, 4]))
    #expect(dump.format == .elf64)
    #expect(dump.architecture == .x8664)
    #expect(
      dump.memory.runs == [
        MemoryRun(start: PhysicalAddress(0x1000), byteCount: 1),
        MemoryRun(start: PhysicalAddress(0x1_0000_2003), byteCount: 4),
      ])
    #expect(dump.memory.load(UInt32.self, at: PhysicalAddress(0x1_0000_2003)) == 0x0403_0201)
    #expect(dump.memory.load(UInt8.self, at: PhysicalAddress(0x1000)) == 0xaa)
    #expect(dump.memory.load(UInt32.self, at: PhysicalAddress(0x1_0000_2004)) == nil)
    #expect(dump.warnings == [])
  }

  @Test func a32BitCoreIsRead() throws {
    // Elf32_Ehdr of 52 bytes, one Elf32_Phdr of 32, two bytes of data at 84.
    let header: [UInt8] =
      [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0] + [UInt8](repeating: 0, count: 8)
      + half(4) + half(3) + word(1) + word(0) + word(52) + word(0) + word(0)
      + half(52) + half(32) + half(1) + half(0) + half(0) + half(0)
    let segment =
      word(1) + word(84) + word(0xc000_0000) + word(0x5000) + word(2) + word(2) + word(7) + word(0)
    let dump = try open(header + segment + [0x34, 0x12])
    #expect(dump.format == .elf32)
    #expect(dump.architecture == .x86)
    #expect(dump.memory.runs == [MemoryRun(start: PhysicalAddress(0x5000), byteCount: 2)])
    #expect(dump.memory.load(UInt16.self, at: PhysicalAddress(0x5000)) == 0x1234)
  }

  @Test func theWriterWritesTheHeadersOfTheSpecification() throws {
    let mapping = try ByteMapping.zeroed(count: 4096)
    mapping.store(UInt64(0x1122_3344_5566_7788), at: 0)
    try DumpWriter(.elf).write(
      FlatMemory(mapping, base: PhysicalAddress(0x7000)), to: folder.file("core"))
    let bytes = try folder.read("core")
    let segment =
      word(1) + word(0) + xword(0x1000) + xword(0) + xword(0x7000) + xword(0x1000) + xword(0x1000)
      + xword(0)
    #expect(Array(bytes[..<120]) == core64([segment]))
    #expect(bytes.count == 0x2000)
    #expect(Array(bytes[0x1000..<0x1008]) == xword(0x1122_3344_5566_7788))
  }

  @Test func theCountOfProgramHeadersMayStandInSectionHeader0() throws {
    let segment = segment64(offset: 0, address: 0x9000, fileSize: 16, memorySize: 16)
    // Elf64_Shdr: sh_info is at 44.
    let section = [UInt8](repeating: 0, count: 44) + word(1) + [UInt8](repeating: 0, count: 16)
    let dump = try open(
      core64([segment], count: 0xffff, sectionHeaders: 120, rest: section))
    #expect(dump.memory.runs == [MemoryRun(start: PhysicalAddress(0x9000), byteCount: 16)])
  }

  @Test func theTailBeyondTheFileSizeIsMissing() throws {
    let dump = try open(
      core64([segment64(offset: 0, address: 0x1000, fileSize: 8, memorySize: 0x1000)]))
    #expect(dump.memory.byteCount == 8)
    #expect(dump.memory.load(UInt8.self, at: PhysicalAddress(0x1008)) == nil)
    #expect(
      dump.warnings == [
        "segment 0 at 0x1000: the file has 0x8 of its 0x1000 bytes; the rest is missing"
      ])
  }

  @Test func aFileSizeBeyondTheMemorySizeIsCut() throws {
    let dump = try open(
      core64([segment64(offset: 0, address: 0x1000, fileSize: 16, memorySize: 4)]))
    #expect(dump.memory.runs == [MemoryRun(start: PhysicalAddress(0x1000), byteCount: 4)])
    #expect(dump.warnings == ["segment 0 at 0x1000: p_filesz 0x10 exceeds p_memsz 0x4"])
  }

  @Test func aTruncatedSegmentKeepsWhatIsThere() throws {
    let dump = try open(
      core64([segment64(offset: 120, address: 0x1000, fileSize: 8, memorySize: 8)], rest: [1, 2]))
    #expect(dump.memory.runs == [MemoryRun(start: PhysicalAddress(0x1000), byteCount: 2)])
    #expect(
      dump.warnings == [
        "segment 0 at 0x1000: the file ends within it; 0x6 bytes from 0x1002 on are missing"
      ])
  }

  @Test func whereSegmentsOverlapTheFirstHolds() throws {
    let dump = try open(
      core64(
        [
          segment64(offset: 178, address: 0x1002, fileSize: 2, memorySize: 2),
          segment64(offset: 176, address: 0x1000, fileSize: 4, memorySize: 4),
        ], rest: [1, 2, 3, 4]))
    #expect(dump.memory.load(UInt32.self, at: PhysicalAddress(0x1000)) == 0x0403_0201)
    #expect(
      dump.warnings == ["memory at 0x1002 is in the file more than once; what stands first holds"])
  }

  @Test func segmentsWithoutBytesAreNoMemory() throws {
    let dump = try open(
      core64([
        segment64(offset: 0, address: 0x1000, fileSize: 16, memorySize: 16),
        segment64(offset: 0, address: 0xe000_0000, fileSize: 0, memorySize: 0x10_0000),
        segment64(type: 7, offset: 0, address: 0x2000, fileSize: 16, memorySize: 16),
      ]))
    #expect(dump.memory.runs.map(\.start) == [PhysicalAddress(0x1000)])
  }

  @Test func qemuNotesGiveControlRegisters() throws {
    // struct QEMUCPUState: version, size, 18 registers, 10 segments of 24 bytes, cr[5], GS base.
    let state =
      word(1) + word(440) + [UInt8](repeating: 0x11, count: 18 * 8 + 10 * 24)
      + xword(0x8005_0033) + xword(0) + xword(0xdead) + xword(0x18_5000) + xword(0x6b0) + xword(9)
    let text = Array("OSRELEASE=6.1.0\n".utf8)
    let notes =
      note("CORE", type: 1, [UInt8](repeating: 0, count: 336)) + note("QEMU", state)
      + note("VMCOREINFO", text)
    let dump = try openWithNotes(notes)
    #expect(
      dump.processors == [
        ProcessorState(
          cr0: 0x8005_0033, cr3: 0x18_5000, cr4: 0x6b0, source: "QEMU note of processor 0")
      ])
    #expect(dump.vmcoreinfo == "OSRELEASE=6.1.0\n")
    #expect(dump.warnings == [])
  }

  @Test func virtualBoxNotesGiveControlRegistersAndEFER() throws {
    // DBGFCOREDESCRIPTOR: magic, format version, size, VirtualBox version, revision, processors.
    let descriptor =
      word(0xc01a_c0de) + word(0x0001_0006) + word(24) + word(0x0700_0000) + word(1) + word(1)
    // DBGFCORECPU up to msrEFER; CR2 lies between CR0 and CR3.
    let state =
      [UInt8](repeating: 0x22, count: 18 * 8 + 6 * 24)
      + xword(0x8001_0031) + xword(0xdead) + xword(0x1a_b000) + xword(0x20)
      + [UInt8](repeating: 0x33, count: 8 * 8 + 2 * 16 + 2 * 24 + 3 * 8) + xword(0xd01)
      + [UInt8](repeating: 0, count: 8192)
    // VirtualBox does not count the NUL of a name.
    let dump = try openWithNotes(
      note("VBCORE", counted: false, type: 0xb00, descriptor)
        + note("VBCPU", counted: false, type: 0xb01, state))
    #expect(
      dump.processors == [
        ProcessorState(
          cr0: 0x8001_0031, cr3: 0x1a_b000, cr4: 0x20, efer: 0xd01,
          source: "VirtualBox note of processor 0")
      ])
    #expect(dump.warnings == [])
  }

  @Test func damagedNotesAreAWarning() throws {
    let dump = try openWithNotes(word(5) + word(0xffff_fff0) + word(0) + Array("QEMU".utf8))
    #expect(dump.processors == [])
    #expect(
      dump.warnings == ["note at byte 0xb0: it reaches past the end of its segment"])
  }

  @Test func anUnknownQemuNoteIsAWarning() throws {
    let dump = try openWithNotes(note("QEMU", word(2) + [UInt8](repeating: 0, count: 440)))
    #expect(dump.processors == [])
    #expect(dump.warnings == ["1 processor notes are of an unknown version or too many"])
  }

  @Test func noteSegmentsThatOverlapAreReadOnce() throws {
    let notes = (0..<20).flatMap { _ in note("QEMU", word(1) + [UInt8](repeating: 0, count: 440)) }
    let size = UInt64(notes.count)
    let count = 40
    let offset = UInt64(64 + 56 * (count + 1))
    let dump = try open(
      core64(
        [segment64(offset: 0, address: 0, fileSize: 64, memorySize: 64)]
          + (0..<count).map { _ in
            segment64(type: 4, offset: offset, address: 0, fileSize: size, memorySize: size)
          }, rest: notes))
    #expect(dump.processors.count == 20)
    #expect(dump.warnings.count == 17)
    #expect(
      dump.warnings.first
        == "notes at byte \(offset.hex): note segments overlap; not read")
    #expect(dump.warnings.last == "and 23 more warnings")
  }

  private func openWithNotes(_ notes: [UInt8]) throws -> DumpFile {
    let size = UInt64(notes.count)
    return try open(
      core64(
        [
          segment64(type: 4, offset: 176, address: 0, fileSize: size, memorySize: size),
          segment64(offset: 0, address: 0, fileSize: 64, memorySize: 64),
        ], rest: notes))
  }

  /// A change to a good core, at byte offsets of the ABI's structures, and what the reader says.
  static let defects: [(offset: Int, bytes: [UInt8], message: String)] = [
    (4, [3], "byte 0x4: EI_CLASS: expected 1 (32-bit) or 2 (64-bit), found 3"),
    (
      5, [2],
      "byte 0x5: EI_DATA: expected 1 (little-endian), found 2 (big-endian);"
        + " dumps of big-endian machines are not read"
    ),
    (
      16, [2, 0],
      "byte 0x10: e_type: expected 4 (ET_CORE), found 2 (an executable); name a memory dump"
    ),
    (
      32, xword(0x1000),
      "byte 0x20: e_phoff: expected 1 program headers within the file,"
        + " found a table of 56 bytes at 0x1000 in a file of 128 bytes; the file may be cut off"
    ),
    (
      32, xword(.max),
      "byte 0x20: e_phoff: expected 1 program headers within the file, found a table of 56 bytes"
        + " at 0xffffffffffffffff in a file of 128 bytes; the file may be cut off"
    ),
    (54, [32, 0], "byte 0x36: e_phentsize: expected 56, found 32"),
    (56, [0, 0], "byte 0x38: e_phnum: expected 1 to 1048577 program headers, found 0"),
    (
      56, [0xff, 0xff],
      "byte 0x28: e_shoff: expected the section header that counts the program headers"
        + " (e_phnum is PN_XNUM), found no section headers"
    ),
    (
      56, [2, 0],
      "byte 0x20: e_phoff: expected 2 program headers within the file,"
        + " found a table of 112 bytes at 0x40 in a file of 128 bytes; the file may be cut off"
    ),
    (
      64, [6],
      "byte 0x38: e_phnum: expected segments of type PT_LOAD that hold memory,"
        + " found none in 1 program headers"
    ),
  ]

  @Test(arguments: defects.indices)
  func aDefectIsNamedWithItsByteAndField(_ index: Int) throws {
    let (offset, change, message) = Self.defects[index]
    var bytes = core64(
      [segment64(offset: 120, address: 0x1000, fileSize: 8, memorySize: 8)], rest: xword(7))
    #expect(try open(bytes).warnings == [])
    bytes.replaceSubrange(offset..<offset + change.count, with: change)
    let error = try dumpError { _ = try open(bytes) }
    #expect(error.description == "\(folder.file("file")): \(message)")
    #expect(error.exitStatus == 65)
  }

  @Test func theCoreOfAProcessIsRefused() throws {
    let segment = segment64(offset: 0, address: 0, fileSize: 16, memorySize: 16)
    let error = try dumpError { _ = try open(core64([segment, segment])) }
    #expect(
      error.description
        == "\(folder.file("file")): byte 0x40: p_paddr: expected physical addresses, found 0 in each"
        + " of 2 segments; this is the core of a process, not of a machine")
    #expect(try open(core64([segment])).memory.byteCount == 16)
  }

  @Test func everyTruncationOfTheHeadersIsAnError() throws {
    let bytes = core64(
      [segment64(offset: 0, address: 0x1000, fileSize: 8, memorySize: 8)])
    for count in 4..<bytes.count {
      let error = try dumpError { _ = try open(Array(bytes[..<count])) }
      #expect(error.exitStatus == 65, "\(count) bytes")
    }
    #expect(try open(bytes).memory.byteCount == 8)
  }

  @Test func hostileSizesNeitherTrapNorAllocate() throws {
    let sizes: [UInt64] = [0, 1, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, .max - 1, .max]
    for offset in sizes {
      for fileSize in sizes {
        for address in sizes {
          let bytes = core64([
            segment64(offset: offset, address: address, fileSize: fileSize, memorySize: .max),
            segment64(type: 4, offset: offset, address: 0, fileSize: fileSize, memorySize: 0),
            segment64(offset: 0, address: 0x5000, fileSize: 8, memorySize: 8),
          ])
          let dump = try open(bytes)
          #expect(dump.memory.load(UInt64.self, at: PhysicalAddress(0x5000)) != nil)
          #expect(dump.memory.byteCount <= UInt64(bytes.count) + 8)
        }
      }
    }
  }
}
