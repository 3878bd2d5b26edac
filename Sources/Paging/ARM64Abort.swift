public import BitLayout

/// An instruction abort or a data abort that stage 1 of the translation raises at EL1.
@frozen public struct ARM64Abort: Hashable, Sendable {
  /// The kinds of faults, in the order in which the processor looks for them (ARM ARM D8.15.2).
  @frozen public enum Fault: String, Sendable, CaseIterable {
    /// A descriptor is not valid, no table may be read, or the address is outside both halves.
    case translation
    /// An address in TTBRn_EL1 or in a descriptor has more bits than the output size.
    case addressSize = "address-size"
    /// AF is 0 and the processor does not set it.
    case accessFlag = "access-flag"
    /// The access is not permitted.
    case permission
  }

  /// The kind.
  public var fault: Fault
  /// The level of the lookup that faulted, -1 to 3; 0 where no table was read.
  public var level: Int
  /// The access.
  public var access: Access
  /// The rules that refused a permission; none for the other kinds.
  public var refusal: ARM64Refusal
  /// How the walk ended.
  public var walk: WalkResult

  /// Describes an abort.
  public init(
    _ fault: Fault, level: Int, of access: Access, refusal: ARM64Refusal = [], walk: WalkResult
  ) {
    self.fault = fault
    self.level = level
    self.access = access
    self.refusal = refusal
    self.walk = walk
  }

  /// The fault status code, IFSC or DFSC (ARM ARM D19.2, ESR_EL1, "ISS encoding for an exception
  /// from a Data Abort").
  public var statusCode: UInt64 {
    switch (fault, level) {
    case (.addressSize, -1): 0b10_1001
    case (.translation, -1): 0b10_1011
    case (.addressSize, _): UInt64(level & 3)
    case (.translation, _): 0b0100 | UInt64(level & 3)
    case (.accessFlag, _): 0b1000 | UInt64(level & 3)
    case (.permission, _): 0b1100 | UInt64(level & 3)
    }
  }

  /// ESR_EL1: exception class, IL=1, and for data WnR; ISV is 0, and so is all that it validates.
  public var syndrome: UInt64 {
    let isFromEL0: UInt64 = access.privilege == .user ? 0 : 1
    let exceptionClass = (access.isData ? 0b10_0100 : 0b10_0000) | isFromEL0
    let layout = ARM64Syndrome.self
    return exceptionClass << UInt64(layout.exceptionClass.low) | layout.instructionLength.mask
      | (access.isWrite ? layout.isWrite.mask : 0) | statusCode
  }
}

/// The fields of ESR_EL1 for aborts (ARM ARM D19.2, ESR_EL1).
public enum ARM64Syndrome {
  /// EC.
  public static let exceptionClass = BitField(
    "EC", 31, 26, .value,
    "0b100000 instruction abort from EL0, 0b100001 from EL1, 0b100100 data abort, 0b100101 from EL1"
  )
  /// IL.
  public static let instructionLength = BitField("IL", 25, .value, "a 32-bit instruction")
  /// WnR.
  public static let isWrite = BitField("WnR", 6, .value, "a write, of a data abort")
  /// DFSC or IFSC.
  public static let statusCode = BitField("FSC", 5, 0, .value, "fault status code")
}

/// The rules that refuse an access of arm64 to a page that is mapped and accessed.
@frozen public struct ARM64Refusal: OptionSet, Hashable, Sendable {
  /// The rules as bits.
  public var rawValue: UInt8

  /// Wraps the bits of the rules below.
  @inlinable
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// AP[1]=0 or APTable[0]=1, and EL0 reads or writes.
  @inlinable public static var privilegedPage: Self { Self(rawValue: 1 << 0) }
  /// AP[2]=1 or APTable[1]=1, and the access is a write.
  @inlinable public static var readOnly: Self { Self(rawValue: 1 << 1) }
  /// UXN=1 or UXNTable=1, and EL0 executes.
  @inlinable public static var userExecuteNever: Self { Self(rawValue: 1 << 2) }
  /// PXN=1 or PXNTable=1, and EL1 executes.
  @inlinable public static var privilegedExecuteNever: Self { Self(rawValue: 1 << 3) }
  /// EL0 may write the page, and EL1 executes.
  @inlinable public static var userWritable: Self { Self(rawValue: 1 << 4) }
  /// SCTLR_EL1.WXN=1, and a writable page is executed.
  @inlinable public static var writableNeverExecuted: Self { Self(rawValue: 1 << 5) }
  /// PSTATE.PAN=1, and EL1 reads or writes what EL0 may access.
  @inlinable public static var privilegedAccessNever: Self { Self(rawValue: 1 << 6) }

  /// A rule, in words and with its place in the manual.
  public struct Rule: Sendable {
    /// The rule.
    public let refusal: ARM64Refusal
    /// What it refuses.
    public let meaning: String
    /// Where the manual has it.
    public let citation: String
  }

  /// All rules, in the order in which explanations name them.
  public static let rules: [Rule] = [
    rule(.privilegedPage, "EL0 needs AP[1]=1, and APTable[0]=0 in every table", "D8.4.1"),
    rule(.readOnly, "writes need AP[2]=0, and APTable[1]=0 in every table", "D8.4.1"),
    rule(.userExecuteNever, "EL0 needs UXN=0, and UXNTable=0 in every table", "D8.4.2"),
    rule(.privilegedExecuteNever, "EL1 needs PXN=0, and PXNTable=0 in every table", "D8.4.2"),
    rule(.userWritable, "EL1 does not execute what EL0 may write", "D8.4.2"),
    rule(.writableNeverExecuted, "with SCTLR_EL1.WXN=1 nothing writable is executed", "D8.4.2"),
    rule(
      .privilegedAccessNever,
      "with PSTATE.PAN=1 EL1 does not read or write what EL0 may access", "D8.4.3"),
  ]

  private static func rule(
    _ refusal: ARM64Refusal, _ meaning: String, _ section: String
  ) -> Rule {
    Rule(refusal: refusal, meaning: meaning, citation: "ARM ARM \(section)")
  }
}
