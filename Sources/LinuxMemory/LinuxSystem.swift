public import Paging

/// What is known of the Linux that runs on a machine.
public struct LinuxSystem: Sendable {
  /// The kernel, as far as its entries depend on it.
  public var kernel: LinuxKernel
  /// How the kernel became known, for the reader.
  public var foundBy: String
  /// What reads the kernel's descriptors of frames; nil where the kernel does not say where they are.
  public var frames: LinuxFrames?
  /// What is known of its caches.
  public var caches = PageCaches()
  /// What is known of frames beyond the tables that map them.
  public var facts = FrameFacts()
  /// Reads the areas of processes; nil where the kernel's types are not known.
  public var areaReader: LinuxAreaReader?
  /// What the kernel's memory was found by; nil where it was not found.
  public var trace: LinuxTrace?

  /// Describes a system.
  public init(_ kernel: LinuxKernel, foundBy: String) {
    self.kernel = kernel
    self.foundBy = foundBy
  }
}

/// What leads to a kernel's memory that was found once, so that finding it again takes no look at all of memory.
public struct LinuxTrace: Hashable, Sendable {
  /// The paging state by which the kernel was read, with its root.
  public var paging: PagingState
  /// What the kernel says of itself, VMCOREINFO, where that was found.
  public var vmcoreinfo: String?

  /// Describes a trace.
  public init(paging: PagingState, vmcoreinfo: String?) {
    self.paging = paging
    self.vmcoreinfo = vmcoreinfo
  }
}
