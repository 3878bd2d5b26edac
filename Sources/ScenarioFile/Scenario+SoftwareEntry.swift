extension Scenario {
  /// One item of `ptes:`: entries by what they mean to the kernel.
  public struct SoftwareEntry: Sendable {
    /// Where the item starts.
    public var mark: SourceMark
    /// `va:`, one page, or all pages of a range.
    public var va: Located<Extent>
    /// `level:`, the entry name; `PTE` unless said.
    public var level: Located<String>?
    /// What the entries say.
    public var statement: EntryStatement
    /// `on:`, the systems it is for; empty for all.
    public var on: [Located<String>]
  }

  /// What an entry means to Windows or to Linux, by the words of the command line.
  public enum EntryState: String, CaseIterable, Sendable {
    /// A page of 4 KiB that the processor translates.
    case valid
    /// A large page.
    case large
    /// Nothing at all: 0.
    case zero
    /// A page of zeros at the first touch.
    case demandZero = "demand-zero"
    /// No access.
    case noAccess = "no-access"
    /// Committed once and not any more.
    case decommitted
    /// In a page file.
    case pageFile = "page-file"
    /// In the store of compressed pages.
    case virtualStore = "virtual-store"
    /// In a frame that no entry is valid for.
    case transition
    /// Where a prototype PTE says.
    case prototype
    /// Where the prototype PTE of the VAD says.
    case prototypeVad = "prototype-vad"
    /// In a file.
    case subsection
    /// Protection 0 with a high half that is not 0.
    case freed
    /// Several meanings, and no way to tell from the entry.
    case ambiguous
    /// Of Linux: nothing.
    case none
    /// In a swap area.
    case swap
    /// On its way to another frame.
    case migration
    /// In memory that is broken.
    case hwpoison
    /// In the memory of a device.
    case device
    /// No page, but something to remember.
    case marker
    /// Present for the kernel, without access rights.
    case protnone
    /// The same so that the next access tells where the page is used.
    case numaHint = "numa-hint"
    /// The page of zeros that all share.
    case zeroPage = "zero-page"
    /// A page of a file or of shared memory.
    case file
    /// A page of its own.
    case anonymous
    /// In memory; the entry does not say whose.
    case present
    /// A huge page that is being split or moved.
    case invalidated
    /// A table of entries.
    case table

    /// Whether it is a word of Linux.
    public var isOfLinux: Bool {
      switch self {
      case .none, .swap, .migration, .hwpoison, .device, .marker, .protnone, .numaHint, .zeroPage,
        .file, .anonymous, .present, .invalidated, .table:
        true
      default: false
      }
    }
  }

  /// What a page elsewhere was before, or what its device may do: `kind:` of Linux entries.
  public enum EntryKind: String, CaseIterable, Sendable {
    /// Read-only, perhaps shared.
    case read
    /// Read-only, and of this process alone.
    case readExclusive = "read-exclusive"
    /// Writable.
    case write
    /// A device uses it alone for a while.
    case exclusive
  }

  /// What a marker of Linux remembers.
  public enum Marker: String, CaseIterable, Sendable {
    /// userfaultfd write-protected the page.
    case userfaultWriteProtect = "uffd-wp"
    /// The page could not be read, or is poisoned.
    case poisoned
    /// A guard region.
    case guardRegion = "guard"
  }

  /// An entry's state with what belongs to it; the reader has checked that they go together.
  public struct EntryStatement: Sendable {
    /// `state:`.
    public var state: Located<EntryState>
    /// `protection:`.
    public var protection: Located<Protection>?
    /// `to:`, the frame of a page that is in memory.
    public var to: Located<Destination>?
    /// `file:`, the number of the page file.
    public var pageFile: Located<UInt64>?
    /// `offset:` in the page file, in pages; the next entry has the next one.
    public var offset: Located<UInt64>?
    /// `section:`, whose prototype PTE is meant.
    public var section: Located<String>?
    /// `page:` of the section; the next entry has the next one.
    public var page: Located<UInt64>?
    /// `address:` of a prototype PTE or of a subsection.
    public var address: Located<UInt64>?
    /// `accessed:` of a valid entry; true unless said.
    public var isAccessed: Located<Bool>?
    /// `dirty:` of a valid entry; whether it is writable unless said.
    public var isDirty: Located<Bool>?
    /// `fields:` by the kernel's names, set over what the rest composes.
    public var fields: [FieldSetting]
    /// What only Linux entries have.
    public var linux = LinuxStatement()
  }

  /// What only entries of Linux say.
  public struct LinuxStatement: Sendable {
    /// `type:`, the number of the swap area.
    public var swapType: Located<UInt64>?
    /// `kind:` of a page on its way or of a device.
    public var kind: Located<EntryKind>?
    /// `markers:`.
    public var markers: [Located<Marker>] = []
    /// `soft-dirty:`.
    public var isSoftDirty: Located<Bool>?
    /// `uffd-wp:`.
    public var isUserfaultWriteProtected: Located<Bool>?
    /// `exclusive:`.
    public var isExclusive: Located<Bool>?
  }

  /// A protection as Windows has it.
  public enum Protection: Hashable, Sendable {
    /// The five bits.
    case number(UInt64)
    /// A word for the access and perhaps one for the modifier.
    case words(ProtectionWord, modifier: ProtectionWord?)
  }

  /// The words of a protection: those of the `PAGE_` constants.
  public enum ProtectionWord: String, CaseIterable, Sendable {
    /// No access.
    case noAccess = "NOACCESS"
    /// Reading.
    case readOnly = "READONLY"
    /// Executing.
    case execute = "EXECUTE"
    /// Executing and reading.
    case executeRead = "EXECUTE_READ"
    /// Reading and writing.
    case readWrite = "READWRITE"
    /// Reading, and writing to a copy.
    case writeCopy = "WRITECOPY"
    /// Everything.
    case executeReadWrite = "EXECUTE_READWRITE"
    /// Executing, reading, and writing to a copy.
    case executeWriteCopy = "EXECUTE_WRITECOPY"
    /// The first touch is reported.
    case `guard` = "GUARD"
    /// Not cached.
    case noCache = "NOCACHE"
    /// Writes are combined.
    case writeCombine = "WRITECOMBINE"

    /// Whether it modifies a protection and is none itself.
    public var isModifier: Bool {
      switch self {
      case .guard, .noCache, .writeCombine: true
      default: false
      }
    }
  }
}
