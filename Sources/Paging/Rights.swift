/// What an address may be used for, as the entries of all levels together allow it.
///
/// Rights only shrink on the way down. Reading is always among them; which registers of the
/// processor further restrict or relax them is a matter of the access, not of the tables.
@frozen public struct Rights: OptionSet, Hashable, Sendable {
  /// The rights as bits, so that the intersection of two is one instruction.
  public var rawValue: UInt8

  /// Wraps the bits of the rights below.
  @inlinable
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Writing.
  @inlinable public static var write: Self { Self(rawValue: 1) }
  /// Use by user mode.
  @inlinable public static var user: Self { Self(rawValue: 2) }
  /// Instruction fetch.
  @inlinable public static var execute: Self { Self(rawValue: 4) }
  /// Instruction fetch by EL1, which arm64 grants apart from fetches by EL0 (`execute`).
  ///
  /// Only the entries of arm64 have it; it is folded into `execute` at the end of a walk.
  @inlinable public static var privilegedExecute: Self { Self(rawValue: 8) }
  /// All that an answer can say, from which a walk of x86 starts.
  @inlinable public static var all: Self { Self(rawValue: 7) }
}

extension Rights: CustomStringConvertible {
  /// The rights as three letters: `wux`, with `-` for what is missing.
  public var description: String {
    (contains(.write) ? "w" : "-") + (contains(.user) ? "u" : "-")
      + (contains(.execute) ? "x" : "-")
  }
}
