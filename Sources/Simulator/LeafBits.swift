import BitLayout
import Paging
import PhysicalMemory
import WindowsMemory

/// The entries of pages in use, composed once for each protection.
struct LeafBits {
  private let encoder: EntryEncoder
  private let largeEncoder: EntryEncoder?
  private let words: [UInt64]
  private let largeWords: [UInt64]
  private let validMask: UInt64
  /// The bits that are set, and those that are clear, once a page was written to.
  private let dirtyMark: (set: UInt64, clear: UInt64)
  /// What else is set by then.
  private let writtenBits: UInt64

  init?(_ entries: WindowsEntries, _ state: PagingState) {
    guard let encoder = EntryEncoder(state, level: 1, isPage: true) else { return nil }
    self.encoder = encoder
    largeEncoder = EntryEncoder(state, level: 2, isPage: true)
    words = Self.words(entries, state, level: 1)
    largeWords = Self.words(entries, state, level: 2)
    func mask(_ name: String) -> UInt64 { entries.field(named: name)?.mask ?? 0 }
    validMask = mask("Valid")
    dirtyMark = entries.dirtyMark
    let without = state.bits(granting: .execute, level: 1, isPage: true) ?? 0
    let writes = state.bits(granting: [.execute, .write], level: 1, isPage: true) ?? 0
    writtenBits = mask("Accessed") | writes & ~without
  }

  /// Whether the processor uses an entry.
  func isValid(_ entry: UInt64) -> Bool { entry & validMask != 0 }

  /// Whether the page of a valid entry was written to.
  func isDirty(_ entry: UInt64) -> Bool {
    entry & (dirtyMark.set | dirtyMark.clear) == dirtyMark.set
  }

  /// The entry of a page that was clean, once it is written to.
  func written(_ entry: UInt64) -> UInt64 {
    (entry | dirtyMark.set | writtenBits) & ~dirtyMark.clear
  }

  private static func words(
    _ entries: WindowsEntries, _ state: PagingState, level: Int
  ) -> [UInt64] {
    (0..<32 * 2 * 2).map { index in
      let protection = MMProtection(rawValue: UInt8(index / 4)) ?? .zeroAccess
      let isWritable = protection.allowsWrite && !protection.isCopyOnWrite
      let isDirty = isWritable && index & 2 != 0
      var rights: Rights = []
      if isWritable, isDirty || !entries.holdsWriteBack { rights.insert(.write) }
      if index & 1 != 0 { rights.insert(.user) }
      if protection.allowsExecute || state.mode == .x86 || !state.noExecute {
        rights.insert(.execute)
      }
      let bits = state.bits(granting: rights, level: level, isPage: true) ?? 0
      return bits
        | entries.bits(
          of: .init(
            isWritable: isWritable, isDirty: isDirty, isCopiedOnWrite: protection.isCopyOnWrite,
            isUser: index & 1 != 0, modifier: protection.modifier))
    }
  }

  /// The entry of a page that is in use; nil where the frame does not fit.
  func entry(
    _ frame: UInt64, _ protection: MMProtection, isDirty: Bool, isUser: Bool, isLarge: Bool = false
  ) -> UInt64? {
    let encoder = isLarge ? largeEncoder : encoder
    guard let base = encoder?.entry(to: PhysicalAddress(frame * frameSize)) else { return nil }
    let index = Int(protection.rawValue) * 4 + (isDirty ? 2 : 0) + (isUser ? 1 : 0)
    return base | (isLarge ? largeWords : words)[index]
  }
}
