/// The flags in the first word of `struct page`, with the names that a kernel has for them (Linux
/// include/linux/page-flags.h, `enum pageflags`).
///
/// Zone, node and what else a kernel keeps in the word stand above them.
struct PageFlags: Hashable, Sendable {
  private struct Name: Hashable, Sendable {
    var text: String
    /// The flag.
    var flag: UInt64
    /// What must be set for the flag to have this meaning.
    var mask: UInt64
  }

  private var names: [Name]
  /// The number of flags.
  private let count: Int

  /// The enumeration, and the name in it that is the number of flags.
  static let enumeration = "pageflags"
  private static let countName = "__NR_PAGEFLAGS"
  private static let prefix = "PG_"

  /// The flags that VMCOREINFO gives the numbers of.
  private static let known = ["lru", "private", "swapcache", "swapbacked", "slab", "hwpoison"]

  /// Takes the names from a kernel's own types, and those from VMCOREINFO that these do not have.
  ///
  /// - Parameters:
  ///   - info: what the kernel says of itself.
  ///   - enumerators: `enum pageflags`; empty where the types are not known.
  init(_ info: Vmcoreinfo, _ enumerators: [BTF.Enumerator]) {
    // After the number of flags come second names, which some users of a page have for them.
    let own = enumerators.prefix { $0.name != Self.countName }
    names = own.compactMap { each in
      guard each.value < 64, each.name.hasPrefix(Self.prefix) else { return nil }
      let flag: UInt64 = 1 << each.value
      return Name(text: String(each.name.dropFirst(Self.prefix.count)), flag: flag, mask: flag)
    }
    let said = Self.flags(info)
    for (text, flag) in said where !names.contains(where: { $0.text == text }) {
      // On pages of files the same flag has other meanings.
      let isBound = text == "swapcache"
      names.append(
        Name(text: text, flag: flag, mask: isBound ? flag | (said["swapbacked"] ?? 0) : flag))
    }
    let number = enumerators.first { $0.name == Self.countName }?.value
    // Of a flag that has two meanings the narrower one comes first.
    names.sort { ($0.flag, $1.mask, $0.text) < ($1.flag, $0.mask, $1.text) }
    let named = names.last.map { $0.flag.trailingZeroBitCount + 1 } ?? 0
    count = number.map { Int(min($0, 64)) } ?? named
  }

  private static func flags(_ info: Vmcoreinfo) -> [String: UInt64] {
    var flags: [String: UInt64] = [:]
    for name in known {
      if let number = info.number(prefix + name), number < 64 { flags[name] = 1 << number }
    }
    if let mask = info.number("PG_head_mask"), mask.nonzeroBitCount == 1 { flags["head"] = mask }
    return flags
  }

  /// The names of the flags that are set in a word, and the numbers of those that have none here.
  func reading(of word: UInt64) -> (names: [String], unnamed: [Int]) {
    var named: UInt64 = 0
    var texts: [String] = []
    for name in names where name.mask & word == name.mask && name.flag & named == 0 {
      named |= name.flag
      texts.append(name.text)
    }
    let rest = word & ~named
    return (texts, (0..<count).filter { rest >> UInt64($0) & 1 == 1 })
  }
}
