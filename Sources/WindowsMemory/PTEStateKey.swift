/// What the state of an entry of a page table depends on, packed into a small number.
///
/// Entries with equal keys have equal states, so that millions can be counted by key without a branch
/// and the decoder asked once for each key: it alone knows the states. The low part of a key is the
/// entry's own bits, the mask among them is left to the decoder: what takes no instruction here is
/// what makes counting as fast as enumerating.
struct PTEStateKey: Sendable {
  /// SwizzleBit, Protection, Prototype and Transition, which all layouts have next to each other.
  private let low: PackedField
  private let mask: UInt64
  /// The bits of the mask in PageFileHigh, and all others of it.
  private let page: UInt64
  private let sentinel: UInt64
  private let store: StoreTest?
  private let pageFileLow: PackedField
  /// A bit that says nothing about the state.
  private let idle: UInt64

  /// The number of keys.
  static let count = 1 << 16

  /// How many bits of the entry a key has room for.
  private static let ownBits: UInt64 = 11
  /// The place of each fact in a key, below the entry's own bits: those that differ most between entries
  /// that are alike in all else share a cache line of counters.
  private enum Place {
    static let stored: UInt64 = 0
    static let sentinel: UInt64 = 1
    static let mask: UInt64 = 2
    static let page: UInt64 = 3
    static let isSaid: UInt64 = 4
    static let own: UInt64 = 5
  }

  init(_ decoder: PTEDecoder) {
    let own =
      decoder.swizzle.swizzleBit | decoder.softwareProtection.mask | decoder.prototypeBit
      | decoder.transitionBit
    low = PackedField(bits: own)
    precondition(own >> low.low < 1 << Self.ownBits, "the bits of a key lie close together")
    mask = decoder.swizzle.mask & decoder.pageFileHigh.mask
    page = decoder.pageFileHigh.mask & ~decoder.swizzle.mask
    sentinel = decoder.sentinel
    store = StoreTest(decoder)
    pageFileLow = decoder.pageFileLow
    let telling =
      decoder.valid | own | decoder.pageFileLow.mask | decoder.pageFileHigh.mask
      | decoder.inStore | decoder.sentinel
    idle = ~telling & (telling &+ 1)
  }

  /// The key of an entry that is not present.
  ///
  /// Facts are added one by one, each doubling what is there: facts that are shifted into place are
  /// compiled to branches, and nobody can predict them.
  @inline(__always)
  func key(of entry: UInt64) -> Int {
    func add(_ fact: Bool, to key: UInt64) -> UInt64 { key &+ key &+ (fact ? 1 : 0) }
    var key = add(entry != 0, to: low.value(in: entry))
    key = add(entry & page != 0, to: key)
    key = add(entry & mask != 0, to: key)
    key = add(entry & sentinel == sentinel, to: key)
    key = if let store { add(store.holds(entry), to: key) } else { key &+ key }
    return Int(truncatingIfNeeded: key)
  }

  /// The state of the entries with a key: the decoder's reading of one of them.
  func state(of key: Int, _ decoder: PTEDecoder) -> PTEState {
    let key = UInt64(key)
    func isSet(_ place: UInt64) -> Bool { key &>> place & 1 != 0 }
    guard isSet(Place.isSaid) else { return .zero }
    let isStored = isSet(Place.stored)
    let number = isStored ? store?.number ?? 1 : store?.otherNumber ?? 1
    var word = low.placing(key &>> Place.own) | pageFileLow.placing(number)
    if isSet(Place.page) { word |= page & (~page &+ 1) }
    if isSet(Place.mask) { word |= mask }
    if isSet(Place.sentinel) { word |= sentinel }
    if isStored { word |= store?.inStore ?? 0 }
    // A word of which nothing else is left was not 0.
    return decoder.reading(of: word == 0 ? idle : word).state
  }
}

/// Whether an entry names a store of compressed pages, by its bit or by the number of the page file.
private struct StoreTest: Sendable {
  let inStore: UInt64
  /// A number that an entry in the store may have, and one that an entry elsewhere may have.
  let number, otherNumber: UInt64
  private let storeNumber: UInt64
  private let pageFileLow: PackedField
  private let swizzle: Swizzle

  /// Nil where no entry can name one.
  init?(_ decoder: PTEDecoder) {
    guard decoder.inStore != 0 || decoder.storeNumber != nil else { return nil }
    inStore = decoder.inStore
    storeNumber = decoder.storeNumber ?? UInt64.max
    otherNumber = storeNumber == 1 ? 2 : 1
    number = decoder.storeNumber ?? otherNumber
    pageFileLow = decoder.pageFileLow
    swizzle = decoder.swizzle
  }

  @inline(__always)
  func holds(_ entry: UInt64) -> Bool {
    let word = swizzle.removed(from: entry)
    // Both are computed, for nobody could predict which decides.
    let isInStore = word & inStore
    let difference = pageFileLow.value(in: word) ^ storeNumber
    return isInStore != 0 || difference == 0
  }
}
