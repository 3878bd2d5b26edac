import Paging

/// The words that reports have in common.
enum Wording {
  /// What stands for an answer of which a limit of 0 leaves nothing.
  static let unshown = "there are some, of which --limit 0 shows none"

  /// A size in the unit that divides it: `4 KiB`, `2 MiB`, `1 GiB`.
  static func size(_ bytes: UInt64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    let unit = bytes == 0 ? 0 : min(bytes.trailingZeroBitCount / 10, units.count - 1)
    let count = bytes >> UInt64(unit * 10)
    return count == 1 && unit == 0 ? "1 byte" : "\(count) \(units[unit])"
  }

  /// The size of a page as the manuals abbreviate it in tables: `4K`, `2M`, `1G`.
  static func pageSize(_ shift: UInt64) -> String {
    let unit = min(shift / 10, 3)
    return "\(UInt64(1) << (shift - unit * 10))" + ["", "K", "M", "G"][Int(unit)]
  }

  /// What may be done with a page, as a sentence about who may do it.
  static func rights(_ rights: Rights) -> String {
    var verbs = ["read"]
    if rights.contains(.write) { verbs.append("write") }
    if rights.contains(.execute) { verbs.append("execute") }
    let who = rights.contains(.user) ? "user mode" : "only the supervisor"
    return "\(who) may \(list(verbs)) it"
  }

  /// `a`, `a and b`, `a, b and c`.
  static func list(_ items: [String]) -> String { list(items, before: "and") }

  /// `a`, `a or b`, `a, b or c`.
  static func alternatives(_ items: [String]) -> String { list(items, before: "or") }

  private static func list(_ items: [String], before conjunction: String) -> String {
    guard let last = items.last, items.count > 1 else { return items.joined() }
    return items.dropLast().joined(separator: ", ") + " \(conjunction) " + last
  }

  /// The numbers of the set bits: `bit 63`, `bits 51:46`, `bits 20, 13`.
  static func bits(_ word: UInt64) -> String {
    var ranges: [String] = []
    var rest = word
    while rest != 0 {
      let high = 63 - rest.leadingZeroBitCount
      let length = (~(rest << UInt64(63 - high))).leadingZeroBitCount
      let low = high - length + 1
      ranges.append(high == low ? "\(high)" : "\(high):\(low)")
      rest &= low == 0 ? 0 : ~(UInt64.max << UInt64(low))
    }
    return (word.nonzeroBitCount == 1 ? "bit " : "bits ") + ranges.joined(separator: ", ")
  }

  /// `1 page`, `2 pages`.
  static func count(_ number: UInt64, _ noun: String) -> String {
    "\(number) \(noun)" + (number == 1 ? "" : "s")
  }
}
