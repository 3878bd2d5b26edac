/// The fields of one kind of machine word, from the lowest bit to the highest.
///
/// The fields tile the word: every bit belongs to exactly one of them.
public struct WordLayout: Sendable {
  /// The name in the manual, for example "PDE that maps a 2-MByte page".
  public let name: StaticString
  /// Where the manual defines the word.
  public let citation: StaticString
  /// The number of bits in the word: 32 or 64 for entries, less for words inside structures.
  public let width: Int
  /// The fields, lowest first.
  public let fields: [BitField]

  /// Declares a layout; the fields may be given in any order.
  public init(
    _ name: StaticString, citation: StaticString, width: Int = 64, _ fields: [BitField]
  ) {
    self.name = name
    self.citation = citation
    self.width = width
    self.fields = fields.sorted { $0.low < $1.low }
  }

  /// The field with the manual's name, in any letter case.
  public func field(named name: String) -> BitField? {
    fields.first { String(describing: $0.name).lowercased() == name.lowercased() }
  }

  /// The bits that no field covers, and the bits that more than one field covers; both must be 0.
  public var tiling: (gaps: UInt64, overlaps: UInt64) {
    var covered: UInt64 = 0
    var overlaps: UInt64 = 0
    for field in fields {
      overlaps |= covered & field.mask
      covered |= field.mask
    }
    let word = UInt64.max >> UInt64(64 - width)
    return (word ^ covered, overlaps)
  }

  /// The names of the one-bit fields that are set in `word`, highest bit first.
  public func setFlags(in word: UInt64) -> [String] {
    fields.reversed()
      .filter { $0.kind == .value && $0.width == 1 && $0.isSet(in: word) }
      .map { String(describing: $0.name) }
  }
}
