public import Paging
public import PhysicalMemory
public import ScenarioFile

/// Pages of one item of `map:`: equal sizes and distances, frames and rights by rule.
public struct IntendedRule: Sendable {
  /// Where the item starts.
  public let mark: SourceMark
  /// The first virtual address.
  public let start: VirtualAddress
  /// The distance from one page to the next in bytes.
  public let spacing: UInt64
  /// The number of pages, at least 1.
  public let count: UInt64
  /// The size of a page as a power of 2.
  public let pageShift: UInt64
  /// The rights that the leaf entries grant, taken in turn page after page.
  public let rights: [Rights]
  /// The frames of the pages.
  var frames: FrameSequence

  /// The size of a page in bytes.
  public var pageSize: UInt64 { 1 << pageShift }

  /// The virtual address of page `index`.
  public func address(_ index: UInt64) -> VirtualAddress {
    VirtualAddress(start.rawValue &+ index &* spacing)
  }

  /// The physical address of page `index`.
  public func frame(_ index: UInt64) -> PhysicalAddress { PhysicalAddress(frames[index]) }

  /// The rights that the leaf entry of page `index` grants.
  public func rights(_ index: UInt64) -> Rights { rights[Int(index % UInt64(rights.count))] }

  /// The address of the last page.
  var last: UInt64 { address(count - 1).rawValue }

  /// The pages whose first address lies in `range`, or nil where there are none.
  func indexes(in range: ClosedRange<UInt64>) -> ClosedRange<UInt64>? {
    let start = start.rawValue
    guard start <= range.upperBound, last >= range.lowerBound else { return nil }
    var first: UInt64 = 0
    if range.lowerBound > start {
      let distance = range.lowerBound - start
      first = distance / spacing + (distance % spacing == 0 ? 0 : 1)
    }
    let end = min(count - 1, (range.upperBound - start) / spacing)
    return first <= end ? first...end : nil
  }

  /// The page that holds `address`, or nil where none does.
  func index(holding address: UInt64) -> UInt64? {
    guard address >= start.rawValue else { return nil }
    let distance = address - start.rawValue
    let index = distance / spacing
    return index < count && distance - index * spacing < pageSize ? index : nil
  }
}
