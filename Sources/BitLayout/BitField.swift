/// One field of a machine word, declared once: its name in the manual, its bits and what it means.
///
/// Everything that reads or writes the field (decoding, encoding, explanations, scenario keys,
/// documentation, tests) goes through this value, so a bit position is written in one place only.
@frozen public struct BitField: Sendable {
  /// What software and the processor may do with a field.
  @frozen public enum Kind: Sendable {
    /// A control or status bit, or a small number.
    case value
    /// Part of a physical address; the bits stand at the place they have in the address.
    case address
    /// The processor ignores the bits; software may use them.
    case ignored
    /// The bits must be zero; a set bit raises a fault where the entry is used.
    case reserved
  }

  /// The name, as the manual spells it.
  public let name: StaticString
  /// The bits of the field, in place.
  public let mask: UInt64
  /// The number of the lowest bit.
  public let low: UInt8
  /// What software and the processor may do with the field.
  public let kind: Kind
  /// The meaning, in one sentence.
  public let meaning: StaticString

  /// Declares a field of several bits, `high` and `low` included.
  @inlinable
  public init(
    _ name: StaticString, _ high: UInt8, _ low: UInt8, _ kind: Kind = .value,
    _ meaning: StaticString
  ) {
    self.name = name
    self.mask = (UInt64.max &>> (63 &- UInt64(high))) & (UInt64.max &<< UInt64(low))
    self.low = low
    self.kind = kind
    self.meaning = meaning
  }

  /// Declares a field of one bit.
  @inlinable
  public init(_ name: StaticString, _ bit: UInt8, _ kind: Kind = .value, _ meaning: StaticString) {
    self.init(name, bit, bit, kind, meaning)
  }

  /// The number of the highest bit.
  public var high: UInt8 { UInt8(63 - mask.leadingZeroBitCount) }

  /// The number of bits.
  public var width: Int { mask.nonzeroBitCount }

  /// The value of the field in `word`, shifted down to bit 0.
  @inlinable
  public func value(in word: UInt64) -> UInt64 { (word & mask) &>> UInt64(low) }

  /// Whether any bit of the field is set in `word`.
  @inlinable
  public func isSet(in word: UInt64) -> Bool { word & mask != 0 }

  /// Returns `word` with the field replaced, or nil where `value` does not fit the field.
  public func setting(_ value: UInt64, in word: UInt64) -> UInt64? {
    guard value <= mask >> UInt64(low) else { return nil }
    return (word & ~mask) | (value << UInt64(low))
  }
}

extension BitField: CustomStringConvertible {
  /// The name with the bits, as the manuals write them: `XD (63)`, `PK (62:59)`.
  public var description: String {
    high == low ? "\(name) (\(low))" : "\(name) (\(high):\(low))"
  }
}
