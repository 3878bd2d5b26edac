import BitLayout
import Paging
import TestSupport
import Testing
import WindowsMemory

/// Where members of structures are, against numbers that others have published.
@Suite struct StructureTableTests {
  private static let processRecords: [(String, PagingMode, [UInt64])] = [
    ("windows-2195.7376-up", PagingMode.x86, [0x9c, 0xa0, 0x1fc, 0x194]),
    ("windows-2600.6419", .x86, [0x84, 0x88, 0x174, 0x11c]),
    ("windows-7601.17514", .pae, [0xb4, 0xb8, 0x16c, 0x278 + 8]),
    ("windows-7601.17514", .x86_64, [0x180, 0x188, 0x2e0, 0x448 + 0x10]),
    ("windows-9600.17031", .x86_64, [0x2e0, 0x2e8, 0x438, 0x5d8]),
    ("windows-10240.16384", .x86_64, [0x2e8, 0x2f0, 0x448, 0x608]),
    ("windows-17134.619", .x86_64, [0x2e0, 0x2e8, 0x450, 0x628]),
    ("windows-18362.30", .x86_64, [0x2e8, 0x2f0, 0x450, 0x658]),
    ("windows-19041.508", .x86_64, [0x440, 0x448, 0x5a8, 0x7d8]),
    ("windows-22000.194", .x86_64, [0x440, 0x448, 0x5a8, 0x7d8]),
    ("windows-26100", .x86_64, [0x1d0, 0x1d8, 0x338, 0x558]),
  ]

  private static let recognition: [(String, [UInt64?])] = [
    ("windows-7601.17514", [0x200, 0x290, 0x390, 0x444]),
    ("windows-9600.17031", [0x408, 0x3d0, 0x450, 0x5d4]),
    ("windows-9600.19269", [0x408, 0x3d0, 0x450, nil]),
    ("windows-10240.16384", [0x418, 0x3e0, 0x460, 0x604]),
    ("windows-18362.30", [0x418, 0x3e8, 0x468, 0x654]),
    ("windows-19041.508", [0x570, 0x540, 0x5c0, 0x7d4]),
    ("windows-26100", [0x300, 0x2d0, 0x350, 0x554]),
  ]

  private static let userRoots: [(String, UInt64?)] = [
    ("windows-7601.17514", nil), ("windows-17134.1", 0x278),
    ("windows-18362.30", 0x280), ("windows-19041.508", 0x388), ("windows-22621", 0x388),
    ("windows-26100", 0x158), ("windows-16299.15", nil), ("windows-16299.1004", 0x278),
    ("windows-9200.16384", nil), ("windows-10586.0", nil),
  ]

  private static let vads: [(String, PagingMode, [UInt64])] = [
    ("windows-2600.6419", PagingMode.x86, [0x00, 0x04, 0x14, 0x1c, 0x20]),
    ("windows-7601.17514", .x86_64, [0x18, 0x20, 0x28, 0x50, 0x58]),
    ("windows-9200.16384", .x86_64, [0x18, 0x1c, 0x28, 0x50, 0x58]),
    ("windows-19041.508", .x86_64, [0x18, 0x1c, 0x30, 0x50, 0x58]),
    ("windows-26100", .x86_64, [0x18, 0x1c, 0x30, 0x50, 0x58]),
    ("windows-28000", .x86_64, [0x18, 0x1c, 0x30, 0x58, 0x60]),
  ]

  private static let frames: [(String, PagingMode, [UInt64])] = [
    ("windows-2600.6419", PagingMode.x86, [0x18, 0x08, 0x04, 0x10, 0x0e, 0x14, 26]),
    ("windows-3790.3959", .pae, [0x1c, 0x08, 0x04, 0x10, 0x0c, 0x18, 25]),
    ("windows-7601.17514", .x86_64, [0x30, 0x08, 0x10, 0x20, 0x18, 0x28, 52]),
    ("windows-10240.16384", .x86_64, [0x30, 0x18, 0x08, 0x10, 0x20, 0x28, 36]),
    ("windows-19041.508", .pae, [0x1c, 0x10, 0x04, 0x08, 0x14, 0x18, 23]),
    ("windows-22000.194", .x86_64, [0x30, 0x18, 0x08, 0x10, 0x20, 0x28, 40]),
    ("windows-22621", .x86_64, [0x30, 0x18, 0x08, 0x10, 0x20, 0x28, 40]),
    ("windows-26100", .x86_64, [0x30, 0x18, 0x08, 0x10, 0x20, 0x28, 40]),
    ("windows-28000", .x86_64, [0x30, 0x18, 0x08, 0x10, 0x20, 0x28, 40]),
  ]

