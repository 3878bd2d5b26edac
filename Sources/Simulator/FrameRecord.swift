import PhysicalMemory
public import WindowsMemory

/// What the memory manager of Windows keeps of a frame: an entry of the PFN database.
public struct FrameRecord: Hashable, Sendable {
  /// What a frame is used for.
  public enum Use: String, Hashable, Sendable {
    /// Nothing.
    case none
    /// The kernel's own structures.
    case kernel
    /// A table of page tables.
    case table
    /// A page of one process.
    case `private`
    /// A page that prototype entries share.
    case prototype
    /// A part of a large page.
    case large
  }

  /// The list that the frame is on.
  public var location = PFNEntry.Location.zeroed
  /// What it is used for.
  public var use = Use.none
  /// How many entries share it: of a page, those that are valid; of a table, its entries in use, and one
  /// where it has none, as every frame in use is shared.
  public var shareCount: UInt64 = 0
  /// The number of references.
  public var referenceCount: UInt64 = 0
  /// The address of the entry that maps the page.
  public var pteAddress: UInt64 = 0
  /// The frame with that entry.
  public var pteFrame: UInt64 = 0
  /// Whether the entry is a prototype.
  public var isPrototype = false
  /// The entry that is put back when the page leaves memory, as it is in memory.
  public var originalPte: UInt64 = 0
  /// Whether the page has to be written before it may leave memory.
  public var isModified = false
  /// How the page is cached.
  public var caching = PFNEntry.CacheAttribute.cached
  /// The place in the working set, of a page that is in one.
  public var workingSetIndex: UInt64 = 0
  /// The frame before it on its list.
  public var previous: UInt64?
  /// The frame after it.
  public var next: UInt64?
  /// How many entries of a table are not zero.
  var usedEntries: UInt64 = 0
  /// How many entries of a table are valid or in transition.
  var entriesInUse: UInt64 = 0
  /// How many faults hold the page while they look for another frame.
  var pinCount: UInt64 = 0

  /// A frame that nobody uses.
  public init() {}

  /// A frame that nobody uses, on a list.
  init(at location: PFNEntry.Location) { self.location = location }

  /// The record without what is counted for the simulation alone.
  var shown: FrameRecord {
    var record = self
    (record.usedEntries, record.entriesInUse, record.pinCount) = (0, 0, 0)
    return record
  }

  /// Whether the frame is on a list: what is in use, or on its way, is on none.
  var isListed: Bool { location != .active && location != .transition }

  /// Where in physical memory the entry is that maps the page.
  var ptePlace: UInt64 { pteFrame * frameSize + pteAddress % frameSize }
}
