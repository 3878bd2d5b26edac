/// The headers of Windows crash dumps, `DUMP_HEADER32` and `DUMP_HEADER64` of the debugger's headers.
enum CrashDumpHeader {
  static let signature = HeaderField("Signature", at: 0, 4)
  static let validDump = HeaderField("ValidDump", at: 4, 4)
  static let majorVersion = HeaderField("MajorVersion", at: 0x8, 4)
  static let minorVersion = HeaderField("MinorVersion", at: 0xc, 4)
  static let directoryTableBase = HeaderField("DirectoryTableBase", (0x10, 4), (0x10, 8))
  static let pfnDataBase = HeaderField("PfnDataBase", (0x14, 4), (0x18, 8))
  static let loadedModules = HeaderField("PsLoadedModuleList", (0x18, 4), (0x20, 8))
  static let activeProcesses = HeaderField("PsActiveProcessHead", (0x1c, 4), (0x28, 8))
  static let machine = HeaderField("MachineImageType", (0x20, 4), (0x30, 4))
  static let processors = HeaderField("NumberProcessors", (0x24, 4), (0x34, 4))
  static let bugCheckCode = HeaderField("BugCheckCode", (0x28, 4), (0x38, 4))
  static let paeEnabled = HeaderField("PaeEnabled", (0x5c, 1), (0, 0))
  static let debuggerData = HeaderField("KdDebuggerDataBlock", (0x60, 4), (0x80, 8))
  static let numberOfRuns = HeaderField("NumberOfRuns", (0x64, 4), (0x88, 4))
  static let numberOfPages = HeaderField("NumberOfPages", (0x68, 4), (0x90, 8))
  static let runs = HeaderField("Run", (0x6c, 0), (0x98, 0))
  static let dumpType = HeaderField("DumpType", (0xf88, 4), (0xf98, 4))
  static let requiredDumpSpace = HeaderField("RequiredDumpSpace", at: 0xfa0, 8)
  static let comment = HeaderField("Comment", (0x820, 0), (0xfb0, 0))

  /// `PAGE`, which also fills whatever nobody has set.
  static let page: UInt64 = 0x4547_4150
  /// `DUMP`, of the 32-bit form.
  static let dump: UInt64 = 0x504d_5544
  /// `DU64`, of the 64-bit form.
  static let dump64: UInt64 = 0x3436_5544

  /// The bytes that `PhysicalMemoryBlock` has for everything in it.
  private static let memoryBlockSize: UInt64 = 700

  /// The bytes of the header, behind which the pages or a bitmap begin.
  static func byteCount(isWide: Bool) -> UInt64 { isWide ? 0x2000 : 0x1000 }

  /// The most runs for which there is room.
  static func mostRuns(isWide: Bool) -> UInt64 {
    let before = runs.place(isWide: isWide).offset - numberOfRuns.place(isWide: isWide).offset
    return (memoryBlockSize - before) / CrashDumpRun.byteCount(isWide: isWide)
  }
}

/// `PHYSICAL_MEMORY_RUN32` and `PHYSICAL_MEMORY_RUN64`.
enum CrashDumpRun {
  static let basePage = HeaderField("BasePage", (0, 4), (0, 8))
  static let pageCount = HeaderField("PageCount", (4, 4), (8, 8))

  static func byteCount(isWide: Bool) -> UInt64 { isWide ? 16 : 8 }
}

/// What `MachineImageType` says, by the numbers of PE files.
enum CrashDumpMachine: UInt64 {
  case i386 = 0x14c
  case amd64 = 0x8664
  case arm64 = 0xaa64
}

/// How a crash dump says which pages it holds: the values of `DumpType`.
enum CrashDumpType: UInt64 {
  case full = 1
  case kernel = 2
  case header = 3
  case triage = 4
  case bitmapFull = 5
  case bitmapKernel = 6
  case automatic = 7
  case rangesKernel = 8
  case rangesKernelAndUser = 9
  case rangesComplete = 0xa

  /// The kind in the words of the debugger.
  var name: String {
    switch self {
    case .full: "full"
    case .kernel: "kernel (summary)"
    case .header: "header only"
    case .triage: "small (triage)"
    case .bitmapFull: "full, with a bitmap"
    case .bitmapKernel: "kernel or active, with a bitmap"
    case .automatic: "automatic"
    case .rangesKernel: "kernel, with ranges (.dump /k)"
    case .rangesKernelAndUser: "kernel and user, with ranges (.dump /ka)"
    case .rangesComplete: "complete, with ranges (.dump /f)"
    }
  }

  /// Where the pages are described.
  enum Pages {
    case runs
    case bitmap
    case ranges
  }

  /// Where the pages are described; nil for dumps that hold too little memory to be one.
  var pages: Pages? {
    switch self {
    case .full: .runs
    case .kernel, .bitmapFull, .bitmapKernel, .automatic: .bitmap
    case .rangesKernel, .rangesKernelAndUser, .rangesComplete: .ranges
    case .header, .triage: nil
    }
  }
}

/// The block with a bitmap behind the header.
enum CrashDumpBitmap {
  static let signature = HeaderField("bitmap Signature", at: 0, 4)
  static let validDump = HeaderField("bitmap ValidDump", at: 4, 4)
  static let firstPage = HeaderField("FirstPage", at: 0x20, 8)
  static let presentPages = HeaderField("TotalPresentPages", at: 0x28, 8)
  static let pages = HeaderField("Pages", at: 0x30, 8)
  static let bits = HeaderField("Bitmap", at: 0x38, 0)

  /// `SDMP`, of a kernel's summary.
  static let summary: UInt64 = 0x504d_4453
  /// `FDMP`, of a full dump.
  static let full: UInt64 = 0x504d_4446
  /// What readers want the number of bits to be a multiple of.
  static let bitAlignment: UInt64 = 64
}

/// The block with ranges of pages behind the header.
enum CrashDumpRanges {
  static let marker = HeaderField("Marker", at: 0, 4)
  static let signature = HeaderField("RDMP Signature", at: 4, 4)
  static let validDump = HeaderField("RDMP ValidDump", at: 8, 4)
  static let metadataSize = HeaderField("MetadataSize", at: 0x10, 8)
  static let firstPage = HeaderField("FirstPageOffset", at: 0x18, 8)
  /// In complete dumps only.
  static let totalPages = HeaderField("TotalNumberOfPages", at: 0x28, 8)
  static let list = HeaderField("PfnRange", at: 0x30, 0)

  static let expectedMarker: UInt64 = 0x40
  /// `RDMP`.
  static let ranges: UInt64 = 0x504d_4452
  /// How much more than `MetadataSize` `FirstPageOffset` is, by the file.
  static let metadataStart: UInt64 = 0x2020
}
