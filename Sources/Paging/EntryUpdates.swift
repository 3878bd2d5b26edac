public import BitLayout
public import PhysicalMemory

/// An accessed or dirty bit that the processor sets in an entry.
@frozen public struct EntryUpdate: Hashable, Sendable {
  /// The physical address of the entry.
  public var address: PhysicalAddress
  /// The level of the entry.
  public var level: Int
  /// The entry before the access.
  public var before: UInt64
  /// The entry after the access.
  public var after: UInt64

  /// Describes an update.
  @inlinable
  public init(address: PhysicalAddress, level: Int, before: UInt64, after: UInt64) {
    self.address = address
    self.level = level
    self.before = before
    self.after = after
  }
}

/// The entries that an access changes, top table first; at most one of each level.
///
/// Only accesses that are made have updates here (SDM 3A, 4.8). Where an access faults, processors
/// may differ: those entries that were read before the fault may have been marked accessed, as the
/// manual allows for a translation that was used or prefetched; a dirty bit is never set. A
/// comparison with a processor or an emulator leaves those accessed bits out.
@frozen public struct EntryUpdates: Sendable {
  /// The entries and their addresses, by level.
  @usableFromInline let record: AccessRecorder
  /// The levels whose entries change, as bits.
  @usableFromInline let changed: UInt8
  /// The level of the entry that becomes dirty; 0 where none does.
  @usableFromInline let dirtyLevel: Int
  /// What the last entry of a walk of arm64 becomes; nil on x86.
  @usableFromInline let after: UInt64?

  /// The accessed bit of every entry from the top of the walk to its last, and the dirty bit of the
  /// last where `setsDirty`.
  @inlinable
  init(_ record: AccessRecorder, levels: ClosedRange<Int>, setsDirty: Bool) {
    self.record = record
    let last = levels.lowerBound
    after = nil
    dirtyLevel = setsDirty ? last : 0
    var changed: UInt8 = 0
    var level = last
    while level <= levels.upperBound {
      var bits = X86Fields.accessed.mask
      if setsDirty && level == last { bits |= X86Fields.dirty.mask }
      if record.entries[level] & bits != bits {
        changed |= 1 &<< UInt8(truncatingIfNeeded: level)
      }
      level &+= 1
    }
    self.changed = changed
  }

  /// The one descriptor of arm64 that an access changes: the last, which becomes `after`.
  @inlinable
  init(_ record: AccessRecorder, level: Int, after: UInt64) {
    self.record = record
    self.after = after
    dirtyLevel = 0
    changed = record.entries[level] == after ? 0 : 1 &<< UInt8(truncatingIfNeeded: level)
  }
}

extension EntryUpdates: RandomAccessCollection {
  /// The first position.
  @inlinable public var startIndex: Int { 0 }
  /// The number of updates.
  @inlinable public var endIndex: Int { changed.nonzeroBitCount }

  /// An update; the first is that of the highest level.
  @inlinable
  public subscript(position: Int) -> EntryUpdate {
    precondition(indices.contains(position), "no such update")
    var rest = changed
    for _ in 0..<position { rest &= ~(0x80 &>> UInt8(rest.leadingZeroBitCount)) }
    let level = 7 &- rest.leadingZeroBitCount
    let before = record.entries[level]
    let dirty = level == dirtyLevel ? X86Fields.dirty.mask : 0
    return EntryUpdate(
      address: PhysicalAddress(record.addresses[level]), level: level, before: before,
      after: after ?? before | X86Fields.accessed.mask | dirty)
  }
}

extension EntryUpdates: Hashable {
  /// Compares the updates one by one.
  public static func == (a: Self, b: Self) -> Bool { a.elementsEqual(b) }

  /// Hashes the updates one by one.
  public func hash(into hasher: inout Hasher) {
    for update in self { hasher.combine(update) }
  }
}
