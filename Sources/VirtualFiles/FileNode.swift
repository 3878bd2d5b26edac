/// A folder of the tree.
enum Folder: Hashable, Sendable {
  /// The top.
  case root
  /// The processes by number.
  case byNumber
  /// The processes by name and number.
  case byName
  /// One process.
  case process(Int)
  /// A further address space of a process, the first being the process's folder itself.
  case further(process: Int, number: Int)
  /// The translation of one address of an address space.
  case virt2phys(space: Int)
  /// The pages of an address space.
  case memmap(process: Int, space: Int)
  /// Who maps a physical address, in one process or in all.
  case phys2virt(process: Int?)
  /// What is about all processes.
  case misc
  /// What is about the system.
  case system
  /// The list of processes.
  case systemProcesses
}

/// A file of the tree.
enum File: Hashable, Sendable {
  /// All of physical memory.
  case physicalMemory
  /// The list of processes.
  case processList
  /// The number of a process.
  case pid(process: Int)
  /// The name of a process.
  case name(process: Int)
  /// The number of the process that made a process.
  case parent(process: Int)
  /// The state of a process.
  case state(process: Int)
  /// The root register of an address space.
  case root(space: Int)
  /// The virtual memory of an address space.
  case virtualMemory(space: Int)
  /// The pages of an address space.
  case pages(process: Int, space: Int)
  /// About the translation of an address.
  case virt2phys(Virt2PhysFiles.File, space: Int)
  /// The physical address that is asked about.
  case askedAddress(process: Int?)
  /// Who maps it.
  case owners(process: Int?)
  /// What the folder is.
  case ownersReadme

  /// Whether the file takes bytes.
  var isWritable: Bool {
    switch self {
    case .physicalMemory, .virtualMemory, .askedAddress: true
    case .virt2phys(let file, _):
      switch file {
      case .virtualAddress, .table, .page: true
      case .physicalAddress, .map, .readme: false
      }
    case .processList, .pid, .name, .parent, .state, .root, .pages, .owners, .ownersReadme: false
    }
  }

  /// Whether the file is the text of an address.
  var isAddress: Bool {
    switch self {
    case .askedAddress, .virt2phys(.virtualAddress, _): true
    default: false
    }
  }
}

/// A folder or a file of the tree.
enum FileNode: Hashable, Sendable {
  case folder(Folder)
  case file(File)
}

/// What a listing says of a folder or file.
public struct FileAttributes: Hashable, Sendable {
  /// Whether it is a folder.
  public var isFolder: Bool
  /// Whether it takes bytes.
  public var isWritable: Bool
  /// The number of bytes.
  public var size: UInt64
}
