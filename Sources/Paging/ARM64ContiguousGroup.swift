import BitLayout
public import PhysicalMemory

/// The neighbours that the Contiguous bit makes a descriptor one of (ARM ARM D8.7.1).
///
/// A TLB may hold the group as one entry. A walk takes no notice of it; but where the neighbours do not
/// keep what the bit promises, a processor may translate by any of them, so that a walk is but one of
/// the answers that there can be.
public struct ARM64ContiguousGroup: Hashable, Sendable {
  /// How a group is misprogrammed (D8.7.1.1, D8.7.1.3).
  public enum Flaw: Hashable, Sendable {
    /// The group translates more addresses than the half has.
    case largerThanHalf
    /// The group's addresses do not begin at a multiple of its size.
    case misaligned
    /// A neighbour lacks the bit.
    case withoutBit(index: UInt64)
    /// A neighbour maps another page than the one whose turn it is.
    case elsewhere(index: UInt64, page: PhysicalAddress, expected: PhysicalAddress)
    /// A neighbour has another memory type, other rights or another scope.
    case otherAttributes(index: UInt64)
  }

  /// The number of descriptors.
  public let count: UInt64
  private let state: PagingState
  private let step: WalkStep
  private let entry: UInt64
  private let page: UInt64

  /// The group of the descriptor that maps a page, as `state` sees the half; nil where it has none.
  public init?(of step: WalkStep, in state: PagingState) {
    guard state.isARM64, let entry = step.entry, ARM64Layouts.contiguous.isSet(in: entry),
      case .page(let page) = state.meaning(of: entry, level: step.level),
      let count = Self.count(ARM64HalfRules(state).granule, level: step.level)
    else { return nil }
    self.count = count
    self.state = state
    self.step = step
    self.entry = entry
    self.page = page.rawValue
  }

  /// Table D8-104, by levels that count up from 1 for L3; the larger blocks have no groups.
  private static func count(_ granule: ARM64GranuleSize, level: Int) -> UInt64? {
    switch (granule, level) {
    case (.k4, 1...3): 16
    case (.k16, 1): 128
    case (.k16, 2), (.k64, 1...2): 32
    default: nil
    }
  }

  /// The first way in which the group is not as the bit says; nil where it is, and where its
  /// descriptors are not in the image.
  public func flaw(in memory: some PhysicalMemory) -> Flaw? {
    let shift = state.pageShift(step.level)
    guard count << shift <= 1 << state.translatedBits else { return .largerThanHalf }
    let position = step.index % count
    let first = page &- position << shift
    if first % (count << shift) != 0 { return .misaligned }
    let table = step.entryAddress.rawValue &- step.index &* UInt64(state.entrySize)
    for other in 0..<count where other != position {
      let index = step.index - position + other
      guard
        let word = state.entry(of: PhysicalAddress(table), at: Int(index), in: memory),
        ARM64Layouts.valid.isSet(in: word)
      else { continue }
      let expected = PhysicalAddress(first + other << shift)
      guard case .page(let page) = state.meaning(of: word, level: step.level),
        ARM64Layouts.contiguous.isSet(in: word)
      else { return .withoutBit(index: index) }
      if page != expected { return .elsewhere(index: index, page: page, expected: expected) }
      if (word ^ entry) & attributes != 0 { return .otherAttributes(index: index) }
    }
    return nil
  }

  /// What neighbours have in common.
  ///
  /// AF is each one's own, and so is AP[2] where the processor keeps
  /// the dirty state (D8.5.5).
  private var attributes: UInt64 {
    let isClean = ARM64AccessRules(state).managesDirtyState(of: entry)
    let own = isClean ? ARM64Layouts.accessReadOnly : 0
    return ARM64Layouts.attributes(level: step.level, ARM64HalfRules(state)) & ~own
  }
}
