public import PhysicalMemory

/// What a page-table entry means to Linux.
public struct LinuxEntryReading: Hashable, Sendable {
  /// What becomes of the page, as far as the entry says it.
  public enum State: String, Hashable, Sendable, CaseIterable {
    /// Nothing: no page was ever there, or it is a page of a file that was not touched.
    case none
    /// A page in a swap area.
    case swap
    /// A page on its way to another frame.
    case migration
    /// A page whose memory is broken.
    case hwpoison
    /// A page in the memory of a device.
    case device
    /// No page, but something to remember.
    case marker
    /// A page without access rights, in memory.
    case protnone
    /// A page without access rights so that the next access tells where it is used.
    case numaHint = "numa-hint"
    /// The page of zeros that all processes share.
    case zeroPage = "zero-page"
    /// A page of a file, or of shared memory.
    case file
    /// A page of its own.
    case anonymous
    /// A page in memory; the entry does not say whether it is of a file.
    case present
    /// A page in memory, as the kernel sees it, that is being split or moved.
    case invalidated
    /// A table of entries.
    case table
  }

  /// The state.
  public var state: State
  /// The first byte of the page, where there is one in memory.
  public var frame: PhysicalAddress?
  /// What the swap type says, in an entry for a page that is elsewhere.
  public var swap: SwapTypes.Meaning?
  /// The swap type.
  public var swapType: UInt64?
  /// The swap offset, in pages; for pages that are elsewhere a frame number, or markers.
  public var swapOffset: UInt64?
  /// The number of the frame that an entry for a page elsewhere names, where it names one.
  public var swapFrame: UInt64?
  /// Whether the page was written since the last clearing of the soft-dirty bits.
  public var isSoftDirty = false
  /// Whether userfaultfd write-protects the page.
  public var isUserfaultWriteProtected = false
  /// Whether a page in swap belongs to this process alone.
  public var isExclusive = false
  /// Whether no `struct page` belongs to the mapping.
  public var isSpecial = false
  /// Whether the kernel lets the page be written without doing anything first.
  public var isWritable = false
  /// Whether the page was used.
  public var isYoung = false
  /// Whether the page was written.
  public var isDirty = false

  /// A reading of a state, to be completed.
  public init(_ state: State) { self.state = state }

  /// What a marker remembers.
  public var markers: PTEMarkers {
    switch swap {
    case .marker: PTEMarkers(rawValue: swapOffset ?? 0)
    case .swapInError: .poisoned
    default: []
    }
  }

  /// Whether the kernel takes the page as present, whatever the processor does.
  public var isPresent: Bool {
    switch state {
    case .protnone, .numaHint, .zeroPage, .file, .anonymous, .present, .invalidated: true
    case .none, .swap, .migration, .hwpoison, .device, .marker, .table: false
    }
  }
}
