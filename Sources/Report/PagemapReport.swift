import BitLayout
public import LinuxMemory
import PhysicalMemory
import ScenarioFile

/// Writes what pagemap says, run by run under its area, or of one page in full.
public struct PagemapReport: Sendable {
  private let format: PagemapFormat
  private let pageShift: UInt64
  /// The flags of which a row says that they are not known.
  private let marked: UInt64
  /// The area whose runs are being written; nil before the first, and where there is none.
  private var area: MemoryArea?
  private var isBegun = false
  /// Whether a frame number was withheld.
  public private(set) var isWithheld = false

  /// Prepares for words of a format, of pages of 2 to the power of `pageShift` bytes.
  ///
  /// Of the flags in the mask `marked`, rows for people say where they are not known: `file?`.
  public init(_ format: PagemapFormat, pageShift: UInt64, marking marked: UInt64 = 0) {
    self.format = format
    self.pageShift = pageShift
    self.marked = marked
  }

  /// Writes facts about the answers in three columns, and an empty line after them.
  public static func writeHeader(
    _ facts: [(String, String, String)], to out: inout TextBuffer
  ) {
    FactTable.write(facts, to: &out)
    out.endLine()
  }

  /// Writes a run as one JSON object.
  public mutating func writeJSON(
    _ piece: PagemapPiece, in area: MemoryArea?, to out: inout TextBuffer
  ) {
    let run = piece.run
    out.openObject()
    out.member("start", hex: run.address)
    out.member("end", hex: last(of: run))
    out.member("pages", run.pageCount)
    out.member("state", state(run.entry))
    if let missing = run.missing { out.member("missing", hex: missing.rawValue) }
    if run.entry != nil { writeWord(of: run, to: &out) }
    let categories = piece.categories.map(Self.categories) ?? []
    for category in categories { out.member(category.name, category.isSet) }
    if let area {
      out.openObject("area")
      out.member("start", hex: area.start)
      out.member("end", hex: area.end - 1)
      out.member("permissions", area.permissions)
      if !area.path.isEmpty { out.member("path", area.path) }
      out.closeObject()
    }
    out.closeLine()
  }

  private mutating func writeWord(of run: PagemapRun, to out: inout TextBuffer) {
    guard let entry = run.entry else { return }
    let unknown = format.flags.filter { $0.mask & run.unknownBits != 0 }
    out.member("entry", hex: entry.rawValue)
    if !unknown.isEmpty { out.member("unknown_bits", hex: unknown.reduce(0) { $0 | $1.mask }) }
    if run.step != 0 { out.member("step", hex: run.step) }
    if entry.isPresent {
      if let address = address(of: entry) { out.member("pa", hex: address) }
      if format.withholdsFrame(of: entry) {
        isWithheld = true
        out.member("withheld", true)
      }
    } else if entry.isSwapped {
      out.member("swap_type", entry.swapType)
      out.member("swap_offset", hex: entry.swapOffset)
    }
    if let shift = pageShift(of: entry) { out.member("page_shift", shift) }
    for flag in format.flags where flag.mask & run.unknownBits == 0 {
      out.member(Self.key(flag), entry.has(flag))
    }
  }

  private static func key(_ flag: BitField) -> String { String(describing: flag.name) }

  /// Writes a run for people, under a line about its area where that is another than before.
  public mutating func writeText(
    _ piece: PagemapPiece, in area: MemoryArea?, to out: inout TextBuffer
  ) {
    if !isBegun || area != self.area { writeArea(area, to: &out) }
    let run = piece.run
    out.write("  ")
    out.hex(run.address, digits: 16)
    out.spaces(1)
    out.write("\(run.pageCount)", rightAlignedIn: 9)
    out.spaces(2)
    out.write(state(run.entry), style(run.entry), width: 12)
    let flags = flags(piece).joined(separator: " ")
    out.write(place(run.entry), width: flags.isEmpty ? 0 : 28)
    out.write(flags)
    out.endLine()
  }

  private mutating func writeArea(_ area: MemoryArea?, to out: inout TextBuffer) {
    if isBegun { out.endLine() }
    isBegun = true
    self.area = area
    if let area {
      out.hex(area.start, digits: 16)
      out.write("  \(area.permissions)  ")
      out.write((area.path.isEmpty ? "anonymous" : area.path).visible, .bold)
      out.endLine()
    }
    out.styled(.dim) { out in
      out.write("  ")
      out.write("address", width: 18)
      out.write("pages", rightAlignedIn: 10)
      out.spaces(2)
      out.write("state", width: 12)
      out.write("place", width: 28)
      out.write("flags\n")
    }
  }

