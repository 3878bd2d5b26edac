import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// The least of a running Windows by which other programs recognise it: the kernel's image, the data
/// shared with user mode, environment blocks, and what records of processes need to be found by.
///
/// What else they want (the list of processes, the trees of VADs, the sections) is what the builder
/// writes anyway; a skeleton only adds the headers of pool to it.
struct SkeletonPlan {
  let mark: SourceMark
  /// What the memory says that it is.
  let version: Version
  let image = KernelImage(at: 0xffff_f803_11a0_0000)
  /// The environment block of each space; nil where it has none.
  let blocks: [UInt64?]
  /// The indexes of spaces whose records come first in the list of processes.
  let first: [Int]
  /// The table of handles and the name of the program of each space.
  var handleTables: [UInt64?] = []
  var imageNames: [UInt64?] = []
  /// Records without a root, as of processes that have ended.
  var ended: [UInt64] = []
  /// The frame of the block that processors start from; nil where none is free.
  var startFrame: UInt64?
  /// CR3 of System, where nothing else is said of it.
  var systemRoot: UInt64?

  /// The version of Windows.
  struct Version {
    let major: UInt64
    let minor: UInt64
    let build: UInt64
  }

  /// More processes than this are wanted in the list.
  static let tooFewProcesses = 10
  /// As many bytes as readers want to read of every record.
  static let recordSize: UInt64 = 0x800
  /// The bytes of a counted string before its text.
  static let imageNameHeader: UInt64 = 16
  /// Where Windows 10 has the top table of System; some readers look nowhere else.
  static let rootFrames: ClosedRange<UInt64> = 0x1aa...0x1ff
  /// Where a skeleton's kernel has the page that it shares with every process.
  static let sharedData = SharedUserData.kernelAddress(.x64)

  /// What a kernel half has beside the structures: the shared data, and a page each of the session's
  /// space, of the system cache and of the HAL, so that the top table has as many entries as readers
  /// expect of one.
  var regions: [KernelRegion] {
    image.regions
      + [
        KernelRegion(start: Self.sharedData, pages: 1, isWritable: false),
        KernelRegion(start: 0xffff_f900_0000_0000, pages: 1),
        KernelRegion(start: 0xffff_f980_0000_0000, pages: 1),
        KernelRegion(start: 0xffff_ffff_ffd0_0000, pages: 1),
      ]
  }

  /// Plans a skeleton, and adds the environment blocks to the address spaces.
  ///
  /// - Returns: nil where something is wrong, which is reported.
  init?(
    _ statement: Scenario.Skeleton, _ windows: WindowsEntries, _ structures: WindowsStructures,
    _ spaces: inout [SpaceStatement], _ collector: DiagnosticCollector
  ) {
    mark = statement.mark
    let kernel = windows.kernel
    guard kernel.format == .x64, let process = structures.process, process.isRecognisable else {
      let reason =
        kernel.format == .x64
        ? "where records of \(kernel.id) have what readers look for is not known"
        : "the skeleton of a kernel is one for x86-64, and these are \(kernel.format.words)"
      collector.report(.notForSystem, reason, at: mark)
      return nil
    }
    let numbers = kernel.version.split(separator: ".").compactMap { UInt64($0) }
    version = Version(
      major: numbers[0], minor: numbers[1],
      build: statement.build?.value ?? UInt64(kernel.id.build))
    first = spaces.coreProcesses
    for index in first where !spaces[index].isListed {
      collector.report(
        .contradiction,
        "readers find \(spaces[index].name?.value ?? "System") by the list of processes",
        at: spaces[index].name?.mark ?? mark, notes: ["leave `listed: false` away, or the skeleton"]
      )
    }
    var blocks: [UInt64?] = []
    for index in spaces.indices { blocks.append(spaces.addBlock(to: index, blocks, at: mark)) }
    self.blocks = blocks
    for index in spaces.indices where blocks[index] == nil && spaces.needsBlock(index) {
      collector.report(
        .overlap, "no page is free for the environment block of a process",
        at: spaces[index].name?.mark ?? mark)
    }
  }
}

extension SkeletonPlan {
  /// The full name of the program of a process; System and the registry's process have none.
  func imageName(of space: SpaceStatement, _ index: Int) -> [UInt16]? {
    guard blocks[index] != nil else { return nil }
    let name = space.name?.value.utf16.prefix(Self.longestName) ?? Substring().utf16
    return Array("\\Device\\HarddiskVolume3\\Windows\\System32\\".utf16) + name
  }

  private static let longestName = 128
}

extension ProcessStructure {
  /// Whether all is known by which programs without symbols recognise a record.
  fileprivate var isRecognisable: Bool {
    exitStatus != nil && objectTable != nil && imageName != nil && peb != nil && vadCount != nil
      && inheritedFromUniqueProcessId != nil && vadTree.source != .assumed
  }
}
