/// The two sizes of ELF files (`EI_CLASS`).
enum ElfClass: UInt8, Sendable {
  case narrow = 1
  case wide = 2

  var isWide: Bool { self == .wide }

  var headerSize: UInt64 { self == .wide ? 64 : 52 }
  var programHeaderSize: UInt64 { self == .wide ? 56 : 32 }
  var sectionHeaderSize: UInt64 { self == .wide ? 64 : 40 }
}

/// System V ABI, "ELF Header", `Elf32_Ehdr` and `Elf64_Ehdr`.
enum ElfHeader {
  static let type = HeaderField("e_type", (16, 2), (16, 2))
  static let machine = HeaderField("e_machine", (18, 2), (18, 2))
  static let version = HeaderField("e_version", (20, 4), (20, 4))
  static let programHeaders = HeaderField("e_phoff", (28, 4), (32, 8))
  static let sectionHeaders = HeaderField("e_shoff", (32, 4), (40, 8))
  static let headerSize = HeaderField("e_ehsize", (40, 2), (52, 2))
  static let programHeaderSize = HeaderField("e_phentsize", (42, 2), (54, 2))
  static let programHeaderCount = HeaderField("e_phnum", (44, 2), (56, 2))
  static let sectionHeaderSize = HeaderField("e_shentsize", (46, 2), (58, 2))
  static let sectionHeaderCount = HeaderField("e_shnum", (48, 2), (60, 2))

  /// `ET_CORE`.
  static let core: UInt64 = 4
  /// `PN_XNUM`: the count of program headers is in `sh_info` of section header 0.
  static let countElsewhere: UInt64 = 0xffff
}

/// System V ABI, "Program Header", `Elf32_Phdr` and `Elf64_Phdr`.
enum ElfProgramHeader {
  static let type = HeaderField("p_type", (0, 4), (0, 4))
  static let flags = HeaderField("p_flags", (24, 4), (4, 4))
  static let offset = HeaderField("p_offset", (4, 4), (8, 8))
  static let virtualAddress = HeaderField("p_vaddr", (8, 4), (16, 8))
  static let physicalAddress = HeaderField("p_paddr", (12, 4), (24, 8))
  static let fileSize = HeaderField("p_filesz", (16, 4), (32, 8))
  static let memorySize = HeaderField("p_memsz", (20, 4), (40, 8))

  /// `PT_LOAD`.
  static let load: UInt64 = 1
  /// `PT_NOTE`.
  static let note: UInt64 = 4
}

/// System V ABI, "Sections", the one field of `Elf32_Shdr` and `Elf64_Shdr` that cores need.
enum ElfSectionHeader {
  static let info = HeaderField("sh_info", (28, 4), (44, 4))
}

/// QEMU's note of a processor, `struct QEMUCPUState` of target/i386/arch_dump.c.
///
/// Version and size (4 bytes each), 18 general registers (8), 10 segments (24), CR0 to CR4 (8), later also the kernel
/// GS base.
enum QEMUNote {
  static let version = HeaderField("version", at: 0, 4)
  static let size = HeaderField("size", at: 4, 4)
  static let cr0 = HeaderField("cr[0]", at: 392, 8)
  static let cr3 = HeaderField("cr[3]", at: 416, 8)
  static let cr4 = HeaderField("cr[4]", at: 424, 8)

  /// The only version that there is.
  static let knownVersion: UInt64 = 1
  /// Up to the end of CR4.
  static let leastByteCount: UInt64 = 432
  /// With the kernel GS base.
  static let byteCount: UInt64 = 440
}

/// VirtualBox's notes of the core and of a processor, `DBGFCOREDESCRIPTOR` and `DBGFCORECPU` of
/// VBox/vmm/dbgfcorefmt.h, from version 1.4 of the format on.
///
/// 18 general registers (8 bytes each), 6 segments (24), CR0 CR2 CR3 CR4, 8 debug registers, GDTR IDTR (16), LDTR TR (24),
/// 3 SYSENTER registers, EFER.
enum VirtualBoxNote {
  static let formatVersion = HeaderField("u32FmtVersion", at: 4, 4)

  static let cr0 = HeaderField("cr0", at: 288, 8)
  static let cr3 = HeaderField("cr3", at: 304, 8)
  static let cr4 = HeaderField("cr4", at: 312, 8)
  static let efer = HeaderField("msrEFER", at: 488, 8)

  /// Up to the end of EFER.
  static let leastByteCount: UInt64 = 496
}
