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

  /// Describes a system.
  public init(_ kernel: LinuxKernel, foundBy: String) {
    self.kernel = kernel
    self.foundBy = foundBy
  }
}
