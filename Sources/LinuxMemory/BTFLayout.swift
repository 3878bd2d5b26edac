import BitLayout

/// The word `info` of a type, and the offset of a member where the flag is set.
enum BTFLayout {
  static let count = BitField("vlen", 15, 0, .value, "the number of members")
  static let kind = BitField("kind", 28, 24, .value, "the kind of the type")
  static let flag = BitField("kind_flag", 31, .value, "offsets of members hold widths too")
  static let bitOffset = BitField("bit_offset", 23, 0, .value, "the offset of a member in bits")
}

/// The kinds of types, by the numbers of Linux include/uapi/linux/btf.h.
enum BTFKind: UInt64 {
  case integer = 1, pointer, array, structure, union, enumeration, forward, typedef, volatile
  case const, restrict, function, prototype, variable, section, float, declarationTag, typeTag
  case enumeration64

  /// Whether it is a structure or union.
  var hasMembers: Bool { self == .structure || self == .union }

  /// Whether it is a list of names for numbers.
  var isEnumeration: Bool { self == .enumeration || self == .enumeration64 }

  /// Whether it is another type under a name, or with something said of it.
  var isAlias: Bool {
    switch self {
    case .typedef, .volatile, .const, .restrict, .typeTag: true
    default: false
    }
  }

  /// The bytes that follow the three words of every type.
  var extraBytes: Int {
    switch self {
    case .integer, .variable, .declarationTag: 4
    case .array: 12
    default: 0
    }
  }

  /// The bytes of each member, value or parameter.
  var bytesEach: Int {
    switch self {
    case .structure, .union, .section, .enumeration64: 12
    case .enumeration, .prototype: 8
    default: 0
    }
  }
}
