import Paging
import PhysicalMemory

/// Pages that follow each other and have equal rights.
struct Stretch: Hashable, Sendable {
  /// The first address, and the rights in its low bits.
  private let packed: UInt64
  /// The number of bytes.
  let byteCount: UInt64

  init(start: UInt64, byteCount: UInt64, rights: Rights) {
    packed = start | UInt64(rights.rawValue)
    self.byteCount = byteCount
  }

  var start: UInt64 { packed & ~(frameSize - 1) }
  var rights: Rights { Rights(rawValue: UInt8(truncatingIfNeeded: packed & (frameSize - 1))) }
  var last: UInt64 { start &+ (byteCount &- 1) }
}

/// Pages joined to stretches as they come, in ascending order.
struct StretchList: Sendable {
  /// What a stretch stands for that is only said: copies of what was listed before.
  struct Copies: Hashable, Sendable {
    /// Where the first of what is copied was listed.
    let source: UInt64
    /// How often it follows.
    var count: Int
  }

  private(set) var stretches: [Stretch] = []
  private(set) var copies: [Int: Copies] = [:]
  private var copied = 0

  /// The tables of a corrupt image can translate more addresses than anybody can list: what copies add beyond
  /// this is only said.
  private static let copyLimit = 1 << 18

  /// Adds pages; a guess goes with the pages before it, whatever rights those have.
  mutating func add(_ start: UInt64, byteCount: UInt64, _ rights: Rights, isGuess: Bool = false) {
    if let before = stretches.last, isGuess || before.rights == rights,
      before.last &+ 1 == start, start != 0, copies[stretches.count - 1] == nil
    {
      stretches[stretches.count - 1] = Stretch(
        start: before.start, byteCount: before.byteCount &+ byteCount, rights: before.rights)
    } else {
      stretches.append(Stretch(start: start, byteCount: byteCount, rights: rights))
    }
  }

  /// Adds once more what was listed from an address on.
  ///
  /// - Parameters:
  ///   - source: the address.
  ///   - lead: for how many bytes the first pages go with those before them.
  ///   - guess: the rights of these where there are none before.
  ///   - start: where the copy begins.
  ///   - byteCount: how much of the address space is copied.
  mutating func copy(
    from source: UInt64, lead: UInt64, guess: Rights, to start: UInt64, byteCount: UInt64
  ) {
    let end = source &+ (byteCount &- 1)
    var index = firstIndex(endingFrom: source &+ lead)
    if copied >= Self.copyLimit {
      let isAny = lead > 0 || index < stretches.count && stretches[index].start <= end
      return isAny ? say(source, start, byteCount, count: 1) : ()
    }
    if lead > 0 { add(start, byteCount: lead, guess, isGuess: true) }
    let before = stretches.count
    let bound = before
    var from = source &+ lead
    while index < bound, lead < byteCount, stretches[index].start <= end {
      let stretch = stretches[index]
      from = max(from, stretch.start)
      let last = min(stretch.last, end)
      add(start &+ (from &- source), byteCount: last &- from &+ 1, stretch.rights)
      index += 1
    }
    copied += stretches.count - before
  }

  /// Says that pages are copies of what was listed from an address on, so many times.
  mutating func say(_ source: UInt64, _ start: UInt64, _ byteCount: UInt64, count: Int) {
    let last = stretches.count - 1
    if let known = copies[last], known.source == source, stretches[last].last &+ 1 == start {
      copies[last] = Copies(source: source, count: known.count + count)
      stretches[last] = Stretch(
        start: stretches[last].start, byteCount: stretches[last].byteCount &+ byteCount, rights: [])
      return
    }
    copies[stretches.count] = Copies(source: source, count: count)
    stretches.append(Stretch(start: start, byteCount: byteCount, rights: []))
  }

  /// The first stretch that ends at an address or behind it.
  private func firstIndex(endingFrom address: UInt64) -> Int {
    stretches.partitioningIndex { $0.last >= address }
  }
}