  /// Writes all that the word of one page says, for people.
  public mutating func writePage(
    at address: UInt64, _ piece: PagemapPiece, in area: MemoryArea?, to out: inout TextBuffer
  ) {
    out.write(address.hex(digits: 16), .bold)
    if let area {
      out.write("  in ")
      out.hex(area.start)
      out.write("..")
      out.hex(area.end - 1)
      out.write(" \(area.permissions) \(area.path.visible)")
    } else {
      out.write("  in no area that is known")
    }
    out.endLine()
    guard let entry = piece.run.entry else {
      return writeWordless(piece.run, to: &out)
    }
    out.write("  word  ")
    out.hex(entry.rawValue, digits: 16)
    out.endLine()
    FieldRows(layout: format.layout(of: entry), word: entry.rawValue) { [format] field in
      if format.withholdsFrame(of: entry), field.low == 0 { return (Self.withheldText, .yellow) }
      return field.mask & piece.run.unknownBits == 0 ? nil : ("not known", .yellow)
    }.write(to: &out)
    out.write("  ")
    if let place = self.address(of: entry) {
      out.write("at physical address ")
      out.write((place | address & ((1 << pageShift) - 1)).hex, .bold)
    } else {
      out.write(sentence(entry))
    }
    out.write("\n\n")
  }

  private func writeWordless(_ run: PagemapRun, to out: inout TextBuffer) {
    let reason =
      run.missing.map { "the image does not hold \($0), where the entry for this page would be" }
      ?? "there is no word for this page"
    out.write("  \(reason)\n\n", run.missing == nil ? .plain : .yellow)
  }

  private mutating func sentence(_ entry: PagemapEntry) -> String {
    if format.withholdsFrame(of: entry) {
      isWithheld = true
      return "in memory; where is not said: the frame number was \(Self.withheldText)"
    }
    if entry.isSwapped {
      return "not in memory: swap type \(entry.swapType), offset \(entry.swapOffset.hex)"
    }
    return "not in memory: no page was ever there, or it is a page of a file that was not touched"
  }

  /// Why a frame number is 0.
  public static let withheldText = "withheld: reading it takes CAP_SYS_ADMIN"

  private func last(of run: PagemapRun) -> UInt64 {
    run.address &+ (run.pageCount << pageShift &- 1)
  }

  private func state(_ entry: PagemapEntry?) -> String {
    guard let entry else { return "unknown" }
    if entry.isPresent { return "present" }
    return entry.isSwapped ? "swapped" : "none"
  }

  private func style(_ entry: PagemapEntry?) -> TextStyle {
    entry.map { $0.isPresent ? .green : $0.isSwapped ? .yellow : .dim } ?? .red
  }

  private func address(of entry: PagemapEntry) -> UInt64? {
    guard entry.isPresent, !format.withholdsFrame(of: entry),
      entry.frameNumber <= UInt64.max >> pageShift
    else { return nil }
    return entry.frameNumber << pageShift
  }

  private func pageShift(of entry: PagemapEntry) -> UInt64? {
    format.hasPageShift ? PagemapEntry.pageShift.value(in: entry.rawValue) : nil
  }

  private mutating func place(_ entry: PagemapEntry?) -> String {
    guard let entry else { return "-" }
    if format.withholdsFrame(of: entry) {
      isWithheld = true
      return "withheld"
    }
    if let address = address(of: entry) { return address.hex(digits: 16) }
    return entry.isSwapped ? "type \(entry.swapType) offset \(entry.swapOffset.hex)" : "-"
  }

  private func flags(_ piece: PagemapPiece) -> [String] {
    guard let entry = piece.run.entry else { return [] }
    let words = format.flags.compactMap { flag -> String? in
      let name = String(Self.key(flag).map { $0 == "_" ? "-" : $0 })
      if flag.mask & piece.run.unknownBits & marked != 0 { return name + "?" }
      return entry.has(flag) ? name : nil
    }
    let categories = piece.categories.map(Self.categories) ?? []
    return words + categories.filter(\.isSet).map(\.name)
  }

  /// What a scan says beyond the words; `written` means something where writes are tracked.
  private static func categories(
    _ categories: PageCategories
  ) -> [(name: String, isSet: Bool)] {
    PageCategories.names
      .filter { $0.category != .written || categories.contains(.writesTracked) }
      .map { ($0.name, categories.contains($0.category)) }
  }
}
