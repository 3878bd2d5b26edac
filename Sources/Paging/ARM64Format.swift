public import BitLayout
public import PhysicalMemory

/// The tables of one half of the addresses, in one granule (ARM ARM D8.2 and D8.3).
@frozen public struct ARM64Format<Granule: ARM64Granule>: PagingFormat {
  /// A descriptor of eight bytes.
  public typealias Word = UInt64
  /// Geometry and rules of the half.
  public let rules: ARM64HalfRules

  /// arm64.
  @inlinable public static var mode: PagingMode { .arm64 }
  /// Five, L-1 to L3; where a walk starts is a matter of the half.
  @inlinable public static var levelCount: Int { 5 }
  /// Nine, eleven or thirteen at every level but the top one.
  @inlinable
  public static func indexBits(_ level: Int) -> UInt64 { Granule.shift &- 3 }
  /// The granule's bits for L3, and an index more for each level.
  @inlinable
  public static func indexShift(_ level: Int) -> UInt64 {
    Granule.shift &+ (Granule.shift &- 3) &* UInt64(truncatingIfNeeded: level &- 1)
  }
  /// Execution by EL0 and by EL1 are apart until the walk is at its end.
  @inlinable public static var allRights: Rights { Rights.all.union(.privilegedExecute) }

  /// Takes the rules of the half in view from the registers.
  public init(_ state: PagingState) { rules = ARM64HalfRules(state) }

  /// Takes the rules of a half.
  @inlinable
  public init(_ rules: ARM64HalfRules) { self.rules = rules }

  /// The level of the top table of the half.
  @inlinable public var topLevel: Int { rules.topLevel }
  /// The number of address bits that the half translates.
  @inlinable public var addressBits: UInt64 { rules.addressBits }
  /// The first address of the half.
  @inlinable public var firstAddress: UInt64 { rules.firstAddress }

  /// The number of entries of a table; the top one may be smaller.
  @inlinable
  public func entryCount(_ level: Int) -> Int {
    let bits = level == rules.topLevel ? rules.topIndexBits : Self.indexBits(level)
    return Int(truncatingIfNeeded: 1 as UInt64 &<< bits)
  }

  /// Tells smaller tables, and those that are read by other rules, from the rest.
  @inlinable
  public func keyTag(_ level: Int) -> UInt64 {
    guard level == rules.topLevel, rules.topIndexBits != Self.indexBits(level) else {
      return rules.keyTag
    }
    return rules.keyTag | rules.topIndexBits
  }

  /// Whether the bits above the translated ones are those of the half, a tag aside (D8.2.1).
  @inlinable
  public func isCanonical(_ address: UInt64) -> Bool {
    let expected = rules.half == .lower ? 0 : rules.signMask
    return address & rules.signMask == expected && ARM64Half(of: address) == rules.half
  }

  /// The address itself; enumerations count from the first address of the half.
  @inlinable
  public func canonical(_ address: UInt64) -> UInt64 { address }

  /// The translated bits.
  @inlinable
  public func translated(_ address: UInt64) -> UInt64 {
    address & ~(UInt64.max &<< rules.addressBits)
  }

  /// What a descriptor says (ARM ARM D8.3.1); `reserved` are address bits beyond the output size.
  @inlinable
  public func meaning(of entry: UInt64, level: Int) -> EntryMeaning {
    guard ARM64Layouts.valid.isSet(in: entry) else { return .notPresent }
    let isBlock = !ARM64Layouts.type.isSet(in: entry)
    if isBlock && rules.blockLevels &>> UInt64(truncatingIfNeeded: level) & 1 == 0 {
      return .notPresent
    }
    let isTable = !isBlock && level > 1
    let mask =
      isTable ? rules.addressMask : rules.addressMask & UInt64.max &<< Self.indexShift(level)
    let excess = entry & rules.excess & (mask | rules.highMask)
    guard excess == 0 else { return .reserved(excess) }
    let high = ((entry & rules.highMask) &>> rules.highLow) &<< rules.highPosition
    let address = PhysicalAddress(entry & mask | high)
    return isTable ? .table(address) : .page(address)
  }

  /// AP, UXN and PXN of a leaf; APTable, UXNTable and PXNTable of a table (D8.4.1, D8.4.2).
  @inlinable
  public func rights(of entry: UInt64, level: Int) -> Rights {
    let denied: UInt64
    if level > 1 && ARM64Layouts.type.isSet(in: entry) {
      guard rules.hasHierarchy else { return Self.allRights }
      denied = Self.denied(
        write: entry & ARM64Layouts.accessTableReadOnly,
        user: entry & ARM64Layouts.accessTableNoUser,
        execute: entry & ARM64Layouts.userExecuteNeverTable.mask,
        privilegedExecute: entry & ARM64Layouts.privilegedExecuteNeverTable.mask)
    } else {
      denied = Self.denied(
        write: entry & ARM64Layouts.accessReadOnly, user: ~entry & ARM64Layouts.accessUser,
        execute: entry & ARM64Layouts.userExecuteNever.mask,
        privilegedExecute: entry & ARM64Layouts.privilegedExecuteNever.mask)
    }
    return Self.allRights.subtracting(Rights(rawValue: UInt8(truncatingIfNeeded: denied)))
  }

  @inlinable
  static func denied(
    write: UInt64, user: UInt64, execute: UInt64, privilegedExecute: UInt64
  ) -> UInt64 {
    (write == 0 ? 0 : UInt64(Rights.write.rawValue))
      | (user == 0 ? 0 : UInt64(Rights.user.rawValue))
      | (execute == 0 ? 0 : UInt64(Rights.execute.rawValue))
      | (privilegedExecute == 0 ? 0 : UInt64(Rights.privilegedExecute.rawValue))
  }

  /// Execution by whom the page is for: by EL0 where EL0 may access it, else by EL1.
  @inlinable
  public func effective(_ rights: Rights) -> Rights { rights.ofPage }
}

extension Rights {
  /// The rights to a page, with `execute` by EL0 where EL0 may access it and else by EL1.
  @inlinable public var ofPage: Rights {
    guard !contains(.user) else { return intersection(.all) }
    let execute: Rights = contains(.privilegedExecute) ? .execute : []
    return intersection(.write).union(execute)
  }

  /// The rights that pages below a table may have, with `execute` by whomever.
  @inlinable var belowTable: Rights {
    let isExecutable = contains(.privilegedExecute) || isSuperset(of: [.user, .execute])
    return intersection([.write, .user]).union(isExecutable ? .execute : [])
  }
}
