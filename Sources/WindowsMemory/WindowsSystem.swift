public import PhysicalMemory

/// What is known of a running Windows: its kernel, and where in memory its structures begin.
///
/// Everything else is read from memory. Scenarios, options and the headers of dumps give these few
/// facts; what none of them gives may be found in memory.
public struct WindowsSystem: Sendable {
  /// The facts that are not read through other structures.
  public enum Anchor: String, Sendable, CaseIterable {
    /// The kernel, and with it the layouts of its words.
    case kernel
    /// What the kernel puts into entries that are not valid.
    case invalidMask = "invalid-PTE mask"
    /// A root whose kernel half is whole.
    case systemRoot = "system root"
    /// The head of the list of processes, PsActiveProcessHead.
    case processList = "process list"
    /// The first entry of the PFN database, MmPfnDatabase.
    case pfnDatabase = "PFN database"
    /// The number of the page file that is a store of compressed pages.
    case virtualStore = "virtual store"
  }

  /// How a fact became known.
  public struct Origin: Hashable, Sendable {
    /// The kinds of knowledge, the surest first.
    public enum Kind: String, Sendable {
      /// The user or the scenario says so.
      case given
      /// It was read from memory or from the header of a dump.
      case read
      /// It follows from what many entries have in common.
      case inferred
      /// Nobody says so.
      case assumed
    }

    /// The kind of knowledge.
    public var kind: Kind
    /// The place: an option, a field of a header, a variable of the kernel.
    public var detail: String

    /// Describes how a fact became known.
    public init(_ kind: Kind, _ detail: String) {
      self.kind = kind
      self.detail = detail
    }
  }

  /// The kernel.
  public var kernel: WindowsKernel
  /// What the kernel puts into entries that are not valid; none where nothing is known.
  public var invalidMask = InvalidPTEMask.none
  /// The value of CR3 with a kernel half that is whole; nil stands for the root of the machine.
  public var systemRoot: UInt64?
  /// The address of PsActiveProcessHead.
  public var processListHead: VirtualAddress?
  /// The address of the first entry of the PFN database.
  public var pfnDatabase: VirtualAddress?
  /// The number of the page file that is a store of compressed pages.
  public var virtualStore: UInt64?
  /// What entries with an offset in place of an address count from; nil where that is not known.
  public var pools: PoolBases?
  /// Whether nothing tells if the entries of the kernel, whose patch level is not known, have a SwizzleBit.
  public var isGenerationAssumed = false
  /// How the facts became known.
  public var origins: [Anchor: Origin] = [:]

  /// Describes a system of which only the kernel is known.
  public init(_ kernel: WindowsKernel, from origin: Origin) {
    self.kernel = kernel
    origins[.kernel] = origin
  }

  /// Reads entries of this system.
  public var decoder: PTEDecoder {
    PTEDecoder(kernel, mask: invalidMask, virtualStore: virtualStore, pools: pools)
  }

  /// Whether kernel and user addresses are told apart by this address as one of the system.
  ///
  /// On x86 the system begins at 2 GiB; a boot option that moves it to 3 GiB is not seen here.
  public func isSystem(_ address: VirtualAddress) -> Bool {
    let firstBit: UInt64 = kernel.format.isThirtyTwoBit ? 31 : 63
    return address.rawValue >> firstBit != 0
  }
}
