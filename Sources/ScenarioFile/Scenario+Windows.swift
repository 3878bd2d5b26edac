extension Scenario {
  /// `windows:`, what a Windows kernel keeps in memory beside page tables.
  public struct Windows: Sendable {
    /// Where the key `windows` is.
    public var mark: SourceMark
    /// `invalid-mask:`, what the kernel sets in entries that are not valid; 0 unless said.
    public var invalidMask: Located<UInt64>?
    /// `self-map:`, the slot of every top table that leads to itself; the builder chooses one unless said.
    public var selfMapSlot: Located<UInt64>?
    /// `pfn-database:`, whether there is one.
    public var pfnDatabase: Located<Bool>?
    /// `pfn-database-at:`, the address of its first entry.
    public var pfnDatabaseAddress: Located<UInt64>?
    /// `kva-shadow:`, whether processes have a second root for user mode.
    public var kvaShadow: Located<Bool>?
    /// `skeleton:`, what other programs need to take the memory for Windows; nil for nothing.
    public var skeleton: Skeleton?
    /// `page-files:`.
    public var pageFiles: [PageFile]
    /// `sections:`.
    public var sections: [Section]
  }

  /// `skeleton:`, the least of a running Windows by which other programs recognise it.
  public struct Skeleton: Sendable {
    /// Where the value of the key is.
    public var mark: SourceMark
    /// `build:`, the number of the build that the memory tells; the kernel's own unless said.
    public var build: Located<UInt64>?
  }

  /// One item of `page-files:`.
  public struct PageFile: Sendable {
    /// Where the item starts.
    public var mark: SourceMark
    /// `number:`, as entries name it.
    public var number: Located<UInt64>
    /// `size:` in bytes.
    public var size: Located<UInt64>?
    /// `store:`, whether it is the pseudo page file of compressed pages.
    public var isStore: Bool
  }

  /// One item of `sections:`: memory that processes share through prototype PTEs.
  public struct Section: Sendable {
    /// Where the item starts.
    public var mark: SourceMark
    /// `name:`.
    public var name: Located<String>
    /// `kind:`.
    public var kind: Located<SectionKind>
    /// `subsections:`, each with a prototype array of its own.
    public var subsections: [Subsection]

    /// The number of pages in all subsections; nil where that overflows.
    public var pageCount: UInt64? {
      var count: UInt64 = 0
      for subsection in subsections {
        let (sum, overflow) = count.addingReportingOverflow(subsection.pages.value)
        guard !overflow else { return nil }
        count = sum
      }
      return count
    }
  }

  /// What a section's pages come from.
  public enum SectionKind: String, CaseIterable, Sendable {
    /// The page file.
    case pageFile = "page-file"
    /// A data file.
    case file
    /// An executable image.
    case image
  }

  /// One item of `subsections:`.
  public struct Subsection: Sendable {
    /// Where the item starts.
    public var mark: SourceMark
    /// `pages:`, PtesInSubsection.
    public var pages: Located<UInt64>
    /// `unused:`, UnusedPtes: entries at the end of the array that map nothing.
    public var unused: Located<UInt64>?
    /// `protection:` of the pages that nothing else is said of.
    public var protection: Located<Protection>?
    /// `sector:`, StartingSector; 4-KiB units for a data file, 512 bytes for an image.
    public var startingSector: Located<UInt64>?
    /// `sectors:`, NumberOfFullSectors.
    public var fullSectors: Located<UInt64>?
    /// `array:`, whether there is a prototype array.
    public var hasArray: Bool
    /// `ptes:`, the prototype PTEs that are not the usual ones of the section's kind.
    public var ptes: [PrototypeEntry]
  }

  /// One item of `ptes:` of a subsection.
  public struct PrototypeEntry: Sendable {
    /// Where the item starts.
    public var mark: SourceMark
    /// `page:`, one page of the subsection or a range of them, from 0.
    public var pages: Located<ClosedRange<UInt64>>
    /// What the entry says.
    public var statement: EntryStatement
  }

  /// One item of `vads:`.
  public struct Vad: Sendable {
    /// Where the item starts.
    public var mark: SourceMark
    /// `va:`, whole pages, ends inclusive.
    public var va: Located<ClosedRange<UInt64>>
    /// `kind:`.
    public var kind: Located<VadKind>
    /// `protection:`.
    public var protection: Located<Protection>?
    /// `commit:`, MemCommit.
    public var isCommitted: Located<Bool>?
    /// `section:`, what a view shows.
    public var section: Located<String>?
    /// `page:`, the first page of the section in the view; 0 unless said.
    public var page: Located<UInt64>?

    /// Private memory.
    public init(
      mark: SourceMark, va: Located<ClosedRange<UInt64>>, protection: Located<Protection>,
      isCommitted: Located<Bool>? = nil
    ) {
      self.init(
        mark: mark, va: va, kind: Located(.private, at: mark), protection: protection,
        isCommitted: isCommitted, section: nil, page: nil)
    }

    init(
      mark: SourceMark, va: Located<ClosedRange<UInt64>>, kind: Located<VadKind>,
      protection: Located<Protection>?, isCommitted: Located<Bool>?, section: Located<String>?,
      page: Located<UInt64>?
    ) {
      (self.mark, self.va, self.kind, self.protection) = (mark, va, kind, protection)
      (self.isCommitted, self.section, self.page) = (isCommitted, section, page)
    }
  }

  /// What a VAD describes.
  public enum VadKind: String, CaseIterable, Sendable {
    /// Memory of the process alone.
    case `private`
    /// A view of a data file or of the page file.
    case mapped
    /// A view of an executable image.
    case image
    /// Physical memory that a driver mapped.
    case physical
    /// Address windowing extensions.
    case awe
    /// Private memory whose writes are watched.
    case writeWatch = "write-watch"
    /// Private large pages.
    case largePages = "large-pages"
    /// A view that switches between memory and a device.
    case rotate
    /// A view of a section of large pages.
    case largePageSection = "large-page-section"

    /// Whether it is a view of a section.
    public var isView: Bool {
      switch self {
      case .mapped, .image, .largePageSection: true
      case .private, .physical, .awe, .writeWatch, .largePages, .rotate: false
      }
    }
  }
}
