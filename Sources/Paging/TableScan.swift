public import PhysicalMemory

/// A table as an enumeration meets it.
@frozen public struct TableVisit: Sendable {
  /// Identifies the table, its level and the rights that are left above it.
  public let key: TableKey
  /// The physical address of the table.
  public let table: PhysicalAddress
  /// The level of its entries.
  public let level: Int
  /// The rights that the entries above leave.
  public let rights: Rights
  /// The first virtual address that the table translates.
  public let address: UInt64
  /// The number of bytes that the table translates, as a power of 2; 64 or more for all.
  public let coverageShift: UInt64
  /// The number of its entries.
  public let entryCount: Int
  /// Whether all of them are asked for, rather than a range that cuts the table.
  public let isWhole: Bool

  @inlinable
  init(
    table: PhysicalAddress, level: Int, rights: Rights, address: UInt64, coverageShift: UInt64,
    entryCount: Int, isWhole: Bool, keyTag: UInt64
  ) {
    self.key = TableKey(table, level: level, rights: rights, tag: keyTag)
    self.table = table
    self.level = level
    self.rights = rights
    self.address = address
    self.coverageShift = coverageShift
    self.entryCount = entryCount
    self.isWhole = isWhole
  }
}

/// An entry as an enumeration meets it.
@frozen public struct EntryVisit: Sendable {
  /// The first virtual address that the entry translates.
  public let address: UInt64
  /// The index of the entry in its table.
  public let index: Int
  /// The physical address of the entry.
  public let entryAddress: PhysicalAddress
  /// The entry; 0 where it is missing.
  public let entry: UInt64
  /// The level of the entry.
  public let level: Int
  /// The number of bytes that the entry translates, as a power of 2.
  public let shift: UInt64
  /// The rights that are left after the entry.
  public let rights: Rights

  /// Describes an entry.
  @inlinable
  public init(
    address: UInt64, index: Int, entryAddress: PhysicalAddress, entry: UInt64, level: Int,
    shift: UInt64, rights: Rights
  ) {
    self.address = address
    self.index = index
    self.entryAddress = entryAddress
    self.entry = entry
    self.level = level
    self.shift = shift
    self.rights = rights
  }
}

/// Receives what an enumeration finds, in ascending order of virtual addresses.
public protocol TableVisitor {
  /// Whether entries with P=0 are shown; where it is false, they cost nothing.
  static var seesAbsent: Bool { get }
  /// A table is about to be read; false leaves it out, without a call of `leave`.
  mutating func enter(_ table: TableVisit) -> Bool
  /// An entry maps a page.
  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress)
  /// An entry has reserved bits set; these are they.
  mutating func reserved(_ entry: EntryVisit, bits: UInt64)
  /// An entry is not in the image.
  mutating func missing(_ entry: EntryVisit)
  /// An entry has P=0.
  mutating func absent(_ entry: EntryVisit)
  /// The table that an entry with P=0 leads to nevertheless, for those who see more than the processor.
  ///
  /// Its entries are shown as those of any table; asked only where `seesAbsent`, above the last level.
  mutating func table(behind entry: EntryVisit) -> PhysicalAddress?
  /// A table has been read, its descendants included.
  mutating func leave(_ table: TableVisit)
}

extension TableVisitor {
  /// No: the processor looks no further either.
  @inlinable public static var seesAbsent: Bool { false }
  /// Does nothing.
  @inlinable public mutating func absent(_ entry: EntryVisit) {}
  /// None.
  @inlinable public mutating func table(behind entry: EntryVisit) -> PhysicalAddress? { nil }
}

extension Walker {
  /// Enumerates all entries under the root that translate an address in `range`.
  ///
  /// - Complexity: proportional to the entries of the tables that the visitor lets in; a visitor
  ///   that refuses tables it has seen makes that proportional to the tables.
  @inlinable
  public func scan(_ range: ClosedRange<UInt64>, visitor: inout some TableVisitor) {
    scanTable(
      root, level: format.topLevel, rights: Format.allRights, address: format.firstAddress,
      coverageShift: format.addressBits, range: range, visitor: &visitor)
  }

  @inlinable
  func scanTable(
    _ table: PhysicalAddress, level: Int, rights: Rights, address: UInt64, coverageShift: UInt64,
    range: ClosedRange<UInt64>, visitor: inout some TableVisitor
  ) {
    let count = format.entryCount(level)
    let (first, last) = indexes(in: range, of: address, level: level, count: count)
    guard first <= last else { return }
    let visit = TableVisit(
      table: table, level: level, rights: rights, address: address, coverageShift: coverageShift,
      entryCount: count, isWhole: first == 0 && last == count - 1,
      keyTag: format.keyTag(level))
    guard visitor.enter(visit) else { return }
    let size = count &* MemoryLayout<Format.Word>.size
    let whole: Void? = memory.withBytes(at: table, count: size) { bytes in
      // The entries of page tables are nearly all there are. With the level a literal their loop is
      // compiled for PTEs alone: geometry and masks are constants, and nothing recurses.
      if level == 1 {
        scanEntries(bytes, first...last, of: visit, level: 1, range: range, visitor: &visitor)
      } else {
        scanEntries(bytes, first...last, of: visit, level: level, range: range, visitor: &visitor)
      }
    }
    if whole == nil { scanTornTable(visit, first...last, range: range, visitor: &visitor) }
    visitor.leave(visit)
  }