  private func structures(_ name: String, _ mode: PagingMode) throws -> WindowsStructures {
    WindowsStructures(try WindowsKernel(named: name, mode: mode))
  }

  /// `_EPROCESS`, from public listings: UniqueProcessId, ActiveProcessLinks, ImageFileName, the tree
  /// of VADs.
  @Test(arguments: Self.processRecords)
  func recordsOfProcesses(name: String, mode: PagingMode, offsets: [UInt64]) throws {
    let process = try #require(try structures(name, mode).process)
    #expect(
      [
        process.uniqueProcessId.offset, process.activeProcessLinks.offset,
        process.imageFileName.offset, process.vadTree.offset,
      ] == offsets)
    #expect(process.directoryTableBase.offset == (mode == .x86_64 ? 0x28 : 0x18))
  }

  /// `_EPROCESS`, from public listings: ObjectTable, InheritedFromUniqueProcessId,
  /// SeAuditProcessCreationInfo, ExitStatus.
  @Test(arguments: Self.recognition)
  func whatReadersWithoutSymbolsLookFor(name: String, offsets: [UInt64?]) throws {
    let process = try #require(try structures(name, .x86_64).process)
    #expect(
      [
        process.objectTable?.offset, process.inheritedFromUniqueProcessId?.offset,
        process.imageName?.offset, process.exitStatus?.offset,
      ] == offsets)
  }

  /// The root for user mode came with a patch; where it is, public listings say.
  @Test(arguments: Self.userRoots)
  func theRootForUserMode(name: String, offset: UInt64?) throws {
    let process = try #require(try structures(name, .x86_64).process)
    #expect(process.userDirectoryTableBase?.offset == offset)
  }

  /// `_MMVAD`: first and last page, flags, and the tail of a view.
  @Test(arguments: Self.vads)
  func descriptors(name: String, mode: PagingMode, offsets: [UInt64]) throws {
    let vad = try #require(try structures(name, mode).vad)
    #expect(
      [
        vad.startingVpn.offset, vad.endingVpn.offset, vad.flags.offset,
        vad.firstPrototypePte.offset, vad.lastContiguousPte.offset,
      ] == offsets)
  }

  /// From 24H2 on there is no second word of flags: MemCommit is among those of private memory.
  @Test func memCommitMoved() throws {
    let kernel = try WindowsKernel(named: "windows-26100", mode: .x86_64)
    #expect(WindowsStructures(kernel).vad?.flags1 == nil)
    #expect(kernel.member("MemCommit", of: "_MM_PRIVATE_VAD_FLAGS")?.offset == 25)
    let older = try WindowsKernel(named: "windows-22621", mode: .x86_64)
    #expect(WindowsStructures(older).vad?.flags1?.offset == 0x34)
    #expect(older.member("MemCommit", of: "_MM_PRIVATE_VAD_FLAGS") == nil)
    let later = try WindowsKernel(named: "windows-28000", mode: .x86_64)
    #expect(later.member("MemCommit", of: "_MM_PRIVATE_VAD_FLAGS")?.offset == 22)
  }

  /// The bit that an entry is a prototype has moved twice on arm64, the second time to where x64 has none.
  @Test(
    arguments: [
      ("windows-17134.619", 57, 36), ("windows-19569", 63, 40), ("windows-26100", 54, 36),
    ] as [(String, UInt64, Int)])
  func prototypesOnARM64(name: String, bit: UInt64, frameBits: Int) throws {
    let kernel = try WindowsKernel(named: name, mode: .arm64)
    let pfn = try #require(WindowsStructures(kernel).pfn)
    #expect(pfn.prototypePte?.offset == bit && pfn.pteFrame.size == frameBits)
    #expect(kernel.layout(.pfnEntry1)?.field(named: "PageLocation")?.low == 0)
    #expect(kernel.vadFlags?.field(named: "VadType") != nil)
  }

  /// `_MMPFN`: size, u2, PteAddress, OriginalPte, reference count, u4; frame and prototype bits.
  @Test(arguments: Self.frames)
  func pageFrameEntries(name: String, mode: PagingMode, numbers: [UInt64]) throws {
    let pfn = try #require(try structures(name, mode).pfn)
    #expect(
      [
        pfn.size, pfn.u2.offset, pfn.pteAddress.offset, pfn.originalPte.offset,
        pfn.referenceCount.offset, pfn.u4.offset, UInt64(pfn.pteFrame.size),
      ] == numbers)
  }

  @Test func everyKernelHasItsMemoryStructures() throws {
    for format in WindowsEntryFormat.allCases {
      for id in WindowsKernel.identifiers(of: format) {
        let structures = WindowsStructures(try WindowsKernel(id, format))
        #expect(structures.vad != nil && structures.subsection != nil, "\(id)")
        #expect(structures.controlArea != nil && structures.pfn != nil, "\(id)")
        #expect(structures.process != nil, "\(id)")
      }
    }
  }

  /// What is known by one listing only is said to be that, and what is assumed too.
  @Test func whatIsAssumedOfStructuresIsSaid() throws {
    func kernel(_ name: String, _ mode: PagingMode = .x86_64) throws -> WindowsKernel {
      try WindowsKernel(named: name, mode: mode)
    }
    let newest = try kernel("windows-28000")
    #expect(newest.member("Subsection", of: "_MMVAD")?.source == .uncertain)
    #expect(newest.member("VadTree", of: "_EPROCESS")?.source == .assumed)
    #expect(
      newest.structureNotes == [
        "where windows-28000 has the members of _EPROCESS, _SEGMENT is not known: they are assumed"
          + " to be as in windows-26100"
      ])
    let oldest = try kernel("windows-2000", .x86)
    #expect(oldest.member("VadTree", of: "_EPROCESS")?.source == .symbols)
    #expect(oldest.structureNotes.first?.contains("_MMVAD") == true)
    #expect(oldest.structureNotes.first?.contains("_EPROCESS") == false)
    for name in ["windows-16299.1004", "windows-17134.619"] {
      let early = try kernel(name, .arm64)
      #expect(early.member("VadTree", of: "_EPROCESS")?.source == .assumed)
      #expect(
        early.structureNotes == [
          "where \(name) has the members of _EPROCESS is not known: they are assumed to be as in the"
            + " x64 kernel of that build"
        ])
    }
    for name in ["windows-22621", "windows-26100"] {
      let kernel = try kernel(name)
      #expect(kernel.structureNotes == [])
      #expect(kernel.member("PteFrame", of: "_MMPFN.u4")?.source == .headers)
    }
  }

  /// As ntddk.h has them: the major version at 0x26c, the minor one at 0x270, from Windows 10 on the build at 0x260.
  @Test func theSharedPageSaysTheVersionWhereProgramsReadIt() throws {
    func version(_ format: WindowsEntryFormat) throws -> [[UInt64: UInt64]] {
      try WindowsKernel.identifiers(of: format).map { id in
        let kernel = try WindowsKernel(id, format)
        let values = SharedUserData.version(kernel, build: UInt64(id.build))
        #expect(values.allSatisfy { $0.member.size == 4 })
        return Dictionary(uniqueKeysWithValues: values.map { ($0.member.offset, $0.value) })
      }
    }
    #expect(try version(.x86).first == [0x26c: 5, 0x270: 0])
    #expect(try version(.pae).first == [0x26c: 5, 0x270: 1])
    #expect(try version(.x64).first == [0x26c: 5, 0x270: 2])
    #expect(try version(.pae).last == [0x26c: 10, 0x270: 0, 0x260: 19041])
    #expect(try version(.x64).contains([0x26c: 6, 0x270: 3]))
    #expect(try version(.arm64).first == [0x26c: 10, 0x270: 0, 0x260: 16299])
  }

  @Test func theGeneratedFileIsWhatTheTableSays() throws {
    let status = try Repository.check("Tools/windows-layouts/generate-structures.py")
    #expect(status == 0, "Tools/dev layouts writes it anew")
  }
}
