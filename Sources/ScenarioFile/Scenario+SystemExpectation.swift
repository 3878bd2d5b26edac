extension Scenario {
  /// `os:` of an expectation of `fault`: what the kernel makes of the exception; nil is not compared.
  public struct SystemExpectation: Sendable {
    /// Where the mapping starts.
    public var mark: SourceMark
    /// `state:`.
    public var state: Located<EntryState>?
    /// `protection:`.
    public var protection: Located<Protection>?
    /// `modifier:`.
    public var modifier: Located<Modifier>?
    /// `handler:`, the kernel's functions in the order of their calls.
    public var handler: [Located<String>]?
    /// `cost:`.
    public var cost: Located<FaultCost>?
    /// `status:`, the name of the NTSTATUS.
    public var status: Located<String>?
    /// `bugcheck:`, its code and arguments.
    public var bugCheck: BugCheck?
    /// `signal:`, the name of the signal.
    public var signal: Located<String>?
    /// `signal-code:`, the name of its code.
    public var signalCode: Located<String>?
    /// `kernel:`, what becomes of the kernel.
    public var kernel: Located<String>?
  }

  /// `bugcheck:` of an expectation.
  public struct BugCheck: Sendable {
    /// `code:`.
    public var code: Located<UInt64>
    /// `args:`, from the first; nil, `any` in the file, is not compared.
    public var arguments: [Located<UInt64>?]
  }

  /// What modifies a protection.
  public enum Modifier: String, CaseIterable, Sendable {
    /// Nothing.
    case none
    /// The first touch is reported.
    case `guard`
    /// Not cached.
    case noCache = "nocache"
    /// Writes are combined.
    case writeCombine = "writecombine"
  }

  /// What a fault costs.
  public enum FaultCost: String, CaseIterable, Sendable {
    /// Nothing: there is no fault.
    case none
    /// No input or output.
    case soft
    /// Input and output.
    case hard
    /// The thread or the system.
    case fatal
  }

  /// `pte:` with what the entry must mean; nil is not compared.
  public struct PteExpectation: Sendable {
    /// `pte:`, the virtual address.
    public var va: Located<UInt64>
    /// `level:`, the entry name; `PTE` unless said.
    public var level: Located<String>?
    /// What the entry itself says.
    public var entry: EntryReading
    /// `leads-to:`, where the page is when everything has been followed.
    public var destination: EntryReading?
  }

  /// What is said of an entry; nil is not compared.
  public struct EntryReading: Sendable {
    /// Where the mapping starts.
    public var mark: SourceMark
    /// `state:`.
    public var state: Located<EntryState>?
    /// `protection:`.
    public var protection: Located<Protection>?
    /// `modifier:`.
    public var modifier: Located<Modifier>?
    /// `value:`, the raw entry.
    public var value: Located<UInt64>?
    /// `pfn:`.
    public var frameNumber: Located<UInt64>?
    /// `pa:` of the page.
    public var pa: Located<UInt64>?
    /// `page-file:`.
    public var pageFile: Located<UInt64>?
    /// `page-file-offset:` in pages.
    public var pageFileOffset: Located<UInt64>?
    /// `prototype-address:`.
    public var prototypeAddress: Located<UInt64>?
    /// `subsection-address:`.
    public var subsectionAddress: Located<UInt64>?
    /// `file-offset:` in bytes, of a page file or of another.
    public var fileOffset: Located<UInt64>?
    /// `missing:`, the physical address that could not be read.
    public var missing: Located<UInt64>?
    /// `type:`, the swap type of Linux.
    public var swapType: Located<UInt64>?
    /// `offset:`, the swap offset of Linux.
    public var swapOffset: Located<UInt64>?
    /// `soft-dirty:`.
    public var isSoftDirty: Located<Bool>?
    /// `uffd-wp:`.
    public var isUserfaultWriteProtected: Located<Bool>?
    /// `exclusive:`.
    public var isExclusive: Located<Bool>?
  }

  /// `found:` with what a search of memory must find; nil is not compared.
  public struct FoundExpectation: Sendable {
    /// `found:`, the roots that are at least likely, all of them, in any order.
    public var roots: [Located<UInt64>]
    /// `doubtful:`, the roots that something speaks against, all of them.
    public var doubtful: [Located<UInt64>]?
    /// `processes:`, the numbers of the processes whose records are found, all of them.
    public var processes: [Located<UInt64>]?
    /// `self-map:`, the slot.
    public var selfMapSlot: Located<UInt64>?
    /// `invalid-mask:`, as it is inferred from the entries.
    public var invalidMask: Located<UInt64>?
  }
}
