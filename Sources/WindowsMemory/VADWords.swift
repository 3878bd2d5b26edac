import BitLayout

/// What the flags of a virtual address descriptor are to say.
public struct VADWords: Sendable {
  /// `_MMVAD_FLAGS`.
  public let flags: UInt64
  /// `_MMVAD_FLAGS1`; 0 where the kernel has no such word.
  public let flags1: UInt64

  /// What a range is.
  public enum Kind: UInt64, Sendable {
    /// Private memory, or a view of data.
    case none
    /// A view of physical memory.
    case devicePhysicalMemory
    /// A view of an image.
    case image
    /// Pages that the program maps itself (AWE).
    case awe
    /// Memory whose writes are noted.
    case writeWatch
    /// Large pages, all mapped.
    case largePages
    /// A view that turns between physical and ordinary memory.
    case rotatePhysical
    /// A view of a section of large pages.
    case largePageSection
  }

  /// The flag of XP and 2003's predecessors for a kind, where they have one.
  private static func flag(of kind: Kind) -> String? {
    switch kind {
    case .none: nil
    case .devicePhysicalMemory: "PhysicalMapping"
    case .image: "ImageMap"
    case .awe: "UserPhysicalPages"
    case .writeWatch: "WriteWatch"
    case .largePages: "LargePages"
    case .rotatePhysical, .largePageSection: nil
    }
  }

  /// Composes the flags for a kernel; nil where it cannot say that.
  ///
  /// - Parameters:
  ///   - kernel: Whose layouts the words have.
  ///   - kind: What the range is.
  ///   - protection: The protection of its pages.
  ///   - isPrivate: Whether the memory is the process's own.
  ///   - committedPages: How many pages are committed, where all of the range is; nil otherwise.
  public init?(
    _ kernel: WindowsKernel, _ kind: Kind, _ protection: MMProtection, isPrivate: Bool,
    committedPages: UInt64?
  ) {
    guard let layout = kernel.vadFlags else { return nil }
    func setting(_ name: String, _ value: UInt64, in word: UInt64, of layout: WordLayout?)
      -> UInt64?
    {
      layout?.field(named: name)?.setting(value, in: word)
    }
    var flags: UInt64? = setting("Protection", UInt64(protection.rawValue), in: 0, of: layout)
    if isPrivate { flags = flags.flatMap { setting("PrivateMemory", 1, in: $0, of: layout) } }
    if layout.field(named: "VadType") != nil {
      flags = flags.flatMap { setting("VadType", kind.rawValue, in: $0, of: layout) }
    } else if kind != .none {
      guard let name = Self.flag(of: kind) else { return nil }
      flags = flags.flatMap { setting(name, 1, in: $0, of: layout) }
    }
    guard var flags else { return nil }
    var flags1: UInt64 = 0
    if let committedPages {
      if isPrivate, let bit = kernel.member("MemCommit", of: "_MM_PRIVATE_VAD_FLAGS") {
        flags |= 1 << bit.offset
      } else if let set = setting("MemCommit", 1, in: flags, of: layout) {
        flags = setting("CommitCharge", committedPages, in: set, of: layout) ?? set
      } else if let set = setting("MemCommit", 1, in: 0, of: kernel.vadFlags1) {
        flags1 = setting("CommitCharge", committedPages, in: set, of: kernel.vadFlags1) ?? set
      } else {
        return nil
      }
    }
    (self.flags, self.flags1) = (flags, flags1)
  }
}
