/// What the state of an entry of a page table depends on, packed into a small number.
///
/// Entries with equal keys have equal states, so that millions can be counted by key without a branch
/// and the decoder asked once for each key: it alone knows the states.
struct PTEStateKey: Sendable {
  private let mask: UInt64
  private let swizzle: PackedField
  private let protection: PackedField
  private let pageFileHigh: UInt64
  private let pageFileLow: PackedField
  private let prototype: PackedField
  private let transition: PackedField
  private let sentinel: UInt64
  private let inStore: UInt64
  private let store: UInt64

  /// The number of keys.
  static let count = 1 << 11

  /// The place of each fact in a key, above the five bits of the protection.
  private enum Place {
    static let page: UInt64 = 5
    static let transition: UInt64 = 6
    static let prototype: UInt64 = 7
    static let sentinel: UInt64 = 8
    static let isSaid: UInt64 = 9
    static let stored: UInt64 = 10
  }

  init(_ decoder: PTEDecoder) {
    mask = decoder.swizzle.mask
    swizzle = PackedField(bit: decoder.swizzle.swizzleBit)
    protection = decoder.softwareProtection
    pageFileHigh = decoder.pageFileHigh.mask
    pageFileLow = decoder.pageFileLow
    prototype = PackedField(bit: decoder.prototypeBit)
    transition = PackedField(bit: decoder.transitionBit)
    sentinel = decoder.sentinel
    inStore = decoder.inStore
    store = decoder.storeNumber ?? UInt64.max
  }

  /// The key of an entry that is not present.
  @inline(__always)
  func key(of entry: UInt64) -> Int {
    // All ones where SwizzleBit is clear: as a condition it would be a branch that nobody can predict.
    let isMasked = swizzle.value(in: entry) &- 1
    let word = entry & ~(mask & isMasked)
    func flag(_ isSet: Bool, _ place: UInt64) -> UInt64 { (isSet ? 1 : 0) &<< place }
    let stored = flag(word & inStore != 0, Place.stored)
    let numbered = flag(pageFileLow.value(in: word) == store, Place.stored)
    let key =
      protection.value(in: word) | flag(word & pageFileHigh != 0, Place.page)
      | transition.value(in: word) &<< Place.transition
      | prototype.value(in: word) &<< Place.prototype
      | flag(word & sentinel == sentinel, Place.sentinel) | flag(entry != 0, Place.isSaid)
      | stored | numbered
    return Int(truncatingIfNeeded: key)
  }

  /// The state of the entries with a key: the decoder's reading of one of them.
  func state(of key: Int, _ decoder: PTEDecoder) -> PTEState {
    let key = UInt64(key)
    func isSet(_ place: UInt64) -> Bool { key &>> place & 1 != 0 }
    guard isSet(Place.isSaid) else { return .zero }
    // With SwizzleBit set the decoder leaves the word as it is; the number of the page file keeps a
    // word that says nothing else from being 0.
    let isStored = isSet(Place.stored)
    let number = isStored && store != .max ? store : store == 1 ? 2 : 1
    var word = swizzle.mask | protection.placing(key) | pageFileLow.placing(number)
    if isSet(Place.transition) { word |= transition.mask }
    if isSet(Place.prototype) { word |= prototype.mask }
    if isSet(Place.page) { word |= pageFileHigh & (~pageFileHigh &+ 1) }
    if isSet(Place.sentinel) { word |= sentinel }
    if isStored { word |= inStore }
    return decoder.reading(of: word).state
  }
}
