public import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// How bytes are written as text.
public enum DumpStyle: String, CaseIterable, Sendable {
  /// Addresses with `0x`.
  case plain
  /// The lines of WinDbg's `db` and `!db`.
  case windbg
}

/// Writes bytes with their addresses, and says of those that are not there why.
public struct ReadReport: Sendable {
  private let machine: Machine
  private let kind: AddressKind
  private let style: DumpStyle
  private var line = DumpLine()
  /// Whether nothing of the line before is known, and whether lines like it were left out.
  private var isAfterUnknownLine = false
  private var isAbridged = false
  private var gaps: [Gap] = []
  private var gapCount: UInt64 = 0

  /// Addresses at which nothing is, for one reason.
  private struct Gap {
    var first: UInt64
    var last: UInt64
    var piece: MemoryPiece
  }

  /// More reasons than these are only counted: a reader of gigabytes gets the first.
  private static let gapLimit = 32

  /// Prepares for the bytes of a machine.
  public init(_ machine: Machine, _ kind: AddressKind, style: DumpStyle = .plain) {
    self.machine = machine
    self.kind = kind
    self.style = style
  }

  /// Writes the lines that a piece completes.
  public mutating func write(_ piece: MemoryPiece, to stream: ReportStream) -> Bool {
    if case .bytes(let bytes) = piece.content {
      for (offset, byte) in bytes.enumerated() {
        add(byte, at: piece.address &+ UInt64(offset), to: &stream.buffer)
      }
      return stream.drain()
    }
    note(piece)
    var offset: UInt64 = 0
    while offset < piece.count {
      let whole = (piece.count - offset) / UInt64(DumpLine.width)
      if style == .plain, line.isEmpty, isAfterUnknownLine, whole > 0 {
        // As in `hexdump`: an asterisk stands for lines like the one before it.
        if !isAbridged { stream.buffer.write("*\n", .dim) }
        isAbridged = true
        offset += whole * UInt64(DumpLine.width)
        continue
      }
      add(nil, at: piece.address &+ offset, to: &stream.buffer)
      offset += 1
      if line.isEmpty, !stream.drain() { return false }
    }
    return stream.drain()
  }

  private mutating func add(_ byte: UInt8?, at address: UInt64, to out: inout TextBuffer) {
    line.add(byte, at: address)
    if line.isFull { flush(to: &out) }
  }

  /// Ends a range: what comes next does not follow on it, and is not left out for being alike.
  public mutating func endRange(to out: inout TextBuffer) {
    flush(to: &out)
    (isAfterUnknownLine, isAbridged) = (false, false)
  }

  private mutating func flush(to out: inout TextBuffer) {
    guard !line.isEmpty else { return }
    (isAfterUnknownLine, isAbridged) = (line.isUnknown, false)
    writeAddress(line.address, to: &out)
    line.writeBytes(to: &out)
    out.write(style == .windbg && kind == .physical ? " " : "  ")
    line.writeText(to: &out)
    out.endLine()
    line = DumpLine()
  }

  private func writeAddress(_ address: UInt64, to out: inout TextBuffer) {
    let digits = kind == .physical ? 16 : machine.paging.mode.addressDigits
    switch (style, kind) {
    case (.plain, _):
      out.styled(.dim) { $0.hex(address, digits: digits) }
      out.spaces(2)
    case (.windbg, .physical):
      out.write("#")
      out.bareHex(address, digits: 8)
      out.spaces(1)
    case (.windbg, .virtual):
      if digits > 8 {
        out.bareHex(address >> 32, digits: 8)
        out.write("`")
      }
      out.bareHex(address & 0xffff_ffff, digits: 8)
      out.spaces(2)
    }
  }

  private mutating func note(_ piece: MemoryPiece) {
    if let last = gaps.last, gapCount == gaps.count, last.last &+ 1 == piece.address,
      Self.isAlike(last.piece, piece)
    {
      gaps[gaps.count - 1].last = piece.last
      return
    }
    gapCount += 1
    guard gaps.count < Self.gapLimit else { return }
    gaps.append(Gap(first: piece.address, last: piece.last, piece: piece))
  }

