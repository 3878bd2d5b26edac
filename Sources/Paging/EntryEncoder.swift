import BitLayout
public import PhysicalMemory

/// Makes entries of one level: the inverse of `PagingState.meaning(of:level:)`.
///
/// It takes the places of all bits from the layout of the entry, once, so that millions of entries
/// cost a few instructions each.
@frozen public struct EntryEncoder: Sendable {
  /// The bits of an entry that do not depend on the address: P, and PS of a large page.
  public let base: UInt64
  @usableFromInline let frameMask: UInt64
  /// The second part of the address, which a 4-MByte page has, and a descriptor of arm64 that holds
  /// 52 bits; an empty mask where there is none.
  @usableFromInline let highMask: UInt64
  @usableFromInline let highLow: UInt64
  @usableFromInline let highPosition: UInt64

  /// Takes the layout of an entry that maps a page or leads to a table; nil where the mode has none.
  public init?(_ state: PagingState, level: Int, isPage: Bool) {
    guard let layout = state.layout(level: level, isPage: isPage),
      let frame = layout.fields.first(where: { $0.kind == .address })
    else { return nil }
    frameMask = frame.mask
    if state.isARM64 {
      base = ARM64Layouts.kindBits(level: level, isPage: isPage)
      let rules = ARM64HalfRules(state)
      (highMask, highLow, highPosition) = (rules.highMask, rules.highLow, rules.highPosition)
      return
    }
    base = X86Fields.present.mask | (isPage && level > 1 ? X86Fields.pageSize.mask : 0)
    let high = TwoLevelLayouts.frame4MHigh
    let hasHigh = state.mode == .x86 && isPage && level == 2 && state.features.pse36
    highMask = hasHigh ? high.mask : 0
    highLow = UInt64(high.low)
    highPosition = TwoLevelLayouts.frame4MHighPosition
  }

  /// The entry that leads to `address` and grants nothing, or nil where the address does not fit.
  @inlinable
  public func entry(to address: PhysicalAddress) -> UInt64? {
    let low = address.rawValue & frameMask
    let high = ((address.rawValue &>> highPosition) &<< highLow) & highMask
    guard low | (high &>> highLow) &<< highPosition == address.rawValue else { return nil }
    return base | low | high
  }
}

extension PagingState {
  /// The bits of an entry that grant exactly these rights, or nil where it cannot.
  ///
  /// XD needs a mode that has it and EFER.NXE=1, and a PAE PDPTE takes no right away. A page of
  /// arm64 gets AF=1 too.
  public func bits(granting rights: Rights, level: Int, isPage: Bool) -> UInt64? {
    if isARM64 { return ARM64Layouts.bits(granting: rights, isPage: isPage) }
    guard let layout = layout(level: level, isPage: isPage) else { return nil }
    func has(_ field: BitField) -> Bool {
      layout.fields.contains { $0.mask == field.mask && $0.kind == .value }
    }
    guard has(X86Fields.writable) else { return rights == .all ? 0 : nil }
    var bits: UInt64 = 0
    if rights.contains(.write) { bits |= X86Fields.writable.mask }
    if rights.contains(.user) { bits |= X86Fields.user.mask }
    if !rights.contains(.execute) {
      guard has(X86Fields.executeDisable), noExecute else { return nil }
      bits |= X86Fields.executeDisable.mask
    }
    return bits
  }
}
