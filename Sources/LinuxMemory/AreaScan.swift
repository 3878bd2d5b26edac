public import Paging
public import PhysicalMemory

/// Consecutive pages of an area that one entry is about.
public struct AreaPiece: Sendable {
  /// The area.
  public var area: MemoryArea
  /// The first address.
  public var address: UInt64
  /// The number of pages, of the smallest size.
  public var pageCount: UInt64
  /// The number of pages that the entry is about and that come before these.
  public var pagesBefore: UInt64
  /// The level of the entry: 1 for a PTE, more for the entry of a huge page or of an absent table.
  public var level: Int
  /// What the entry means; nil where a table is not in the image.
  public var reading: LinuxEntryReading?
  /// The address of the entry that is not in the image.
  public var missing: PhysicalAddress?
}

/// Receives the pieces of areas, in ascending order.
public protocol AreaVisitor {
  /// Takes a piece; false ends the scan.
  mutating func visit(_ piece: AreaPiece) -> Bool
}

/// Walks areas and reads what Linux means by the entries.
///
/// Where an upper entry ends a walk, all pages that it is about are one piece, so that empty areas
/// cost next to nothing.
public struct AreaScan<Visitor: AreaVisitor>: WalkerOperation {
  private let areas: [MemoryArea]
  private let decoder: LinuxEntryDecoder
  private let paging: PagingState
  private var visitor: Visitor
  /// The most pieces that are read, so that areas which lie cannot keep a scan busy for ever.
  private let pieceLimit = 1 << 24

  /// Prepares a scan; the areas are in ascending order.
  public init(
    _ areas: [MemoryArea], _ decoder: LinuxEntryDecoder, _ paging: PagingState, _ visitor: Visitor
  ) {
    self.areas = areas
    self.decoder = decoder
    self.paging = paging
    self.visitor = visitor
  }

  /// Scans; the visitor comes back with what it has seen.
  public mutating func run(_ walker: some TableWalker) -> Visitor {
    let pageShift = paging.pageShift(1)
    var pieces = 0
    for area in areas {
      var address = area.start
      while address < area.end {
        let result = walker.translate(VirtualAddress(address))
        let (reading, level) = decoder.reading(of: result)
        let shift = paging.pageShift(max(1, level))
        let first = shift < 64 ? (address >> shift) << shift : 0
        // The piece ends with what the entry is about, the area, or the address space.
        let after = shift < 64 ? first &+ (1 << shift) : 0
        let end = after > address ? min(after, area.end) : area.end
        let count = (end - address) >> pageShift
        guard count > 0 else { break }
        let piece = AreaPiece(
          area: area, address: address, pageCount: count,
          pagesBefore: (address - first) >> pageShift, level: level, reading: reading,
          missing: reading == nil ? result.stop?.entryAddress : nil)
        pieces += 1
        guard visitor.visit(piece), pieces < pieceLimit else { return visitor }
        address = end
      }
    }
    return visitor
  }
}
