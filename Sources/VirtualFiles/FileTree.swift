public import Machine
import Paging
import PhysicalMemory
import Synchronization

/// A machine as a tree of files, laid out as MemProcFS lays it out.
///
/// It knows of no file system: paths go in, attributes and bytes come out. What is written stands over
/// the machine's memory, never in it. Everything may be used from many threads: each answer is about the
/// machine as it is at one moment.
public final class FileTree: Sendable {
  /// The machine as it is now, and the addresses that the files are about.
  struct State: Sendable {
    var machine: Machine
    var overlay: MemoryOverlay
    /// Counts the writes to memory, so that what was worked out before can be told to be stale.
    var version: UInt64 = 0
    var virtualAddresses: [UInt64]
    var physicalAddresses: [UInt64?]
    var commonPhysicalAddress: UInt64?
  }

  let processes: ProcessFolders
  private let state: Mutex<State>
  private let pages: PageListCache
  private let owners: OwnerSearch

  /// Lays out a machine.
  ///
  /// - Parameters:
  ///   - machine: the machine.
  ///   - path: the dump that it was opened from, of which an index may be kept; nil otherwise.
  public init(_ machine: Machine, from path: String? = nil) {
    processes = ProcessFolders(machine)
    pages = PageListCache()
    owners = OwnerSearch(path)
    state = Mutex(
      State(
        machine: machine, overlay: MemoryOverlay(over: machine.memory),
        virtualAddresses: [UInt64](repeating: 0, count: machine.addressSpaces.count),
        physicalAddresses: [UInt64?](repeating: nil, count: processes.all.count)))
  }

  /// The machine with all that was written to its memory.
  public var machine: Machine { current.machine }

  /// The number of frames written to.
  public var writtenFrames: Int { current.overlay.frameCount }

  var current: State { state.withLock { $0 } }

  /// What a path leads to: names with `/` between them, none for the top.
  func node(at path: String) throws(FileFailure) -> FileNode {
    var node = FileNode.folder(.root)
    for name in path.split(separator: "/") {
      guard case .folder(let folder) = node, let next = child(String(name), of: folder) else {
        throw .notFound
      }
      node = next
    }
    return node
  }

  /// What a listing says of what is at a path.
  public func attributes(of path: String) throws(FileFailure) -> FileAttributes {
    switch try node(at: path) {
    case .folder: FileAttributes(isFolder: true, isWritable: false, size: 0)
    case .file(let file):
      FileAttributes(isFolder: false, isWritable: file.isWritable, size: try size(of: file))
    }
  }

  /// The names in a folder.
  public func names(in path: String) throws(FileFailure) -> [String] {
    guard case .folder(let folder) = try node(at: path) else { throw .notFound }
    return children(of: folder).map(\.name)
  }

  /// Opens a file.
  public func open(_ path: String, forWriting: Bool = false) throws(FileFailure) -> OpenFile {
    guard case .file(let file) = try node(at: path) else { throw .isFolder }
    guard file.isWritable || !forWriting else { throw .readOnly }
    return try OpenFile(file, of: self)
  }

  private func size(of file: File) throws(FileFailure) -> UInt64 {
    // How large this one is takes a search, which a listing does not wait for unless it has been asked.
    if case .owners(let process) = file, asked(by: process, current) == nil { return 0 }
    return try contents(of: file).size
  }

  /// What is in a file now.
  func contents(of file: File) throws(FileFailure) -> FileContents {
    let state = current
    let machine = state.machine
    switch file {
    case .physicalMemory:
      let end = machine.memory.runs.last.map { $0.last.rawValue &+ 1 } ?? 0
      return .physical(PhysicalAddress(0), count: end)
    case .processList: return .text(ProcessText.list(processes.all))
    case .pid(let process): return .text(ProcessText.number(processes.all[process].pid))
    case .name(let process): return .text(ProcessText.field(processes.all[process].name, 16))
    case .parent(let process): return .text(ProcessText.number(processes.all[process].parent))
    case .state: return .text(ProcessText.number(ProcessText.running))
    case .root(let space):
      let register = machine.paging(of: machine.addressSpaces[space]).root.rawValue
      return .text(digits(register, machine.paging.addressDigits))
    case .virtualMemory: return .virtual(bits: machine.paging.fileBits)
    case .pages(let process, let space):
      return .pages(
        pages.list(
          machine.rooted(at: space), space, version: state.version, processes.all[process]))
    case .virt2phys(let file, let space):
      let address = VirtualAddress(state.virtualAddresses[space])
      return Virt2PhysFiles(
        machine.rooted(at: space), address, isUserOnly: machine.isUserOnly(space)
      ).contents(of: file)
    case .askedAddress(let process): return .text(digits(asked(by: process, state) ?? 0, 16))
    case .owners(let process):
      guard let address = asked(by: process, state) else { return .bytes([]) }
      return .bytes(
        try owners.text(
          of: PhysicalAddress(address), machine, version: state.version, processes,
          process: process))
    case .ownersReadme: return .text(Readme.phys2virt)
    }
  }

  private func asked(by process: Int?, _ state: State) -> UInt64? {
    process.map { state.physicalAddresses[$0] } ?? state.commonPhysicalAddress
  }

  /// Takes the address that a file is written.
  func set(_ address: UInt64, in file: File) throws(FileFailure) {
    try state.withLock { state throws(FileFailure) in
      switch file {
      case .virt2phys(.virtualAddress, let space):
        guard address <= state.machine.paging.mode.lastAddress else { throw .notAnAddress }
        state.virtualAddresses[space] = address
      case .askedAddress(let process?): state.physicalAddresses[process] = address
      case .askedAddress(nil): state.commonPhysicalAddress = address
      default: throw .readOnly
      }
    }
  }

  /// Writes over physical memory; all the bytes or none.
  func write(_ bytes: [UInt8], at address: PhysicalAddress) throws(FileFailure) {
    try state.withLock { state throws(FileFailure) in
      var overlay = state.overlay
      if let gap = overlay.write(bytes, at: address) { throw .absent(gap) }
      do throws(SystemError) { state.machine.memory = try overlay.memory() } catch {
        throw .system(error)
      }
      state.overlay = overlay
      state.version += 1
    }
  }
}

extension Machine {
  /// The machine with the root of one of its address spaces.
  func rooted(at space: Int) -> Machine {
    var machine = self
    machine.paging = paging(of: addressSpaces[space])
    return machine
  }
}

extension PagingState {
  /// The number of bits of an offset in the file of an address space: all that a walk looks at, and the
  /// one that tells the halves of arm64 apart.
  var fileBits: UInt64 {
    isARM64 ? (allHalves.map(\.translatedBits).max() ?? 48) + 1 : translatedBits
  }
}
