/// What the steps of a timeline are given.
extension Scenario {
  /// The accesses of a step.
  public struct AccessStatement: Sendable, Hashable {
    /// What is done.
    public var kind: AccessKind
    /// The first and the last address; equal for one access.
    public var range: ClosedRange<UInt64>
    /// `as:`, who does it; the user unless said.
    public var privilege: Privilege
    /// `stride:`, the bytes from one access to the next; a page unless said.
    public var stride: UInt64
    /// `count:`, the number of accesses; once through the range unless said.
    public var count: UInt64?
    /// `seed:`, for accesses in random order; nil goes upwards, again and again.
    public var seed: UInt64?
    /// `text:` or `bytes:`, what a write writes; one byte that says the number of the step unless said.
    public var data: [UInt8]?
    /// `fill:`, a byte that each write puts into the rest of its page.
    public var fill: UInt8?
    /// `on-violation: commit`, an exception filter that commits the page and goes on.
    public var commitsOnViolation: Bool

    /// Describes accesses to the addresses of a range, one a page.
    public init(
      _ kind: AccessKind, _ range: ClosedRange<UInt64>, as privilege: Privilege = .user,
      stride: UInt64 = 4096, count: UInt64? = nil, seed: UInt64? = nil, data: [UInt8]? = nil,
      fill: UInt8? = nil, commitsOnViolation: Bool = false
    ) {
      self.kind = kind
      self.range = range
      self.privilege = privilege
      self.stride = stride
      self.count = count
      self.seed = seed
      self.data = data
      self.fill = fill
      self.commitsOnViolation = commitsOnViolation
    }
  }

  /// A section that is created.
  public struct SectionStatement: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// `kind:`, what its pages come from.
    public var kind: SectionKind
    /// `parts:`, each a subsection with its pages and their protection.
    public var parts: [Part]
    /// `commit:`; a section of the page file whose pages are committed one by one where false.
    public var isCommitted: Bool

    /// A subsection.
    public struct Part: Sendable, Hashable {
      /// The number of pages.
      public var pages: UInt64
      /// The protection of its pages.
      public var protection: Protection
      /// `file-pages:`, how many of the pages the file has; all unless said.
      public var filePages: UInt64

      /// Describes a subsection.
      public init(pages: UInt64, protection: Protection, filePages: UInt64? = nil) {
        self.pages = pages
        self.protection = protection
        self.filePages = filePages ?? pages
      }
    }

    /// Describes a section.
    public init(name: String, kind: SectionKind, parts: [Part], isCommitted: Bool = true) {
      self.name = name
      self.kind = kind
      self.parts = parts
      self.isCommitted = isCommitted
    }
  }

  /// What `mmap` is asked for.
  public struct MmapStatement: Sendable, Hashable {
    /// The addresses.
    public var range: ClosedRange<UInt64>
    /// `prot:`.
    public var rights: Set<MemoryRight>
    /// `shared:`, MAP_SHARED; MAP_PRIVATE unless said.
    public var isShared: Bool
    /// `file:`, the name of a file; anonymous unless said.
    public var file: String?
    /// `page:`, the first page of the file.
    public var page: UInt64
    /// `populate:`, MAP_POPULATE.
    public var isPopulated: Bool
    /// `grows-down:`, MAP_GROWSDOWN.
    public var growsDown: Bool

    /// Describes a mapping.
    public init(
      _ range: ClosedRange<UInt64>, _ rights: Set<MemoryRight>, isShared: Bool = false,
      file: String? = nil, page: UInt64 = 0, isPopulated: Bool = false, growsDown: Bool = false
    ) {
      self.range = range
      self.rights = rights
      self.isShared = isShared
      self.file = file
      self.page = page
      self.isPopulated = isPopulated
      self.growsDown = growsDown
    }
  }

  /// What PROT_READ, PROT_WRITE and PROT_EXEC allow.
  public enum MemoryRight: String, CaseIterable, Sendable {
    /// PROT_READ.
    case read
    /// PROT_WRITE.
    case write
    /// PROT_EXEC.
    case exec
  }

  /// What `madvise` advises.
  public enum Advice: String, CaseIterable, Sendable {
    /// MADV_DONTNEED.
    case dontneed
    /// MADV_FREE.
    case free
    /// MADV_HUGEPAGE.
    case hugepage
    /// MADV_NOHUGEPAGE.
    case nohugepage
    /// MADV_COLLAPSE.
    case collapse
    /// MADV_PAGEOUT.
    case pageout
    /// MADV_WILLNEED.
    case willneed
    /// MADV_GUARD_INSTALL.
    case guardInstall = "guard-install"
    /// MADV_GUARD_REMOVE.
    case guardRemove = "guard-remove"
    /// MADV_POPULATE_READ.
    case populateRead = "populate-read"
    /// MADV_POPULATE_WRITE.
    case populateWrite = "populate-write"
  }

  /// What a userfaultfd is told of.
  public enum UserfaultMode: String, CaseIterable, Sendable {
    /// Pages that are not there.
    case missing
    /// Writes to pages that were protected.
    case writeProtect = "write-protect"
  }
}
