import BitLayout

/// Entries of one form that differ only in the number or address that they point at.
///
/// The names of fields are looked up once, so that millions of entries cost a few instructions each.
public struct PTESeries: Sendable {
  private enum Payload: Sendable {
    case none
    case number(PackedField)
    case address(PointerForm)
  }

  private let swizzle: Swizzle
  private let word: UInt64
  private let payload: Payload

  /// Prepares for entries like `first`.
  fileprivate init(
    _ encoder: PTEEncoder, _ first: PTEForm, setting extra: [PTEEncoder.FieldValue]
  ) throws(PTEEncodingError) {
    // What the first entry would be read as, the others are too: a number that is not 0 stays that.
    _ = try encoder.entry(first, setting: extra)
    let word = try encoder.unmaskedEntry(first, setting: extra)
    swizzle = encoder.swizzle
    switch first {
    case .pageFile, .virtualStore, .freed:
      let field = PackedField(encoder.fields[.software]?["PageFileHigh"])
      payload = .number(field)
      self.word = word & ~field.mask
    case .transition:
      let field = PackedField(encoder.fields[.transition]?["PageFrameNumber"])
      payload = .number(field)
      self.word = word & ~field.mask
    case .prototype:
      payload = .address(encoder.prototypePointer)
      self.word = word & ~encoder.prototypePointer.mask
    case .subsection:
      payload = .address(encoder.subsectionPointer)
      self.word = word & ~encoder.subsectionPointer.mask
    case .zero, .demandZero, .decommitted, .noAccess, .prototypeVAD:
      payload = .none
      self.word = word
    }
  }

  /// The entry in memory that points at a page, a frame or an address; nil where it does not fit.
  ///
  /// Entries that point at nothing are the same for any number.
  public func entry(_ number: UInt64) -> UInt64? {
    switch payload {
    case .none: return swizzle.applied(to: word)
    case .number(let field):
      let bits = field.placing(number)
      return field.value(in: bits) == number ? swizzle.applied(to: word | bits) : nil
    case .address(let form):
      return form.word(for: number).map { swizzle.applied(to: word | $0) }
    }
  }
}

extension PTEEncoder {
  /// Entries like `first` that point at other numbers or addresses.
  public func series(
    _ first: PTEForm, setting extra: [FieldValue] = []
  ) throws(PTEEncodingError) -> PTESeries {
    try PTESeries(self, first, setting: extra)
  }
}

extension PTEForm {
  /// The number or address that an entry of the form points at; 0 where it points at nothing.
  public var payload: UInt64 {
    switch self {
    case .pageFile(_, let page, _), .virtualStore(_, let page, _), .freed(let page): page
    case .transition(let pfn, _): pfn
    case .prototype(let address, _), .subsection(let address, _): address
    case .zero, .demandZero, .decommitted, .noAccess, .prototypeVAD: 0
    }
  }
}
