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
  /// The bit that says a page was written, and the bits that let a written page be written again.
  let dirtyMask: UInt64
  let accessedMask: UInt64
  let writeBackBits: UInt64
  let copyOnWriteMask: UInt64

  init?(_ entries: WindowsEntries, _ state: PagingState) {
    guard let encoder = EntryEncoder(state, level: 1, isPage: true) else { return nil }
    self.encoder = encoder
    largeEncoder = EntryEncoder(state, level: 2, isPage: true)
    words = Self.words(entries, state, level: 1)
    largeWords = Self.words(entries, state, level: 2)
    dirtyMask = entries.field(named: "Dirty")?.mask ?? 0
    accessedMask = entries.field(named: "Accessed")?.mask ?? 0
    copyOnWriteMask = entries.field(named: "CopyOnWrite")?.mask ?? 0
    writeBackBits = dirtyMask | (entries.holdsWriteBack ? X86Fields.writable.mask : 0)
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
            modifier: protection.modifier))
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
