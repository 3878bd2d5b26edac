public import BitLayout

/// The layouts and limits that hold in the state's mode, for code that writes entries.
extension PagingState {
  /// The layout of an entry of this level that maps a page or that leads to a table, or nil where
  /// the mode has no such entry.
  public func layout(level: Int, isPage: Bool) -> WordLayout? {
    switch mode {
    case .x86: Self.twoLevelLayout(level, isPage)
    case .pae: Self.paeLayout(level, isPage)
    case .x86_64, .la57: level > mode.levelCount ? nil : longModeLayout(level, isPage)
    case .arm64: ARM64Layouts.layout(level: level, isPage: isPage, ARM64HalfRules(self))
    }
  }

  /// The bits of an entry with this layout that mean nothing to the processor: those that it ignores
  /// always, and those of a protection key while there are none.
  public func ignoredBits(of layout: WordLayout) -> UInt64 {
    let keys = RegisterLayouts.userKeys.mask | RegisterLayouts.supervisorKeys.mask
    let ignoresKeys = !isARM64 && cr4 & keys == 0
    return layout.fields.reduce(into: 0) { bits, field in
      let isKey = field.mask == X86Fields.protectionKey.mask && ignoresKeys
      if field.kind == .ignored || isKey { bits |= field.mask }
    }
  }

  private static func twoLevelLayout(_ level: Int, _ isPage: Bool) -> WordLayout? {
    switch (level, isPage) {
    case (1, true): TwoLevelLayouts.pte
    case (2, true): TwoLevelLayouts.pde4M
    case (2, false): TwoLevelLayouts.pde
    default: nil
    }
  }

  private static func paeLayout(_ level: Int, _ isPage: Bool) -> WordLayout? {
    switch (level, isPage) {
    case (1, true): PAELayouts.pte
    case (2, true): PAELayouts.pde2M
    case (2, false): PAELayouts.pde
    case (3, false): PAELayouts.pdpte
    default: nil
    }
  }

  private func longModeLayout(_ level: Int, _ isPage: Bool) -> WordLayout? {
    switch (level, isPage) {
    case (1, true): LongModeLayouts.pte
    case (2, true): LongModeLayouts.pde2M
    case (2, false): LongModeLayouts.pde
    case (3, true): LongModeLayouts.pdpte1G
    case (3, false): LongModeLayouts.pdpte
    case (4, false): reservesBit8 ? LongModeLayouts.pml4eOfAMD : LongModeLayouts.pml4e
    case (5, false): reservesBit8 ? LongModeLayouts.pml5eOfAMD : LongModeLayouts.pml5e
    default: nil
    }
  }

  /// The levels whose entries can map a page, as registers and processor allow, smallest page first.
  public var pageLevels: [Int] {
    switch mode {
    case .x86: pageSizeExtension ? [1, 2] : [1]
    case .pae: [1, 2]
    case .x86_64, .la57: features.page1G ? [1, 2, 3] : [1, 2]
    case .arm64: ARM64HalfRules(self).pageLevels
    }
  }

  /// The number of bits of a physical address that an entry of this level can hold.
  public func addressBits(level: Int, isPage: Bool) -> Int {
    if isARM64 { return Int(ARM64HalfRules(self).outputBits) }
    guard mode == .x86 else { return physicalBits }
    guard isPage, level == 2, features.pse36 else { return 32 }
    // PSE-36 reaches to bit 39, however many bits the processor has (SDM 3A, Table 4-4).
    return min(physicalBits, 40)
  }

  /// The number of bits of the physical address of the top table (SDM 3A, Tables 4-3, 4-7, 4-12).
  public var rootBits: Int {
    if isARM64 { return Int(ARM64HalfRules(self).outputBits) }
    return mode == .x86 || mode == .pae ? 32 : physicalBits
  }

  /// The number of bytes of a table whose entries are of this level.
  public func tableSize(_ level: Int) -> UInt64 { UInt64(entryCount(level) * entrySize) }
}
