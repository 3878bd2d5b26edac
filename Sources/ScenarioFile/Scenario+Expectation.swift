extension Scenario {
  /// One item of `expect:`.
  public struct Expectation: Sendable {
    /// Where the item starts.
    public var mark: SourceMark
    /// `process:`; nil for the only address space, or for all.
    public var process: Located<ProcessReference>?
    /// `root:`, which of the process's roots; the kernel's unless said.
    public var root: Located<RootKind>?
    /// `on:`, the systems it is for; empty for all.
    public var on: [Located<String>]
    /// What is expected.
    public var verb: Verb

    /// What is expected.
    public enum Verb: Sendable {
      /// `walk:`.
      case walk(WalkExpectation)
      /// `fault:`, what the processor does with an access.
      case fault(FaultExpectation)
      /// `bytes-at:`, what stands at a virtual address.
      case bytes(BytesExpectation)
      /// `pte:`, what an entry means to the operating system.
      case pte(PteExpectation)
      /// `pagemap:`, what a word of `/proc/PID/pagemap` says, or which one there would be.
      case pagemap(PagemapExpectation)
      /// `pfn:`, what the PFN database says of a frame.
      case pfn(PfnExpectation)
      /// `lists:`, how many frames are on which list, or of which kind.
      case lists([ListExpectation])
      /// `pagemap-at:`, what Linux says of a page at a moment of a timeline.
      case pagemapAt(MomentPagemap)
      /// `check:`, exactly these findings.
      case check([Located<String>])
      /// `mappings:`, the number of leaves, and `bytes:`, the sum of their sizes.
      case mappings(count: Located<UInt64>, bytes: Located<UInt64>?)
      /// `found:`, what a search of memory finds of Windows that is told the mode and the kernel only.
      case found(FoundExpectation)
      /// `ledger: all`, every page the builder intended.
      case ledger
      /// `same-digest-as:`, a scenario file.
      case sameDigest(as: Located<String>)
      /// `same-translation-as:`, a scenario file.
      case sameTranslation(as: Located<String>)
      /// `truth:`, a file of what the guest kernel said.
      case truth(Located<String>)
      /// `faults:`, a file of the exceptions that a processor raised.
      case faults(Located<String>)
      /// `rejects:`, a scenario that must be refused.
      case rejects(Rejection)
    }
  }

  /// Which root of a process a question is about.
  public enum RootKind: String, CaseIterable, Sendable {
    /// The one with the kernel's half.
    case kernel
    /// The one that user mode runs with, where the kernel's half is hidden from it.
    case user
  }

  /// How a walk ends.
  public enum Outcome: String, CaseIterable, Sendable {
    /// The address is mapped.
    case mapped
    /// An entry is not present.
    case notPresent = "not-present"
    /// An entry has reserved bits set.
    case reservedBits = "reserved-bits"
    /// The address is not canonical.
    case nonCanonical = "non-canonical"
    /// A table the walk needs is absent.
    case missing
  }

  /// `bytes-at:` with what must stand there.
  public struct BytesExpectation: Sendable {
    /// `bytes-at:`, the virtual address.
    public var va: Located<UInt64>
    /// `bytes:`, at least one; nil for each that is not mapped or not in the image.
    public var bytes: Located<[UInt8?]>
  }

  /// `walk:` with what it must answer; nil is not compared.
  public struct WalkExpectation: Sendable {
    /// `walk:`, the virtual address.
    public var va: Located<UInt64>
    /// `outcome:`, mapped unless said.
    public var outcome: Outcome
    /// `pa:`.
    public var pa: Located<UInt64>?
    /// `page-size:`, in bytes.
    public var pageSize: Located<UInt64>?
    /// `write:`.
    public var write: Located<Bool>?
    /// `user:`.
    public var user: Located<Bool>?
    /// `execute:`.
    public var execute: Located<Bool>?
    /// `in-image:`.
    public var inImage: Located<Bool>?
    /// `stopped-at:`, the entry that decided.
    public var stoppedAt: Located<String>?
    /// `reserved:`, the offending bits.
    public var reserved: Located<UInt64>?
    /// `missing:`, the address that could not be read.
    public var missing: Located<UInt64>?
  }

  /// `rejects:`, a scenario that must be refused.
  public struct Rejection: Sendable {
    /// `text:`, the whole scenario; line 1 of a diagnostic is its first line.
    public var text: Located<String>
    /// `code:`, which must be among the diagnostics.
    public var code: Located<DiagnosticCode>
    /// `at:`, where in the text the diagnostic must point; nil for anywhere.
    public var at: Located<SourceMark>?
  }
}