  /// Whether one sentence does for two neighbours: the words of the second would differ in an address.
  private static func isAlike(_ a: MemoryPiece, _ b: MemoryPiece) -> Bool {
    guard a.state == b.state else { return false }
    return switch (a.content, b.content) {
    case (.absent, .absent): true
    case (.unmapped(let a), .unmapped(let b)):
      a.level == b.level && a.entry == b.entry && a.cause == b.cause
    default: false
    }
  }

  /// Writes for each stretch that is not there why it is not; below the bytes, where they are in the same text.
  public func writeGaps(to out: inout TextBuffer) {
    guard !gaps.isEmpty else { return }
    if style == .plain { out.endLine() }
    let digits = kind == .physical ? 16 : machine.paging.mode.addressDigits
    for gap in gaps {
      out.hex(gap.first, digits: digits)
      out.write("..")
      out.hex(gap.last, digits: digits)
      out.spaces(2)
      out.write(reason(gap), .yellow)
      out.endLine()
    }
    guard gapCount > UInt64(gaps.count) else { return }
    out.write("and \(Wording.count(gapCount - UInt64(gaps.count), "stretch")) more\n", .yellow)
  }

  private func reason(_ gap: Gap) -> String {
    guard case .unmapped(let stop) = gap.piece.content else {
      return "the image does not hold these bytes: their contents are unknown"
    }
    let address = VirtualAddress(gap.piece.address)
    let paging = machine.paging.half(of: address)
    let walk = Walk(
      address: address, mode: paging.mode, root: paging.root, result: .stopped(stop), steps: [],
      isInImage: true)
    let sentence = WalkSentence(paging: paging, walk: walk).lines.joined(separator: "; ")
    return sentence + (gap.piece.state.map { "; to Windows \($0.rawValue)" } ?? "")
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    var text = TextBuffer()
    for byte in bytes { text.digits(of: byte) }
    return text.text
  }

  /// Writes a piece as JSON.
  public mutating func writeJSON(_ piece: MemoryPiece, to out: inout TextBuffer) {
    out.openObject()
    if kind == .virtual { out.member("va", hex: piece.address) }
    if let physical = piece.physical { out.member("pa", hex: physical.rawValue) }
    out.member("length", piece.count)
    switch piece.content {
    case .bytes(let bytes): out.member("bytes", Self.hex(bytes))
    case .absent: out.member("in_image", false)
    case .unmapped(let stop):
      out.member("outcome", WalkResult.stopped(stop).outcome.rawValue)
      if stop.level > 0 { out.member("stopped_at", machine.paging.mode.entryName(stop.level)) }
      if case .missing = stop.cause { out.member("missing", hex: stop.entryAddress.rawValue) }
      if case .reservedBits(let bits) = stop.cause { out.member("reserved", hex: bits) }
    }
    if let state = piece.state { out.member("state", state.rawValue) }
    out.closeLine()
  }
}

/// Sixteen bytes under way.
struct DumpLine {
  static let width = 16
  private(set) var address: UInt64 = 0
  private var bytes: [UInt8?] = []

  var isEmpty: Bool { bytes.isEmpty }
  var isFull: Bool { bytes.count == Self.width }
  /// Whether nothing of a full line is known.
  var isUnknown: Bool { isFull && bytes.allSatisfy { $0 == nil } }

  mutating func add(_ byte: UInt8?, at address: UInt64) {
    if bytes.isEmpty { self.address = address }
    bytes.append(byte)
  }

  /// Two digits a byte, a hyphen in the middle, blanks where the line is short.
  func writeBytes(to out: inout TextBuffer) {
    for index in 0..<Self.width {
      if index > 0 {
        out.write(index == Self.width / 2 && index < bytes.count ? "-" : " ")
      }
      guard index < bytes.count else {
        out.spaces(2)
        continue
      }
      if let byte = bytes[index] { out.digits(of: byte) } else { out.write("??") }
    }
  }

  /// The bytes as ASCII, a dot for what cannot be shown.
  func writeText(to out: inout TextBuffer) {
    for byte in bytes {
      guard let byte else {
        out.write("?")
        continue
      }
      out.write(Unicode.Scalar((0x20..<0x7f).contains(byte) ? byte : 0x2e))
    }
  }
}

extension TextBuffer {
  /// Appends the two digits of a byte.
  mutating func digits(of byte: UInt8) {
    for digit in [byte >> 4, byte & 15] {
      write(Unicode.Scalar(digit < 10 ? 0x30 + digit : 0x57 + digit))
    }
  }
}
