public import LinuxMemory
public import PhysicalMemory
public import WindowsMemory

/// A root that translations can start from, and whose it is.
public struct AddressSpace: Hashable, Sendable {
  /// The root register as it was found: CR3 with its low bits.
  public var register: UInt64
  /// The number of the process.
  public var pid: UInt64?
  /// The name of the process.
  public var process: String?
  /// The number of the process that made it; nil where that is not known.
  public var parent: UInt64?
  /// The kernel's root of the same process, where this one is for user mode (page-table isolation of Linux).
  public var kernelRoot: PhysicalAddress?
  /// How the root was found, for the reader.
  public var foundBy: String
  /// How sure it is that the root is one, where that follows from the looks of memory.
  public var sureness: Sureness?
  /// The record that Windows keeps of the process, where it was read.
  public var record: WindowsProcess?
  /// The areas of the Linux process, where somebody has said them; `Machine.areas(in:)` knows more.
  public var areas: MemoryAreas?
  /// Where the areas come from; nil where they came with the root.
  public var areasFoundBy: String?

  /// Describes a root.
  public init(
    register: UInt64, pid: UInt64? = nil, process: String? = nil, parent: UInt64? = nil,
    kernelRoot: PhysicalAddress? = nil, foundBy: String, record: WindowsProcess? = nil,
    areas: MemoryAreas? = nil
  ) {
    self.register = register
    self.pid = pid
    self.process = process
    self.parent = parent
    self.kernelRoot = kernelRoot
    self.foundBy = foundBy
    self.record = record
    self.areas = areas
  }

  /// The process as text: `Console.exe (2616)`, or nil where neither name nor number is known.
  public var owner: String? {
    switch (process, pid) {
    case (let name?, let pid?): "\(name) (\(pid))"
    case (let name?, nil): name
    case (nil, let pid?): "pid \(pid)"
    case (nil, nil): nil
    }
  }
}
