import PhysicalMemory

/// The smallest kernel file that is taken for one, as it lies in memory after it was loaded.
///
/// Readers that know no kernel look for its header from page to page: a writable page that no program
/// is in, behind an empty entry, before pages of code; in it the name of the section POOLCODE; and an
/// export directory by which PsInitialSystemProcess is found.
struct KernelImage {
  /// The first page.
  let base: UInt64

  init(at base: UInt64) { self.base = base }

  /// A section of the file.
  struct Section {
    let name: String
    /// The number of the first page, from the header on.
    let page: UInt64
    let pages: UInt64
    let isWritable: Bool
    let isExecutable: Bool

    /// The distance from the start of the image.
    var offset: UInt64 { page * frameSize }
  }

  /// More pages of code than readers want behind the header.
  private static let codePages: UInt64 = 31

  static let sections = [
    Section(name: ".text", page: 1, pages: codePages, isWritable: false, isExecutable: true),
    Section(
      name: "POOLCODE", page: codePages + 1, pages: 1, isWritable: false, isExecutable: true),
    Section(name: ".rdata", page: codePages + 2, pages: 1, isWritable: false, isExecutable: false),
    Section(name: ".edata", page: codePages + 3, pages: 1, isWritable: false, isExecutable: false),
    Section(name: ".data", page: codePages + 4, pages: 1, isWritable: true, isExecutable: false),
  ]
  private static let (code, constants, exports, data) = (
    sections[0], sections[2], sections[3], sections[4]
  )

  /// The number of bytes of all pages.
  static let size = data.offset + data.pages * frameSize

  /// The pages with their rights: the header, and each section.
  var regions: [KernelRegion] {
    [KernelRegion(start: base, pages: 1)]
      + Self.sections.map {
        KernelRegion(
          start: base + $0.offset, pages: $0.pages, isWritable: $0.isWritable,
          isExecutable: $0.isExecutable)
      }
  }

  /// Where execution begins.
  var entryPoint: UInt64 { base + Self.code.offset }
  var exportDirectory: UInt64 { base + Self.exports.offset }
  var debugDirectory: UInt64 { base + Self.constants.offset }

  // MARK: - Variables

  /// PsActiveProcessHead.
  var activeProcessHead: UInt64 { base + Self.data.offset }
  /// PsLoadedModuleList; there are no modules in it.
  var loadedModuleList: UInt64 { activeProcessHead + 16 }
  /// PsInitialSystemProcess.
  var initialSystemProcess: UInt64 { loadedModuleList + 16 }
  /// NtBuildNumber.
  var buildNumber: UInt64 { initialSystemProcess + 8 }

  /// The variables that the image exports, in the order of their names.
  var exported: [(name: String, address: UInt64)] {
    [
      ("NtBuildNumber", buildNumber), ("PsInitialSystemProcess", initialSystemProcess),
      ("PsLoadedModuleList", loadedModuleList),
    ]
  }

  /// The name in the export directory.
  static let name = "ntoskrnl.exe"
  /// The name of the file of symbols.
  static let symbols = "ntkrnlmp.pdb"
  /// What tells the file of symbols from others of its name: one that no kernel has.
  static let symbolsIdentity = "mmubenchskeleton"
}

/// Pages of kernel memory.
struct KernelRegion {
  let start: UInt64
  let pages: UInt64
  var isWritable = true
  var isExecutable = false
}
