import Paging
import PhysicalMemory
import WindowsMemory

/// A small Windows written by hand: page tables, and kernel memory at the start of system space.
///
/// Offsets and entries are numbers, not taken from the tables that are tested.
struct WindowsSketch {
  let mode: PagingMode
  private var bytes: [UInt64: UInt8] = [:]
  private var absent: Set<UInt64> = []

  /// The root; user space and kernel space have one page table each, at these frames.
  static let root: UInt64 = 0x1000
  static let userTable: UInt64 = 0x7000
  static let kernelTable: UInt64 = 0x4000
  /// The directory above the page table of user space.
  static let userDirectory: UInt64 = 0x6000
  /// Kernel addresses from `base` on are at physical addresses from here on.
  static let kernelFrames: UInt64 = 0x10_0000
  /// The number of pages of kernel memory.
  static let kernelPages: UInt64 = 256

  /// The first kernel address.
  var base: UInt64 { isLong ? 0xffff_8000_0000_0000 : 0x8000_0000 }
  private var isLong: Bool { mode == .x86_64 || mode == .arm64 }
  private var entrySize: Int { mode == .x86 ? 4 : 8 }

  init(_ mode: PagingMode) {
    self.mode = mode
    switch mode {
    case .x86:
      setEntry(Self.userTable | 0x67, in: Self.root, 0)
      setEntry(Self.kernelTable | 0x63, in: Self.root, 512)
    case .pae:
      setEntry(Self.userDirectory | 1, in: Self.root, 0)
      setEntry(0x3001, in: Self.root, 2)
      setEntry(Self.userTable | 0x67, in: Self.userDirectory, 0)
      setEntry(Self.kernelTable | 0x63, in: 0x3000, 0)
    default:
      setEntry(0x5067, in: Self.root, 0)
      setEntry(Self.userDirectory | 0x67, in: 0x5000, 0)
      setEntry(Self.userTable | 0x67, in: Self.userDirectory, 0)
      setEntry(0x2063, in: Self.root, 256)
      setEntry(0x3063, in: 0x2000, 0)
      setEntry(Self.kernelTable | 0x63, in: 0x3000, 0)
    }
    for page in 0..<Self.kernelPages {
      setEntry(Self.kernelFrames + page * 0x1000 | 0x63, in: Self.kernelTable, page)
    }
  }

  /// Writes an entry of a table at a physical address.
  mutating func setEntry(_ entry: UInt64, in table: UInt64, _ index: UInt64) {
    write(entry, entrySize, at: table + index * UInt64(entrySize))
  }

  /// Writes the entry of a page of the first page table of user space.
  mutating func setUser(_ address: UInt64, _ entry: UInt64) {
    setEntry(entry, in: Self.userTable, address >> 12)
  }

  /// Writes the entry of a page of kernel memory.
  mutating func setKernel(_ offset: UInt64, _ entry: UInt64) {
    setEntry(entry, in: Self.kernelTable, offset >> 12)
  }

  /// Writes a number to a physical address.
  mutating func write(_ value: UInt64, _ size: Int, at address: UInt64) {
    for index in 0..<size {
      bytes[address + UInt64(index)] = UInt8(truncatingIfNeeded: value >> (UInt64(index) * 8))
    }
  }

  /// Writes a number to kernel memory, at an offset from its start.
  mutating func put(_ value: UInt64, _ size: Int, _ offset: UInt64) {
    write(value, size, at: Self.kernelFrames + offset)
  }

  /// Writes a pointer to kernel memory that leads to an offset there.
  mutating func point(_ offset: UInt64, to target: UInt64) {
    put(base + target, isLong ? 8 : 4, offset)
  }

  /// Writes text to kernel memory.
  mutating func put(_ text: String, _ offset: UInt64) {
    for (index, byte) in text.utf8.enumerated() { put(UInt64(byte), 1, offset + UInt64(index)) }
  }

  /// Leaves a frame out of the image.
  mutating func removeFrame(_ frame: UInt64) { absent.insert(frame) }

  /// Leaves a page of kernel memory out of the image.
  mutating func removeKernelPage(_ offset: UInt64) { absent.insert(Self.kernelFrames + offset) }

  /// The memory, 2 MiB of it.
  var memory: MemoryImage {
    get throws {
      let size = 2 << 20
      let mapping = try ByteMapping.zeroed(count: size)
      for (address, byte) in bytes { mapping.store(byte, at: Int(address)) }
      let segments = stride(from: UInt64(0), to: UInt64(size), by: 4096)
        .filter { !absent.contains($0) }
        .map {
          RunMemory.Segment(
            start: PhysicalAddress($0), byteCount: 4096, source: .mapping(offset: $0))
        }
      return .runs(RunMemory(mapping, segments))
    }
  }

  var paging: PagingState {
    var state = PagingState(mode: mode, cr3: Self.root)
    if mode == .arm64 { state.joinTopTables() }
    return state
  }

  /// The address of an offset in kernel memory.
  func kernel(_ offset: UInt64) -> VirtualAddress { VirtualAddress(base + offset) }

  /// A system with this memory.
  func system(_ name: String, mask: UInt64 = 0) throws -> WindowsSystem {
    var system = WindowsSystem(
      try WindowsKernel(named: name, mode: mode), from: .init(.given, "test"))
    system.invalidMask = InvalidPTEMask(rawValue: mask)
    system.systemRoot = Self.root
    return system
  }

  /// A process whose VADs begin at an offset.
  func process(vadRoot: UInt64? = nil, userRoot: UInt64? = nil) -> WindowsProcess {
    WindowsProcess(
      record: kernel(0), pid: 4, name: "test.exe", directoryTableBase: Self.root,
      userDirectoryTableBase: userRoot, vadRoot: vadRoot.map(kernel))
  }

  /// A classifier of the process.
  func classifier(
    _ name: String, mask: UInt64 = 0, vadRoot: UInt64? = nil, userRoot: UInt64? = nil,
    pfnDatabase: UInt64? = nil
  ) throws -> PageClassifier {
    var system = try system(name, mask: mask)
    system.pfnDatabase = pfnDatabase.map(kernel)
    return PageClassifier(
      system, try memory, paging, process: process(vadRoot: vadRoot, userRoot: userRoot))
  }

  /// What the kernel makes of an access.
  func verdict(
    _ classifier: PageClassifier, _ address: UInt64, _ kind: Access.Kind = .read,
    as privilege: Access.Privilege = .user
  ) throws -> WindowsVerdict {
    let access = Access(kind, as: privilege)
    let result = paging.access(VirtualAddress(address), access, in: try memory)
    return classifier.verdict(on: VirtualAddress(address), access, result)
  }
}
