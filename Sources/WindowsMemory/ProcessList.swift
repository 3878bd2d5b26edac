public import PhysicalMemory

/// A process, as its record says.
public struct WindowsProcess: Hashable, Sendable {
  /// The address of the record.
  public let record: VirtualAddress
  /// The number.
  public let pid: UInt64
  /// The first characters of the name of the program.
  public let name: String
  /// The root that the kernel uses, low bits included.
  public let directoryTableBase: UInt64
  /// The root that user mode uses, where the kernel shadows its addresses.
  public let userDirectoryTableBase: UInt64?
  /// The topmost virtual address descriptor; nil where there is none.
  public let vadRoot: VirtualAddress?
  /// The process environment block; nil where there is none.
  public let peb: VirtualAddress?
  /// The number of the process that made it; nil where records of the kernel have it is not known.
  public let parent: UInt64?

  /// The stack of the thread that runs, which no record of a process says; nil where it is not known.
  public var stack: ThreadStack?

  /// Whether the record is that of a process that has ended, and whose tables are gone.
  public var hasEnded: Bool { directoryTableBase == 0 }

  /// Describes a process.
  public init(
    record: VirtualAddress, pid: UInt64, name: String, directoryTableBase: UInt64,
    userDirectoryTableBase: UInt64? = nil, vadRoot: VirtualAddress? = nil,
    peb: VirtualAddress? = nil, parent: UInt64? = nil
  ) {
    self.record = record
    self.pid = pid
    self.name = name
    self.directoryTableBase = directoryTableBase
    self.userDirectoryTableBase = userDirectoryTableBase
    self.vadRoot = vadRoot
    self.peb = peb
    self.parent = parent
  }
}

/// The processes of the list of active processes, as far as it can be followed.
public struct ProcessList: Sendable {
  /// The processes, in the order of the list.
  public let processes: [WindowsProcess]
  /// Why the list ends before it is back at its head; nil where it is whole.
  public let problem: String?

  /// As many processes as Windows can number.
  private static let countLimit = 1 << 20

  /// Follows the list from its head, `PsActiveProcessHead`.
  public init(head: VirtualAddress, _ memory: KernelMemory, _ structure: ProcessStructure) {
    var processes: [WindowsProcess] = []
    var seen: Set<VirtualAddress> = [head]
    var problem: String?
    let links = structure.activeProcessLinks
    // The first half of the links leads to the next.
    let linkSize = links.size / 2
    do throws(KernelReadFailure) {
      var link = VirtualAddress(try memory.number(at: head, size: linkSize))
      while link != head {
        guard seen.insert(link).inserted, processes.count < Self.countLimit else {
          problem = "the list of processes comes back to \(link), not to its head"
          break
        }
        let record = VirtualAddress(link.rawValue &- links.offset)
        processes.append(try WindowsProcess(record, memory, structure))
        link = VirtualAddress(try memory.number(at: link, size: linkSize))
      }
    } catch {
      problem = "the list of processes cannot be followed: \(error)"
    }
    self.processes = processes
    self.problem = problem
  }
}

extension WindowsProcess {
  /// Values of the user root that say there is none.
  private static let noUserRoot: ClosedRange<UInt64> = 0...1

  /// Reads the record at a kernel address.
  public init(
    _ record: VirtualAddress, _ memory: KernelMemory, _ structure: ProcessStructure
  ) throws(KernelReadFailure) {
    self.record = record
    pid = try memory.value(structure.uniqueProcessId, of: record)
    let name = try memory.bytes(
      at: record.advanced(by: structure.imageFileName.offset),
      count: structure.imageFileName.size)
    self.name = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    directoryTableBase = try memory.value(structure.directoryTableBase, of: record)
    let userRoot = try structure.userDirectoryTableBase
      .map { member throws(KernelReadFailure) in try memory.value(member, of: record) }
    userDirectoryTableBase = userRoot.flatMap { Self.noUserRoot.contains($0) ? nil : $0 }
    vadRoot = try memory.pointer(structure.vadTree, of: record)
    parent = try structure.inheritedFromUniqueProcessId
      .map { member throws(KernelReadFailure) in try memory.value(member, of: record) }
    peb = try structure.peb
      .flatMap { member throws(KernelReadFailure) in try memory.pointer(member, of: record) }
  }
}
