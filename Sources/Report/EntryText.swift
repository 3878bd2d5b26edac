import BitLayout
import Paging

/// The words for one entry: its layout, its flags, its offending bits.
struct EntryText {
  let paging: PagingState
  let level: Int
  let entry: UInt64

  /// The layout that the bits are read by; an entry that must not map a page has that of a table.
  var layout: WordLayout? {
    // Where PS is a reserved bit, the layout of the page that it asks for says so.
    let asksForPage =
      X86Fields.pageSize.isSet(in: entry) && (paging.mode != .x86 || paging.pageSizeExtension)
    return paging.layout(level: level, isPage: level == 1 || asksForPage)
      ?? paging.layout(level: level, isPage: false)
  }

  /// The names of the set flags, highest bit first, and a protection key that is not 0.
  var flags: [String] {
    guard let layout else { return [] }
    let key = X86Fields.protectionKey
    let hasKey = layout.fields.contains { $0.mask == key.mask && $0.kind == .value }
    let keyText =
      hasKey && key.isSet(in: entry) ? ["\(key.name)=\(key.value(in: entry))"] : []
    let flags = layout.setFlags(in: entry)
    guard flags.first == Self.name(X86Fields.executeDisable) else { return keyText + flags }
    return [flags[0]] + keyText + flags.dropFirst()
  }

  /// Which bits offend, and against what: `reserved bits 20:13`.
  func offence(of bits: UInt64) -> String {
    guard let layout else { return "reserved bits" }
    let parts = layout.fields.filter { $0.mask & bits != 0 }.map(offence)
    return Wording.list(parts.isEmpty ? ["reserved bits"] : parts)
  }

  private func offence(of field: BitField) -> String {
    let place = Self.place(field)
    let name = Self.name(field)
    switch field.kind {
    case .address: return "address bits above MAXPHYADDR \(paging.physicalBits)"
    case .reserved where field.width == 1 && name != "reserved":
      return "reserved \(place) (\(name))"
    case .reserved, .ignored: return "reserved \(place)"
    case .value where field.mask == X86Fields.executeDisable.mask:
      return "\(place) (\(name)), reserved while EFER.NXE=0,"
    case .value where field.mask == X86Fields.pageSize.mask:
      return "\(place) (\(name)), reserved on a processor without 1-GByte pages,"
    case .value: return "\(place) (\(name)), reserved on this processor,"
    }
  }

  private static func place(_ field: BitField) -> String {
    field.width == 1 ? "bit \(field.low)" : "bits \(field.high):\(field.low)"
  }

  private static func name(_ field: BitField) -> String { String(describing: field.name) }
}
