public import PhysicalMemory

/// What makes two visits of a table the same visit: the table, its level, the rights that the
/// entries above leave to it, and the rules that it is read by where one state has several.
@frozen public struct TableKey: Hashable, Sendable {
  /// The table's address with level, rights and rules in the bits that no physical address has.
  public let rawValue: UInt64

  /// Takes a key apart that was kept as a number.
  @inlinable
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Makes a key; a physical address has 52 bits at most.
  @inlinable
  public init(_ table: PhysicalAddress, level: Int, rights: Rights, tag: UInt64 = 0) {
    rawValue =
      table.rawValue | UInt64(truncatingIfNeeded: level) &<< Self.levelShift
      | UInt64(rights.rawValue) &<< Self.rightsShift | tag &<< Self.tagShift
  }

  @inlinable static var rightsShift: UInt64 { 52 }
  @inlinable static var levelShift: UInt64 { 56 }
  @inlinable static var tagShift: UInt64 { 59 }

  /// The key of the same table under entries that leave no rights.
  @inlinable public var withoutRights: Self {
    let rights: UInt64 = (1 &<< Self.levelShift) &- (1 &<< Self.rightsShift)
    return Self(rawValue: rawValue & ~rights)
  }

  /// The physical address of the table.
  @inlinable public var table: PhysicalAddress {
    PhysicalAddress(rawValue & ((1 &<< Self.rightsShift) &- 1))
  }

  /// The level of the table's entries.
  @inlinable public var level: Int {
    let levels: UInt64 = (1 &<< (Self.tagShift &- Self.levelShift)) &- 1
    return Int(truncatingIfNeeded: rawValue &>> Self.levelShift & levels)
  }
}

/// A hash table from tables already done to what was learned there.
///
/// It makes the work proportional to the number of tables, however many addresses lead to them. An
/// open-addressed table of our own, because a visit looks up one key and a `Dictionary` costs as
/// much as the 512 entries of the table.
@frozen public struct FoldTable<Value: BitwiseCopyable & Sendable>: Sendable {
  @usableFromInline var keys: [UInt64]
  @usableFromInline var values: [Value]
  /// The number of keys.
  public private(set) var count = 0
  @usableFromInline let empty: Value

  /// Creates an empty table; `empty` fills the slots that hold nothing.
  public init(empty: Value) {
    self.empty = empty
    keys = [UInt64](repeating: Self.free, count: 64)
    values = [Value](repeating: empty, count: 64)
  }

  /// No key: its level would be 0.
  @inlinable static var free: UInt64 { 0 }

  /// What was stored for `key`.
  @inlinable
  public func value(for key: TableKey) -> Value? {
    let slot = slot(of: key.rawValue)
    return keys[slot] == key.rawValue ? values[slot] : nil
  }

  /// Stores what was learned, over what was there.
  public mutating func store(_ value: Value, for key: TableKey) {
    if count * 2 >= keys.count { grow() }
    let slot = slot(of: key.rawValue)
    if keys[slot] != key.rawValue {
      keys[slot] = key.rawValue
      count += 1
    }
    values[slot] = value
  }

  @usableFromInline
  func slot(of key: UInt64) -> Int {
    let mask = keys.count &- 1
    // Fibonacci hashing: the high bits of the product depend on all bits of the key.
    var slot = Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) &>> 32) & mask
    while keys[slot] != Self.free, keys[slot] != key { slot = (slot &+ 1) & mask }
    return slot
  }

  private mutating func grow() {
    let (oldKeys, oldValues) = (keys, values)
    keys = [UInt64](repeating: Self.free, count: oldKeys.count * 2)
    values = [Value](repeating: empty, count: oldKeys.count * 2)
    for (key, value) in zip(oldKeys, oldValues) where key != Self.free {
      let slot = slot(of: key)
      keys[slot] = key
      values[slot] = value
    }
  }
}
