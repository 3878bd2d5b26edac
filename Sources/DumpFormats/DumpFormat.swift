/// The container in which a file holds physical memory.
public enum DumpFormat: String, Hashable, Sendable, CaseIterable {
  /// The bytes of memory from one address on, and nothing else.
  case raw
  /// A 64-bit ELF core.
  case elf64 = "elf"
  /// A 32-bit ELF core.
  case elf32
  /// The format of the LiME kernel module, version 1.
  case lime
  /// Microsoft's AVML, version 2; its version 1 is LiME.
  case avml
  /// kdump-compressed: what makedumpfile writes, and QEMU.
  case kdump
  /// A 64-bit Windows crash dump.
  case dmp
  /// A 32-bit Windows crash dump.
  case dmp32
  /// VMware's memory file with its snapshot, or a snapshot with the memory in it.
  case vmware
}

/// How a file is compressed.
public enum Compression: String, Hashable, Sendable, CaseIterable {
  /// The `.xz` container of XZ Utils.
  case xz
  /// RFC 1952.
  case gzip
  /// RFC 8878.
  case zstd
  /// The frames of lz4.
  case lz4
  /// No compression but pieces out of order, as makedumpfile writes them to a pipe.
  case flattened
}

/// The processor family that a dump names.
public enum Architecture: String, Hashable, Sendable, CaseIterable {
  /// The 32-bit x86 family, `EM_386`.
  case x86
  /// The 64-bit x86 family, `EM_X86_64`.
  case x8664 = "x86-64"
  /// The 64-bit Arm family, `EM_AARCH64`.
  case aarch64

  /// The number of the family in the ELF header (`e_machine`).
  public var elfMachine: UInt16 {
    switch self {
    case .x86: 3
    case .x8664: 62
    case .aarch64: 183
    }
  }

  /// The family with the number `elfMachine` in an ELF header, where it is one of these.
  public init?(elfMachine: UInt64) {
    guard let known = Self.allCases.first(where: { UInt64($0.elfMachine) == elfMachine }) else {
      return nil
    }
    self = known
  }
}

/// The control registers of one processor, as a dump recorded them.
public struct ProcessorState: Hashable, Sendable {
  /// Control register 0.
  public var cr0: UInt64
  /// Control register 3: the root of the page tables, with its low bits.
  public var cr3: UInt64
  /// Control register 4.
  public var cr4: UInt64
  /// The extended feature enable register, where the dump has it.
  public var efer: UInt64?
  /// Where the values stood, for example `QEMU note of processor 0`.
  public var source: String

  /// Describes the control registers of one processor and where they were found.
  public init(cr0: UInt64, cr3: UInt64, cr4: UInt64, efer: UInt64? = nil, source: String) {
    self.cr0 = cr0
    self.cr3 = cr3
    self.cr4 = cr4
    self.efer = efer
    self.source = source
  }
}

/// The top table that the header of a dump names.
public struct RecordedRoot: Hashable, Sendable {
  /// The paging modes, by the names of the command line.
  public enum Mode: String, Hashable, Sendable, CaseIterable {
    /// 32-bit paging of x86.
    case x86
    /// PAE paging.
    case pae
    /// 4-level paging.
    case x8664 = "x86-64"
    /// 5-level paging.
    case la57
    /// The 64-bit Arm family.
    case arm64
  }

  /// The register that points to the table: CR3 or TTBR0_EL1.
  public var register: UInt64
  /// The paging mode.
  public var mode: Mode
  /// Where the values stood.
  public var source: String

  /// Describes a top table and where it was found.
  public init(register: UInt64, mode: Mode, source: String) {
    self.register = register
    self.mode = mode
    self.source = source
  }
}

/// What else the header of a dump says about the machine.
public struct DumpFact: Hashable, Sendable {
  /// What the fact is about.
  public var subject: String
  /// The fact.
  public var value: String
  /// The fields it stood in.
  public var source: String

  /// Describes a fact and where it was found.
  public init(subject: String, value: String, source: String) {
    self.subject = subject
    self.value = value
    self.source = source
  }
}

/// What opening a dump may cost at most, however hostile the file.
public struct DumpLimits: Hashable, Sendable {
  /// The size that a compressed file may have when decompressed, holes included.
  public var decompressedBytes: UInt64
  /// The memory that a decoder may take for its dictionary or window.
  public var decoderMemory: UInt64
  /// The disk space that decompression leaves free for others.
  public var spareDiskBytes: UInt64
  /// The number of stretches of memory that a file may list.
  public var runs: Int
  /// How often a file may be compressed.
  public var compressionDepth: Int
  /// The greatest number of a frame and one, where a file has a bit for each.
  public var frames: UInt64
  /// The number of frames that are kept after they were decoded.
  public var cachedFrames: Int

  /// Takes the limits; each has a default that suits dumps of large servers.
  public init(
    decompressedBytes: UInt64 = 256 << 30, decoderMemory: UInt64 = 256 << 20,
    spareDiskBytes: UInt64 = 64 << 20, runs: Int = 1 << 20, compressionDepth: Int = 2,
    frames: UInt64 = 1 << 32, cachedFrames: Int = 1 << 15
  ) {
    self.decompressedBytes = decompressedBytes
    self.decoderMemory = decoderMemory
    self.spareDiskBytes = spareDiskBytes
    self.runs = runs
    self.compressionDepth = compressionDepth
    self.frames = frames
    self.cachedFrames = cachedFrames
  }
}
