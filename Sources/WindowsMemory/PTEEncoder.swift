import BitLayout

/// Composes entries of one kernel as its memory manager does.
public struct PTEEncoder: Sendable {
  let swizzle: Swizzle
  private let decoder: PTEDecoder
  let prototypePointer: PointerForm
  let subsectionPointer: PointerForm
  /// The fields of the kernel's structures, by name in the types' spelling.
  let fields: [WindowsStructure: [String: BitField]]

  /// Prepares for the entries of a kernel with an invalid-PTE mask.
  ///
  /// - Parameters:
  ///   - kernel: Whose layouts the entries have.
  ///   - mask: What the kernel puts into invalid entries.
  ///   - virtualStore: The number of the page file that is a store of compressed pages, if one is.
  ///   - pools: What entries with an offset count from; where nothing is said, offsets are composed.
  public init(
    _ kernel: WindowsKernel, mask: InvalidPTEMask = .none, virtualStore: UInt64? = nil,
    pools: PoolBases? = nil
  ) {
    swizzle = Swizzle(kernel, mask)
    decoder = PTEDecoder(kernel, mask: mask, virtualStore: virtualStore, pools: pools)
    prototypePointer = .prototype(kernel, pools)
    subsectionPointer = .subsection(kernel, pools)
    var fields: [WindowsStructure: [String: BitField]] = [:]
    for structure in WindowsStructure.allCases where structure.isEntry {
      for field in kernel.layout(structure)?.fields ?? [] {
        let name = String(describing: field.name)
        guard name != String(describing: WindowsKernel.gapName) else { continue }
        fields[structure, default: [:]][name] = field
      }
    }
    self.fields = fields
  }

  /// A named field and its value.
  public typealias FieldValue = (name: String, value: UInt64)

  /// The entry in memory that says `form`, with more fields of the form's structure set by name.
  ///
  /// The invalid-PTE mask is put in by the kernel's rule.
  public func entry(
    _ form: PTEForm, setting extra: [FieldValue] = []
  ) throws(PTEEncodingError) -> UInt64 {
    let entry = swizzle.applied(to: try unmaskedEntry(form, setting: extra))
    let table: PTETable = if case .subsection = form { .prototype } else { .process }
    let state = decoder.reading(of: entry, table: table).state
    guard state == form.state else {
      throw .readsAs(state, wanted: form.state, entry: entry)
    }
    return entry
  }

  /// The entry before the invalid-PTE mask is put in.
  func unmaskedEntry(
    _ form: PTEForm, setting extra: [FieldValue]
  ) throws(PTEEncodingError) -> UInt64 {
    var word = try word(form)
    for field in extra { word = try setting(field, form.structure, in: word) }
    return word
  }

  /// The entry in memory with the fields of a structure set by name, the others 0.
  ///
  /// A valid entry is written as it is; in others, the invalid-PTE mask is put in.
  public func entry(
    _ structure: WindowsStructure, setting fields: [FieldValue]
  ) throws(PTEEncodingError) -> UInt64 {
    var word: UInt64 = 0
    for field in fields { word = try setting(field, structure, in: word) }
    return swizzle.applied(to: word)
  }

  private func word(_ form: PTEForm) throws(PTEEncodingError) -> UInt64 {
    switch form {
    case .zero: return 0
    case .demandZero(let protection): return try software(protection)
    case .decommitted: return try software(.decommit)
    case .noAccess(let protection): return try software(protection)
    case .freed(let value):
      return try setting(("PageFileHigh", value), .software, in: 0)
    case .pageFile(let number, let page, let protection):
      return try paged(number, page, in: try software(protection))
    case .virtualStore(let number, let page, let protection):
      return try paged(number, page, in: try software(protection)) | decoder.inStore
    case .transition(let pfn, let protection):
      let word = try protected(protection, .transition, also: "Transition")
      return try setting(("PageFrameNumber", pfn), .transition, in: word)
    case .prototype(let address, let protection):
      return try pointer(prototypePointer, address, protection, .prototype)
    case .subsection(let address, let protection):
      return try pointer(subsectionPointer, address, protection, .subsection)
    case .prototypeVAD(let protection):
      let word = try setting(("Prototype", 1), .software, in: try software(protection))
      return word | decoder.sentinel
    }
  }

  private func paged(
    _ number: UInt64, _ page: UInt64, in word: UInt64
  ) throws(PTEEncodingError) -> UInt64 {
    let word = try setting(("PageFileLow", number), .software, in: word)
    return try setting(("PageFileHigh", page), .software, in: word)
  }

  private func software(_ protection: MMProtection) throws(PTEEncodingError) -> UInt64 {
    try setting(("Protection", UInt64(protection.rawValue)), .software, in: 0)
  }

  private func protected(
    _ protection: MMProtection, _ structure: WindowsStructure, also flag: String
  ) throws(PTEEncodingError) -> UInt64 {
    let word = try setting((flag, 1), structure, in: 0)
    // Non-PAE forms that have no room for a protection cannot say one; that of the VAD needs none.
    if protection == .zeroAccess { return word }
    return try setting(("Protection", UInt64(protection.rawValue)), structure, in: word)
  }

  private func pointer(
    _ form: PointerForm, _ address: UInt64, _ protection: MMProtection,
    _ structure: WindowsStructure
  ) throws(PTEEncodingError) -> UInt64 {
    let word = try protected(protection, structure, also: "Prototype")
    guard let bits = form.word(for: address) else { throw .noSuchAddress(address, structure) }
    return word | bits
  }

  private func setting(
    _ field: FieldValue, _ structure: WindowsStructure, in word: UInt64
  ) throws(PTEEncodingError) -> UInt64 {
    guard let named = fields[structure] else { throw .noStructure(structure) }
    let place =
      named[field.name]
      ?? named.first { $0.key.lowercased() == field.name.lowercased() }?.value
    guard let place else {
      let inOrder = named.values.sorted { $0.low < $1.low }
      throw .noField(field.name, structure, choices: inOrder.map { "\($0.name)" })
    }
    guard let result = place.setting(field.value, in: word) else {
      throw .doesNotFit(
        field: "\(place.name)", structure, value: field.value, width: place.width)
    }
    return result
  }
}
