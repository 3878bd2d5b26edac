import BitLayout

/// The registers that say what the numbers of memory types in entries stand for, and those numbers.
enum MemoryTypeLayouts {
  /// IA32_PAT: PA0 to PA7 (SDM 3A, Figure 12-9).
  static let pat = [
    BitField("PA0", 2, 0, .value, "memory type 0"), BitField("PA1", 10, 8, .value, "memory type 1"),
    BitField("PA2", 18, 16, .value, "memory type 2"),
    BitField("PA3", 26, 24, .value, "memory type 3"),
    BitField("PA4", 34, 32, .value, "memory type 4"),
    BitField("PA5", 42, 40, .value, "memory type 5"),
    BitField("PA6", 50, 48, .value, "memory type 6"),
    BitField("PA7", 58, 56, .value, "memory type 7"),
  ]
  /// The bits of IA32_PAT that are in none of its fields.
  static let reservedInPAT = pat.reduce(UInt64.max) { $0 & ~$1.mask }

  /// PAT of an entry in the number of its memory type (SDM 3A, Table 12-11).
  static var patInIndex: BitField { BitField("PAT", 2, .value, "PAT of the entry") }
  /// PCD of an entry in that number.
  static var cacheDisableInIndex: BitField { BitField("PCD", 1, .value, "PCD of the entry") }
  /// PWT of an entry in that number.
  static var writeThroughInIndex: BitField { BitField("PWT", 0, .value, "PWT of the entry") }

  /// MAIR_EL1: Attr0 to Attr7 (ARM ARM D19.2, MAIR_EL1).
  static let mair = [
    BitField("Attr0", 7, 0, .value, "memory type 0"),
    BitField("Attr1", 15, 8, .value, "memory type 1"),
    BitField("Attr2", 23, 16, .value, "memory type 2"),
    BitField("Attr3", 31, 24, .value, "memory type 3"),
    BitField("Attr4", 39, 32, .value, "memory type 4"),
    BitField("Attr5", 47, 40, .value, "memory type 5"),
    BitField("Attr6", 55, 48, .value, "memory type 6"),
    BitField("Attr7", 63, 56, .value, "memory type 7"),
  ]
  /// The upper half of an attribute: outer caches; 0 for device memory.
  static let outer = BitField("outer", 7, 4, .value, "outer cacheability of normal memory")
  /// The lower half of an attribute: inner caches, or the kind of device memory.
  static let inner = BitField("inner", 3, 0, .value, "inner cacheability of normal memory")
  /// The bit of an attribute of device memory that has no meaning.
  static let reservedOfDevice = BitField("RES0_1", 1, .reserved, "0: otherwise UNPREDICTABLE")
}
