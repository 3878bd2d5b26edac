import BitLayout

/// A field, as the two numbers that reading it takes; an absent field is always 0.
struct PackedField: Sendable {
  let mask: UInt64
  let low: UInt64

  init(_ field: BitField?) {
    mask = field?.mask ?? 0
    low = UInt64(field?.low ?? 0)
  }

  /// Several fields together, given by their bits.
  init(bits: UInt64) {
    mask = bits
    low = UInt64(bits.trailingZeroBitCount)
  }

  @inline(__always)
  func value(in word: UInt64) -> UInt64 { (word & mask) &>> low }

  /// The value with the sign of the field, which must end at bit 63.
  @inline(__always)
  func signedValue(in word: UInt64) -> UInt64 {
    UInt64(bitPattern: Int64(bitPattern: word & mask) &>> Int64(bitPattern: low))
  }

  /// The bits of a number that fit, in place.
  func placing(_ value: UInt64) -> UInt64 { (value &<< low) & mask }

  var width: UInt64 { UInt64(mask.nonzeroBitCount) }
}

/// How a prototype or subsection form holds an address: in one field or in two, or as an offset.
struct PointerForm: Sendable {
  private let high: PackedField
  private let low: PackedField
  private let highShift: UInt64
  private let lowShift: UInt64
  private let isSigned: Bool
  private let addressMask: UInt64
  /// What is added; nil where the region that the number counts from is not known.
  let base: UInt64?
  /// The bit that says which region the number counts from; 0 where there is one region.
  private let poolBit: UInt64
  /// What is added where `poolBit` is clear.
  private let otherBase: UInt64?
  /// Whether the kernel has such a form, and how the address is made is known.
  let isKnown: Bool

  /// Prototype entries of XP and 2003 without PAE are counted from the start of the paged pool,
  /// which is usually here (uncertain: the kernel has it in a variable).
  private static let pagedPool: UInt64 = 0xe100_0000
  /// Those of Vista and 7 without PAE are counted from the start of system space.
  private static let systemSpace: UInt64 = 0x8000_0000
  /// Prototype entries are aligned to 4 bytes, subsections and what is counted by index to 8.
  private static let prototypeShift: UInt64 = 2
  private static let alignmentShift: UInt64 = 3

  /// The form of the address of a prototype entry.
  static func prototype(_ kernel: WindowsKernel, _ pools: PoolBases?) -> PointerForm {
    if let whole = kernel.field("ProtoAddress", in: .prototype) {
      return PointerForm(whole, kernel, .prototype)
    }
    if let index = kernel.field("ProtoIndex", in: .prototype) {
      return PointerForm(
        index: index, pool: kernel.field("PoolType", in: .prototype), pools?.paged,
        other: pools?.nonPaged)
    }
    let isBeforeVista = kernel.field("WhichPool", in: .prototype) != nil
    return PointerForm(
      kernel.field("ProtoAddressHigh", in: .prototype),
      kernel.field("ProtoAddressLow", in: .prototype), lowShift: prototypeShift,
      base: isBeforeVista ? pools?.paged ?? pagedPool : systemSpace)
  }

  /// The form of the address of a subsection.
  static func subsection(_ kernel: WindowsKernel, _ pools: PoolBases?) -> PointerForm {
    if let whole = kernel.field("SubsectionAddress", in: .subsection) {
      return PointerForm(whole, kernel, .subsection)
    }
    if let index = kernel.field("SubsectionIndex", in: .subsection) {
      return PointerForm(index: index, pool: nil, pools?.nonPaged, other: nil)
    }
    let high = kernel.field("SubsectionAddressHigh", in: .subsection)
    let low = kernel.field("SubsectionAddressLow", in: .subsection)
    if let pool = kernel.field("WhichPool", in: .subsection) {
      // From the end of the non-paged pool downwards where the bit is clear: such an offset stays one.
      return PointerForm(
        high, low, lowShift: alignmentShift, base: pools?.nonPaged, poolBit: pool.mask)
    }
    // What Vista and 7 make of their two fields nobody has published. A machine that is made has an
    // address in them, for which the 30 bits are just enough.
    guard pools != nil else { return PointerForm() }
    return PointerForm(high, low, lowShift: prototypeShift, base: 0)
  }

  private init(_ whole: BitField, _ kernel: WindowsKernel, _ structure: WindowsStructure) {
    high = PackedField(whole)
    low = PackedField(nil)
    highShift = 0
    lowShift = 0
    isSigned = kernel.signedBits(of: structure) & whole.mask != 0
    addressMask = kernel.format.isThirtyTwoBit ? UInt64(UInt32.max) : .max
    base = 0
    (poolBit, otherBase) = (0, nil)
    isKnown = true
  }

  private init(index: BitField, pool: BitField?, _ base: UInt64?, other: UInt64?) {
    high = PackedField(index)
    low = PackedField(nil)
    highShift = Self.alignmentShift
    lowShift = 0
    isSigned = false
    addressMask = .max
    self.base = base
    (poolBit, otherBase) = (pool?.mask ?? 0, other)
    isKnown = true
  }

  private init(
    _ high: BitField?, _ low: BitField?, lowShift: UInt64, base: UInt64?, poolBit: UInt64 = 0
  ) {
    self.high = PackedField(high)
    self.low = PackedField(low)
    self.lowShift = lowShift
    highShift = lowShift + self.low.width
    isSigned = false
    addressMask = UInt64(UInt32.max)
    self.base = base
    (self.poolBit, otherBase) = (poolBit, nil)
    isKnown = high != nil && low != nil
  }

  private init() {
    self.init(nil, nil, lowShift: 0, base: nil)
  }

  /// The bits that hold the address.
  var mask: UInt64 { high.mask | low.mask | poolBit }

  /// What an entry's number counts from; nil where that is not known.
  @inline(__always)
  func base(of word: UInt64) -> UInt64? {
    poolBit == 0 || word & poolBit != 0 ? base : otherBase
  }

  /// The address, or the offset where the base is not known.
  @inline(__always)
  func address(in word: UInt64) -> UInt64 {
    let upper = isSigned ? high.signedValue(in: word) : high.value(in: word)
    let offset = (upper &<< highShift) | (low.value(in: word) &<< lowShift)
    return ((base(of: word) ?? 0) &+ offset) & addressMask
  }

  /// The bits that stand for an address, or nil where the form has none for it.
  func word(for address: UInt64) -> UInt64? {
    // Of two regions it is the one that begins nearest below.
    let isOther = otherBase.map { $0 <= address && $0 > base ?? 0 } ?? false
    let pool = isOther || base == nil ? 0 : poolBit
    let offset = (address &- ((isOther ? otherBase : base) ?? 0)) & addressMask
    let word = pool | high.placing(offset &>> highShift) | low.placing(offset &>> lowShift)
    return isKnown && self.address(in: word) == address ? word : nil
  }
}
