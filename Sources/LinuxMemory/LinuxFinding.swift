public import Paging
public import PhysicalMemory

/// What Linux knows about the page at an address: the entry and the area of the process.
public struct LinuxFinding: Hashable, Sendable {
  /// What the areas of the process say.
  public enum AreaAnswer: Hashable, Sendable {
    /// They are not known.
    case unknown
    /// None holds the address, nor is it where a stack may grow.
    case none
    /// This one holds it.
    case found(MemoryArea)
    /// This one is a stack, which grows down to it.
    case growing(MemoryArea)
  }

  /// The address.
  public let address: VirtualAddress
  /// What becomes of the page, as entry and area say together; nil where the image lacks a table.
  public internal(set) var state: LinuxEntryReading.State?
  /// The level of the entry that ended the walk; 0 where no table was read.
  public internal(set) var level = 1
  /// The entry; nil where the image lacks it.
  public internal(set) var entry: UInt64?
  /// What the entry says by itself.
  public internal(set) var reading: LinuxEntryReading?
  /// What the areas say.
  public internal(set) var area = AreaAnswer.unknown
  /// The physical address that the image lacks and that would have told more.
  public internal(set) var missing: PhysicalAddress?
  /// The rules that led here.
  public internal(set) var rules: [VerdictRule] = []

  init(_ address: VirtualAddress) { self.address = address }

  /// The area that holds the address or grows to it.
  public var holder: MemoryArea? {
    switch area {
    case .found(let area), .growing(let area): area
    case .unknown, .none: nil
    }
  }
}

extension LinuxEntryDecoder {
  /// What the entry means that ended a walk, and its level; nil where it is not in the image.
  public func reading(of result: WalkResult) -> (reading: LinuxEntryReading?, level: Int) {
    switch result {
    case .mapped(let translation):
      let shift = translation.pageShift
      let page = (translation.address.rawValue >> shift) << shift
      let reading = presentReading(
        of: translation.entry, level: translation.level, page: PhysicalAddress(page))
      return (reading, translation.level)
    case .stopped(let stop):
      switch stop.cause {
      case .notPresent: return (softwareReading(of: stop.entry, level: stop.level), stop.level)
      case .missing: return (nil, stop.level)
      case .reservedBits:
        return (presentReading(of: stop.entry, level: stop.level, page: nil), stop.level)
      case .nonCanonical: return (LinuxEntryReading(.none), 1)
      }
    }
  }
}
