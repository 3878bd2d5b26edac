public import PhysicalMemory

/// The page walker of arm64: two halves of addresses with a top table each, perhaps of different
/// granules and sizes.
@frozen public struct ARM64Walker<Memory: PhysicalMemory>: TableWalker {
  /// The memory that holds the tables.
  public let memory: Memory
  /// The rules for addresses whose bit 55 is 0.
  public let lower: ARM64HalfRules
  /// The rules for addresses whose bit 55 is 1.
  public let upper: ARM64HalfRules

  /// Takes the rules of both halves from the registers.
  public init(_ state: PagingState, memory: Memory) {
    self.memory = memory
    lower = ARM64HalfRules(state.of(.lower))
    upper = ARM64HalfRules(state.of(.upper))
  }

  /// The walker of one half, compiled for its granule.
  @inlinable
  func walker<Granule>(
    _ rules: ARM64HalfRules, _ granule: Granule.Type
  ) -> Walker<ARM64Format<Granule>, Memory> {
    Walker(format: ARM64Format<Granule>(rules), memory: memory, root: rules.table)
  }

  /// The rules that hold for an address.
  @inlinable
  public func rules(for address: VirtualAddress) -> ARM64HalfRules {
    ARM64Half(of: address.rawValue) == .lower ? lower : upper
  }

  /// Translates an address and shows each descriptor to `observer`.
  @inlinable
  public func translate(
    _ address: VirtualAddress, observer: inout some WalkObserver
  ) -> WalkResult {
    let rules = rules(for: address)
    guard rules.isWalked else {
      return refusal(of: address, rules)
    }
    switch rules.granule {
    case .k4:
      return walker(rules, ARM64Granule4K.self).translate(address, observer: &observer)
    case .k16:
      return walker(rules, ARM64Granule16K.self).translate(address, observer: &observer)
    case .k64:
      return walker(rules, ARM64Granule64K.self).translate(address, observer: &observer)
    }
  }

  /// An address outside the half faults before the half's table is thought of.
  @usableFromInline
  func refusal(of address: VirtualAddress, _ rules: ARM64HalfRules) -> WalkResult {
    guard ARM64Format<ARM64Granule4K>(rules).isCanonical(address.rawValue), let stop = rules.stop
    else {
      return .stopped(
        WalkStop(cause: .nonCanonical, level: 0, entryAddress: rules.table, entry: 0))
    }
    return .stopped(stop)
  }

  /// Enumerates the entries of both halves that translate an address in `range`.
  @inlinable
  public func scan(_ range: ClosedRange<UInt64>, visitor: inout some TableVisitor) {
    scan(lower, range, visitor: &visitor)
    scan(upper, range, visitor: &visitor)
  }

  @inlinable
  func scan(
    _ rules: ARM64HalfRules, _ range: ClosedRange<UInt64>, visitor: inout some TableVisitor
  ) {
    guard rules.isWalked else { return }
    switch rules.granule {
    case .k4: walker(rules, ARM64Granule4K.self).scan(range, visitor: &visitor)
    case .k16: walker(rules, ARM64Granule16K.self).scan(range, visitor: &visitor)
    case .k64: walker(rules, ARM64Granule64K.self).scan(range, visitor: &visitor)
    }
  }
}
