extension Scenario {
  /// What is done to an address.
  public enum AccessKind: String, CaseIterable, Sendable {
    /// A data read.
    case read
    /// A data write.
    case write
    /// An instruction fetch.
    case execute
    /// A read of a shadow stack.
    case shadowStackRead = "shadow-stack-read"
    /// A write to a shadow stack.
    case shadowStackWrite = "shadow-stack-write"
  }

  /// Who does it.
  public enum Privilege: String, CaseIterable, Sendable {
    /// User mode.
    case user
    /// An instruction in supervisor mode.
    case supervisor
    /// The processor itself, at a system data structure.
    case supervisorImplicit = "supervisor-implicit"
  }

  /// What the processor does with an access.
  public enum AccessOutcome: String, CaseIterable, Sendable {
    /// It is made.
    case translated
    /// A page fault.
    case pageFault = "page-fault"
    /// A general-protection exception.
    case generalProtection = "general-protection"
    /// A table that the walk needs is absent.
    case missing
  }

  /// A flag of a page fault's error code.
  public enum ErrorCodeFlag: String, CaseIterable, Sendable {
    /// The page is present.
    case present = "P"
    /// A write.
    case write = "W"
    /// A user-mode access.
    case user = "U"
    /// A reserved bit.
    case reserved = "RSVD"
    /// An instruction fetch.
    case instruction = "I"
    /// A protection key.
    case protectionKey = "PK"
    /// A shadow-stack access.
    case shadowStack = "SS"
  }

  /// `fault:` with what it must answer; nil is not compared.
  public struct FaultExpectation: Sendable {
    /// `fault:`, the address as a program has it.
    public var va: Located<UInt64>
    /// `access:`.
    public var access: Located<AccessKind>
    /// `as:`.
    public var privilege: Located<Privilege>
    /// `ac:`, RFLAGS.AC; the machine's unless said.
    public var alignmentCheck: Located<Bool>?
    /// `irql:`, the interrupt request level of Windows; 0 unless said.
    public var interruptLevel: Located<UInt64>?
    /// `outcome:`; a page fault where an error code or ESR_EL1 is said, else `translated`.
    public var outcome: AccessOutcome
    /// `error-code:`.
    public var errorCode: Located<ErrorCode>?
    /// `esr:`, ESR_EL1 of an abort of arm64.
    public var syndrome: Located<UInt64>?
    /// `pa:`.
    public var pa: Located<UInt64>?
    /// `updates:`.
    public var updates: Updates?
    /// `os:`, what the operating system makes of it.
    public var system: SystemExpectation?

    /// An error code, as flags or as a number.
    public enum ErrorCode: Sendable {
      /// These flags.
      case flags([ErrorCodeFlag])
      /// The number on the stack.
      case number(UInt64)
    }

    /// The accessed and dirty bits that the processor sets.
    public enum Updates: Sendable {
      /// In so many entries.
      case count(Located<UInt64>)
      /// In these entries, top table first.
      case list([Update])
    }
  }

  /// An item of `updates:`; nil is not compared.
  public struct Update: Sendable {
    /// `entry:`, the name of the entry.
    public var entry: Located<String>
    /// `at:`, its address.
    public var address: Located<UInt64>?
    /// `before:`.
    public var before: Located<UInt64>?
    /// `after:`.
    public var after: Located<UInt64>?
  }
}
