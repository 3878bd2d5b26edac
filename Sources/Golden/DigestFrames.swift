import Paging

/// The tables under way, one for each level, as the words that will be hashed.
///
/// A class with a buffer of its own, because an array inside the visitor would be checked for
/// uniqueness at each of the entries.
@safe final class DigestFrames {
  /// What a slot holds beside a page or a table.
  enum Mark: UInt64 {
    /// The entry cannot be used: a translation through it faults.
    case reserved = 0x100
    /// The entry is unknown.
    case missing = 0x200
    /// The entry maps a page; the rights stand in the bits below.
    case page = 0x400
  }

  private struct Level {
    var entryCount = 0
    var isUsed = false
    var mappings: UInt64 = 0
    var bytes: UInt64 = 0
  }

  /// The words for a table of two words a slot, for levels 1 to 6.
  private let wordsPerLevel: Int
  private let words: UnsafeMutablePointer<UInt64>
  private let levels: UnsafeMutablePointer<Level>

  /// Has room for tables of at most `slots` entries.
  init(slots: Int) {
    wordsPerLevel = slots * 2
    unsafe words = .allocate(capacity: wordsPerLevel * 7)
    unsafe words.initialize(repeating: 0, count: wordsPerLevel * 7)
    unsafe levels = .allocate(capacity: 7)
    unsafe levels.initialize(repeating: Level(), count: 7)
  }

  deinit {
    unsafe words.deallocate()
    unsafe levels.deallocate()
  }

  /// Slots of the lowest level need one word; those above have room for a digest.
  private func stride(_ level: Int) -> Int { level == 1 ? 1 : 2 }

  func open(level: Int, entryCount: Int) {
    precondition(level >= 1 && level < 6 && entryCount * 2 <= wordsPerLevel, "no such table")
    unsafe levels[level] = Level(entryCount: entryCount)
    unsafe (words + level * wordsPerLevel).update(
      repeating: 0, count: entryCount * stride(level))
  }

  @inline(__always)
  func page(level: Int, index: Int, page: UInt64, _ rights: Rights, _ shift: UInt64) {
    let word = page | UInt64(rights.rawValue) | Mark.page.rawValue
    unsafe words[slot(level, index)] = word
    unsafe levels[level].mappings &+= 1
    unsafe levels[level].bytes &+= 1 &<< shift
    unsafe levels[level].isUsed = true
  }

  func put(_ mark: Mark, level: Int, index: Int) {
    unsafe words[slot(level, index)] = mark.rawValue
    unsafe levels[level].isUsed = true
  }

  /// Puts the digest of the table that translates from `address` on into its parent, if it has one
  /// and leads anywhere.
  func subtree(level: Int, address: UInt64, shift: UInt64, _ digest: TranslationDigest) {
    guard level < 6, digest.digest != .nothing else { return }
    let count = unsafe levels[level].entryCount
    guard count > 0 else { return }
    let index = Int(truncatingIfNeeded: address >> shift) & (count - 1)
    unsafe words[slot(level, index)] = digest.digest.high
    unsafe words[slot(level, index) + 1] = digest.digest.low
    unsafe levels[level].mappings &+= digest.mappings
    unsafe levels[level].bytes &+= digest.bytes
    unsafe levels[level].isUsed = true
  }

  func close(level: Int, seed: UInt64) -> TranslationDigest {
    let state = unsafe levels[level]
    // A root has no parent; nothing that came before may be taken for one.
    unsafe levels[level].entryCount = 0
    guard state.isUsed else { return .nothing }
    let bytes = unsafe UnsafeRawBufferPointer(
      start: words + level * wordsPerLevel, count: state.entryCount * stride(level) * 8)
    return unsafe TranslationDigest(
      digest: Digest128(hashing: bytes.bytes, seed: seed), mappings: state.mappings,
      bytes: state.bytes)
  }

  @inline(__always)
  private func slot(_ level: Int, _ index: Int) -> Int {
    level &* wordsPerLevel &+ index &* (level == 1 ? 1 : 2)
  }
}