  @inlinable @inline(__always)
  func scanEntries(
    _ bytes: RawSpan, _ indexes: ClosedRange<Int>, of table: TableVisit, level: Int,
    range: ClosedRange<UInt64>, visitor: inout some TableVisitor
  ) {
    for index in indexes {
      let offset = index &* MemoryLayout<Format.Word>.size
      // The bytes of the whole table were given, so the entry of every index lies inside.
      let word = unsafe bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: offset, as: Format.Word.self)
      let entry = UInt64(truncatingIfNeeded: Format.Word(littleEndian: word))
      scanEntry(entry, index: index, of: table, level: level, range: range, visitor: &visitor)
    }
  }

  /// Reads entry by entry a table of which some or all bytes are absent.
  @inlinable
  func scanTornTable(
    _ visit: TableVisit, _ indexes: ClosedRange<Int>, range: ClosedRange<UInt64>,
    visitor: inout some TableVisitor
  ) {
    for index in indexes {
      let offset = UInt64(truncatingIfNeeded: index) &* Format.entrySize
      guard let word = memory.load(Format.Word.self, at: visit.table.advanced(by: offset)) else {
        visitor.missing(
          entryVisit(0, index: index, of: visit, level: visit.level, rights: visit.rights))
        continue
      }
      let entry = UInt64(truncatingIfNeeded: word)
      scanEntry(
        entry, index: index, of: visit, level: visit.level, range: range, visitor: &visitor)
    }
  }

  @inlinable @inline(__always)
  func scanEntry<Visitor: TableVisitor>(
    _ entry: UInt64, index: Int, of table: TableVisit, level: Int, range: ClosedRange<UInt64>,
    visitor: inout Visitor
  ) {
    let meaning = format.meaning(of: entry, level: level)
    if case .notPresent = meaning {
      guard Visitor.seesAbsent else { return }
      let visit = entryVisit(entry, index: index, of: table, level: level, rights: table.rights)
      visitor.absent(visit)
      guard level > 1, let next = visitor.table(behind: visit) else { return }
      return scanTable(
        next, level: level &- 1, rights: table.rights, address: visit.address,
        coverageShift: visit.shift, range: range, visitor: &visitor)
    }
    let rights = table.rights.intersection(format.rights(of: entry, level: level))
    let visit = entryVisit(entry, index: index, of: table, level: level, rights: rights)
    switch meaning {
    case .page(let page):
      visitor.page(
        entryVisit(entry, index: index, of: table, level: level, rights: format.effective(rights)),
        at: page)
    case .reserved(let bits): visitor.reserved(visit, bits: bits)
    case .table(let next):
      scanTable(
        next, level: level &- 1, rights: rights, address: visit.address,
        coverageShift: visit.shift, range: range, visitor: &visitor)
    case .notPresent: break
    }
  }

  @inlinable @inline(__always)
  func entryVisit(
    _ entry: UInt64, index: Int, of table: TableVisit, level: Int, rights: Rights
  ) -> EntryVisit {
    let position = UInt64(truncatingIfNeeded: index)
    let shift = Format.indexShift(level)
    var address = table.address &+ position &<< shift
    if level == format.topLevel { address = format.canonical(address) }
    return EntryVisit(
      address: address, index: index,
      entryAddress: table.table.advanced(by: position &* Format.entrySize), entry: entry,
      level: level, shift: shift, rights: rights)
  }

  /// The first and last index whose addresses touch `range`; the first is above the last if none.
  @inlinable
  func indexes(
    in range: ClosedRange<UInt64>, of address: UInt64, level: Int, count: Int
  ) -> (Int, Int) {
    if range.lowerBound == 0 && range.upperBound == UInt64.max { return (0, count &- 1) }
    let shift = Format.indexShift(level)
    func start(_ index: Int) -> UInt64 {
      let start = address &+ UInt64(truncatingIfNeeded: index) &<< shift
      return level == format.topLevel ? format.canonical(start) : start
    }
    // Addresses ascend with the index, at the top from the lower half to the upper one.
    var (first, bound) = (0, count)
    while first < bound {
      let middle = (first &+ bound) &>> 1
      let isBefore = start(middle) &+ ((1 &<< shift) &- 1) < range.lowerBound
      if isBefore { first = middle &+ 1 } else { bound = middle }
    }
    var end = first
    bound = count
    while end < bound {
      let middle = (end &+ bound) &>> 1
      if start(middle) > range.upperBound { bound = middle } else { end = middle &+ 1 }
    }
    return (first, end &- 1)
  }
}
