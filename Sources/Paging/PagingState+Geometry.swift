public import PhysicalMemory

/// The geometry and the rules of the state's mode, for code that is not compiled per format.
extension PagingState {
  private var formatType: any PagingFormat.Type {
    switch (mode, hasAttributes) {
    case (.x86, _): TwoLevelFormat.self
    case (.pae, false): PAEFormat.self
    case (.x86_64, false): FourLevelFormat.self
    case (.la57, false): FiveLevelFormat.self
    case (.pae, true): AttributeFormat<PAEFormat>.self
    case (.x86_64, true): AttributeFormat<FourLevelFormat>.self
    case (.la57, true): AttributeFormat<FiveLevelFormat>.self
    case (.arm64, _):
      switch ARM64HalfRules(self).granule {
      case .k4: ARM64Format<ARM64Granule4K>.self
      case .k16: ARM64Format<ARM64Granule16K>.self
      case .k64: ARM64Format<ARM64Granule64K>.self
      }
    }
  }

  /// The format of the state's mode with its rules.
  private var format: any PagingFormat { formatType.init(self) }

  /// The level of the top table.
  public var topLevel: Int { format.topLevel }

  /// The number of low address bits that the top table translates.
  public var translatedBits: UInt64 { format.addressBits }

  /// The first address that the top table translates.
  public var firstAddress: UInt64 { format.firstAddress }

  /// All rights that entries can take away, from which a walk starts.
  public var allRights: Rights { formatType.allRights }

  /// The rights to a page whose entries leave these.
  public func effective(_ rights: Rights) -> Rights { format.effective(rights) }

  /// Identifies a table as enumerations do.
  public func tableKey(_ table: PhysicalAddress, level: Int, rights: Rights) -> TableKey {
    TableKey(table, level: level, rights: rights, tag: format.keyTag(level))
  }

  /// The number of entries of a table of this level.
  public func entryCount(_ level: Int) -> Int { format.entryCount(level) }

  /// The number of bytes of an entry, 4 or 8.
  public var entrySize: Int { Int(formatType.entrySize) }

  /// The size of a page that an entry of this level maps, as a power of 2.
  public func pageShift(_ level: Int) -> UInt64 { formatType.indexShift(level) }

  /// The index of the entry of this level that `address` uses.
  public func index(of address: VirtualAddress, level: Int) -> Int {
    let format = format
    return Int(type(of: format).index(of: format.translated(address.rawValue), level))
  }

  /// The first address that entry `index` of the table translates which starts at `address`.
  public func address(_ address: UInt64, level: Int, index: Int) -> UInt64 {
    let start = address &+ UInt64(index) << pageShift(level)
    return level == topLevel ? format.canonical(start) : start
  }

  /// Whether the processor translates the address at all.
  public func isCanonical(_ address: VirtualAddress) -> Bool {
    half(of: address).format.isCanonical(address.rawValue)
  }

  /// What an entry of this level says.
  public func meaning(of entry: UInt64, level: Int) -> EntryMeaning {
    format.meaning(of: entry, level: level)
  }

  /// The rights that an entry of this level leaves.
  public func rights(of entry: UInt64, level: Int) -> Rights {
    format.rights(of: entry, level: level)
  }

  /// The rights that an entry of this level alone leaves to a page, or to all pages below it.
  public func rightsLeft(by entry: UInt64, level: Int) -> Rights {
    let rights = rights(of: entry, level: level)
    guard isARM64 else { return rights }
    if case .page = meaning(of: entry, level: level) { return rights.ofPage }
    return rights.belowTable
  }

  /// Entry `index` of a table, or nil where it is not in the image.
  public func entry(
    of table: PhysicalAddress, at index: Int, in memory: some PhysicalMemory
  ) -> UInt64? {
    let address = table.advanced(by: UInt64(index * entrySize))
    return entrySize == 4
      ? memory.load(UInt32.self, at: address).map(UInt64.init)
      : memory.load(UInt64.self, at: address)
  }

  /// The last address of the half that processes have.
  public var lastUserAddress: UInt64 {
    switch mode {
    case .x86, .pae: 0xbfff_ffff
    case .x86_64, .la57: (1 << UInt64(mode.virtualAddressBits - 1)) - 1
    case .arm64: of(.lower).firstAddress + ((1 << of(.lower).translatedBits) - 1)
    }
  }
}
