extension Scenario {
  /// `linux:`, what the entries of a Linux kernel depend on.
  public struct Linux: Sendable {
    /// Where the key `linux` is.
    public var mark: SourceMark
    /// `config:`, the choices of the kernel's configuration; Debian's unless said.
    public var configuration: [Located<KernelChoice>]?
  }

  /// A choice of a kernel's configuration on which swap types depend.
  public enum KernelChoice: String, CaseIterable, Sendable {
    /// CONFIG_MEMORY_FAILURE.
    case memoryFailure = "memory-failure"
    /// CONFIG_MIGRATION.
    case migration
    /// CONFIG_DEVICE_PRIVATE.
    case devicePrivate = "device-private"
    /// CONFIG_PTE_MARKER.
    case markers
  }

  /// One item of `vmas:`: an area of a process, a line of `/proc/PID/maps`.
  public struct Vma: Sendable {
    /// Where the item starts.
    public var mark: SourceMark
    /// `va:`, whole pages, ends inclusive.
    public var va: Located<ClosedRange<UInt64>>
    /// `perms:`, as maps has them: `rw-p`.
    public var permissions: Located<String>
    /// `flags:`, as the line VmFlags of smaps has them: `gd`, `ht`.
    public var flags: [Located<String>]
    /// `file:`, its path.
    public var file: Located<String>?
    /// `name:` of an area without a file: `[stack]`.
    public var name: Located<String>?
    /// `file-system:`, where the file's pages come from; `disk` unless said.
    public var fileSystem: Located<FileSystem>?
    /// `offset:` in the file, in bytes.
    public var offset: Located<UInt64>?
    /// `file-size:` in bytes.
    public var fileSize: Located<UInt64>?
    /// `pkey:`, the protection key.
    public var protectionKey: Located<UInt64>?
  }

  /// Where the pages of a file come from.
  public enum FileSystem: String, CaseIterable, Sendable {
    /// A device.
    case disk
    /// Memory: tmpfs and shared memory.
    case memory
  }
}
