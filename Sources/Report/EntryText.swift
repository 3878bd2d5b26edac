import BitLayout
import Paging

/// The words for one entry: its layout, its flags, its offending bits.
struct EntryText {
  let paging: PagingState
  let level: Int
  let entry: UInt64

  /// The layout that the bits are read by; an entry that must not map a page has that of a table.
  var layout: WordLayout? {
    if paging.isARM64 {
      let isPage = level == 1 || !ARM64Layouts.type.isSet(in: entry)
      return paging.layout(level: level, isPage: isPage)
        ?? paging.layout(level: level, isPage: !isPage)
    }
    // Where PS is a reserved bit, the layout of the page that it asks for says so.
    let asksForPage =
      X86Fields.pageSize.isSet(in: entry) && (paging.mode != .x86 || paging.pageSizeExtension)
    return paging.layout(level: level, isPage: level == 1 || asksForPage)
      ?? paging.layout(level: level, isPage: false)
  }

  /// The names of the set flags, highest bit first, and a protection key that is not 0.
  var flags: [String] {
    guard let layout else { return [] }
    if paging.isARM64 { return Self.values(layout, entry) }
    let key = X86Fields.protectionKey
    let hasKey = layout.fields.contains { $0.mask == key.mask && $0.kind == .value }
    let keyText =
      hasKey && key.isSet(in: entry) ? ["\(key.name)=\(key.value(in: entry))"] : []
    let flags = layout.setFlags(in: entry)
    guard flags.first == Self.name(X86Fields.executeDisable) else {
      return keyText + attributes + flags
    }
    return [flags[0]] + keyText + attributes + flags.dropFirst()
  }

  /// The set bits among the address bits that say something else about the page.
  var attributes: [String] {
    [("encrypted", paging.encryptionBit), ("shared", paging.sharedBit)].compactMap { name, bit in
      bit.flatMap { entry >> UInt64($0) & 1 == 1 ? name : nil }
    }
  }

  /// The set flags of a descriptor and its small numbers, but for those that its place in the
  /// table says: `UXN nG AF SH=3 AP=1`.
  private static func values(_ layout: WordLayout, _ entry: UInt64) -> [String] {
    let kind = ARM64Layouts.valid.mask | ARM64Layouts.type.mask
    return layout.fields.reversed().filter {
      $0.kind == .value && $0.mask & kind == 0 && $0.isSet(in: entry) && !name($0).hasPrefix("OA")
    }.map { $0.width == 1 ? name($0) : "\(name($0))=\($0.value(in: entry))" }
  }

  /// Which bits offend, and against what: `reserved bits 20:13`.
  func offence(of bits: UInt64) -> String {
    let parts = (layout?.fields ?? []).filter { $0.mask & bits != 0 }.map(offence)
    return Wording.list(parts.isEmpty ? ["reserved bits"] : parts)
  }

  private func offence(of field: BitField) -> String {
    let name = Self.name(field)
    let isPage = level == 1 || X86Fields.pageSize.isSet(in: entry)
    let addressBits = paging.addressBits(level: level, isPage: isPage)
    switch field.kind {
    case .address:
      return "\(Self.place(field.high, UInt8(addressBits))) (MAXPHYADDR is \(paging.physicalBits))"
    case .value where field.mask == X86Fields.executeDisable.mask:
      return "\(Self.place(field.high, field.low)) (\(name), while EFER.NXE=0)"
    case .value where field.mask == X86Fields.pageSize.mask:
      return "\(Self.place(field.high, field.low)) (\(name), for there are no 1-GByte pages)"
    case .value:
      // The upper part of a 4-MByte page's address: as many of its bits as the processor has.
      let place = Self.place(field.high, field.low + UInt8(addressBits - 32))
      return place + (paging.features.pse36 ? " (MAXPHYADDR is \(paging.physicalBits))" : "")
    case .reserved, .ignored:
      let isNamed = field.width == 1 && name != "reserved"
      return Self.place(field.high, field.low) + (isNamed ? " (\(name))" : "")
    }
  }

  private static func place(_ high: UInt8, _ low: UInt8) -> String {
    high == low ? "reserved bit \(low)" : "reserved bits \(high):\(low)"
  }

  private static func name(_ field: BitField) -> String { String(describing: field.name) }
}
