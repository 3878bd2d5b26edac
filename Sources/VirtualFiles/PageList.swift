import Machine
import Paging
import PhysicalMemory

/// The file `memmap/pte.txt` of MemProcFS: a line for each stretch of pages with equal rights.
///
/// All lines have the same length, so that any part of the file can be written without the rest: a
/// million stretches take 16 MB, not the 128 MB of their text.
public final class PageList: Sendable {
  /// Pages that follow each other and have equal rights.
  struct Stretch: Hashable, Sendable {
    /// The first address, and the rights in its low bits.
    private let packed: UInt64
    /// The number of bytes.
    let byteCount: UInt64

    init(start: UInt64, byteCount: UInt64, rights: Rights) {
      packed = start | UInt64(rights.rawValue)
      self.byteCount = byteCount
    }

    var start: UInt64 { packed & ~(frameSize - 1) }
    var rights: Rights { Rights(rawValue: UInt8(truncatingIfNeeded: packed & (frameSize - 1))) }
    var last: UInt64 { start &+ (byteCount &- 1) }
  }

  let stretches: [Stretch]
  /// What is said of a stretch that stands for copies of the one before.
  private let remarks: [Int: String]
  private let pid: UInt64
  private let isWide: Bool

  private var lineLength: Int { isWide ? 128 : 112 }
  private static let headerLines = 2

  /// The tables of a corrupt image can translate more addresses than anybody can list: where tables are
  /// used again and all of it would be more pieces than this, they are said once.
  private static let expansionLimit = 1 << 18

  /// Lists the pages under the machine's own root.
  init(_ machine: Machine, pid: UInt64) {
    self.pid = pid
    isWide = machine.paging.addressDigits == 16
    var sink = StretchSink(limit: Int.max)
    machine.paging.map(machine.memory, into: &sink)
    if !sink.remarks.isEmpty {
      var whole = StretchSink(limit: Self.expansionLimit)
      machine.paging.map(machine.memory, expandingCopies: true, into: &whole)
      if !whole.isCut { sink = whole }
    }
    stretches = sink.stretches
    remarks = sink.remarks
  }

  /// The number of bytes of the file.
  var byteCount: UInt64 { UInt64(lineLength) * UInt64(Self.headerLines + stretches.count) }

  /// Some bytes of the file, all of them within it.
  func bytes(at offset: UInt64, count: Int) -> [UInt8] {
    let length = UInt64(lineLength)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 2 * lineLength)
    let first = offset / length
    let last = (offset + UInt64(count) - 1) / length
    for number in first...last { append(Int(number), to: &bytes) }
    let skipped = Int(offset - first * length)
    return Array(bytes[skipped..<skipped + count])
  }

  private func append(_ number: Int, to bytes: inout [UInt8]) {
    let text = line(number).utf8.prefix(lineLength - 1)
    bytes += text
    bytes += repeatElement(0x20, count: lineLength - 1 - text.count)
    bytes.append(0x0a)
  }

  private func line(_ number: Int) -> String {
    let header =
      isWide
      ? "    #    PID    Pages      Range Start-End              FLAGS   Description"
      : "    #    PID    Pages Range Start-End   FLAGS   Description"
    guard number >= Self.headerLines else {
      return number == 0 ? header : String(repeating: "-", count: header.utf8.count)
    }
    let index = number - Self.headerLines
    let stretch = stretches[index]
    let width = isWide ? 16 : 8
    let pages = String(stretch.byteCount >> 12, radix: 16)
    let rights = stretch.rights
    let flags =
      (rights.contains(.user) ? "-" : "s") + (rights.contains(.write) ? "rw" : "r-")
      + (rights.contains(.execute) ? "x" : "-")
    return digits(UInt64(index), 5) + String(pid).leftPadded(7) + " " + pages.leftPadded(8) + " "
      + digits(stretch.start, width) + "-" + digits(stretch.last, width) + " " + flags + "    "
      + (remarks[index] ?? "")
  }
}

/// Joins the runs of a map whatever frames they have.
private struct StretchSink: MapSink {
  private(set) var stretches: [PageList.Stretch] = []
  private(set) var remarks: [Int: String] = [:]
  private(set) var isCut = false
  private var pieces = 0
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  mutating func receive(_ piece: MapPiece) -> Bool {
    pieces += 1
    guard pieces <= limit else {
      isCut = true
      return false
    }
    switch piece {
    case .run(let run): add(run)
    case .copies(let start, let end, let stride, let count):
      remarks[stretches.count] = "as \(stride.hex) before, \(count) times"
      stretches.append(
        PageList.Stretch(
          start: start.rawValue, byteCount: end.rawValue &- start.rawValue &+ 1, rights: []))
    }
    return true
  }

  private mutating func add(_ run: MappingRun) {
    let byteCount = run.end.rawValue &- run.start.rawValue &+ 1
    if let before = stretches.last, before.rights == run.rights, before.byteCount > 0,
      before.last &+ 1 == run.start.rawValue, run.start.rawValue != 0,
      remarks[stretches.count - 1] == nil
    {
      stretches[stretches.count - 1] = PageList.Stretch(
        start: before.start, byteCount: before.byteCount &+ byteCount, rights: run.rights)
      return
    }
    stretches.append(
      PageList.Stretch(start: run.start.rawValue, byteCount: byteCount, rights: run.rights))
  }
}

extension String {
  fileprivate func leftPadded(_ width: Int) -> String {
    String(repeating: " ", count: max(0, width - utf8.count)) + self
  }
}
