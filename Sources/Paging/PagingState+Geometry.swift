public import PhysicalMemory

/// The geometry and the rules of the state's mode, for code that is not compiled per format.
extension PagingState {
  private var formatType: any PagingFormat.Type {
    switch (mode, attributeBits == 0) {
    case (.x86, _): TwoLevelFormat.self
    case (.pae, true): PAEFormat.self
    case (.x86_64, true): FourLevelFormat.self
    case (.la57, true): FiveLevelFormat.self
    case (.pae, false): AttributeFormat<PAEFormat>.self
    case (.x86_64, false): AttributeFormat<FourLevelFormat>.self
    case (.la57, false): AttributeFormat<FiveLevelFormat>.self
    }
  }

  /// The format of the state's mode with its rules.
  private var format: any PagingFormat { formatType.init(self) }

  /// The number of entries of a table of this level.
  public func entryCount(_ level: Int) -> Int { formatType.entryCount(level) }

  /// The number of bytes of an entry, 4 or 8.
  public var entrySize: Int { Int(formatType.entrySize) }

  /// The size of a page that an entry of this level maps, as a power of 2.
  public func pageShift(_ level: Int) -> UInt64 { formatType.indexShift(level) }

  /// The index of the entry of this level that `address` uses.
  public func index(of address: VirtualAddress, level: Int) -> Int {
    Int(formatType.index(of: address.rawValue, level))
  }

  /// The first address that entry `index` of the table translates which starts at `address`.
  public func address(_ address: UInt64, level: Int, index: Int) -> UInt64 {
    let start = address &+ UInt64(index) << pageShift(level)
    return level == mode.levelCount ? format.canonical(start) : start
  }

  /// Whether the processor translates the address at all.
  public func isCanonical(_ address: VirtualAddress) -> Bool {
    format.isCanonical(address.rawValue)
  }

  /// What an entry of this level says.
  public func meaning(of entry: UInt64, level: Int) -> EntryMeaning {
    format.meaning(of: entry, level: level)
  }

  /// The rights that an entry of this level leaves.
  public func rights(of entry: UInt64, level: Int) -> Rights {
    format.rights(of: entry, level: level)
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
}
