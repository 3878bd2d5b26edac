import Machine
import Paging
import PhysicalMemory

/// The file `memmap/pte.txt` of MemProcFS: a line for each stretch of pages with equal rights.
///
/// All lines have the same length, so that any part of the file can be written without the rest: a
/// million stretches take 16 MB, not the 128 MB of their text.
public final class PageList: Sendable {
  private let list: StretchList
  private let pid: UInt64
  private let isWide: Bool

  private var lineLength: Int { isWide ? 128 : 112 }
  private static let headerLines = 2

  /// The tables of a corrupt image can translate more addresses than anybody can list: where tables are
  /// used again and all of it would be more pieces than this, they are said once.
  private static let expansionLimit = 1 << 18

  /// Lists the pages under the machine's own root.
  ///
  /// - Parameters:
  ///   - machine: the machine.
  ///   - pid: the number of the process.
  ///   - isUserOnly: whether only what user mode may use is listed.
  init(_ machine: Machine, pid: UInt64, isUserOnly: Bool = false) {
    self.pid = pid
    isWide = machine.paging.addressDigits == 16
    list =
      machine.paging.isARM64
      ? Self.mapped(machine) : EntryScan(machine, isUserOnly: isUserOnly).list
  }

  /// What the processor translates: of arm64 MemProcFS lists nothing but Windows, with one root for both halves.
  private static func mapped(_ machine: Machine) -> StretchList {
    var sink = StretchSink(limit: Int.max)
    machine.paging.map(machine.memory, into: &sink)
    guard !sink.list.copies.isEmpty else { return sink.list }
    var whole = StretchSink(limit: expansionLimit)
    machine.paging.map(machine.memory, expandingCopies: true, into: &whole)
    return whole.isCut ? sink.list : whole.list
  }

  /// The number of bytes of the file.
  var byteCount: UInt64 { UInt64(lineLength) * UInt64(Self.headerLines + list.stretches.count) }

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
    let stretch = list.stretches[index]
    let width = isWide ? 16 : 8
    let pages = String(stretch.byteCount >> 12, radix: 16)
    let rights = stretch.rights
    let flags =
      (rights.contains(.user) ? "-" : "s") + (rights.contains(.write) ? "rw" : "r-")
      + (rights.contains(.execute) ? "x" : "-")
    return digits(UInt64(index), 5) + String(pid).leftPadded(7) + " " + pages.leftPadded(8) + " "
      + digits(stretch.start, width) + "-" + digits(stretch.last, width) + " " + flags + "    "
      + remark(index)
  }

  private func remark(_ index: Int) -> String {
    guard let copies = list.copies[index] else { return "" }
    return "as \(copies.source.hex), \(copies.count) times"
  }
}

/// Joins the runs of a map whatever frames they have.
private struct StretchSink: MapSink {
  private(set) var list = StretchList()
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
    case .run(let run):
      let byteCount = run.end.rawValue &- run.start.rawValue &+ 1
      list.add(run.start.rawValue, byteCount: byteCount, run.rights)
    case .copies(let start, let end, let stride, let count):
      list.say(
        start.rawValue &- stride, start.rawValue, end.rawValue &- start.rawValue &+ 1,
        count: Int(count))
    }
    return true
  }
}

extension String {
  /// With blanks before it.
  func leftPadded(_ width: Int) -> String {
    String(repeating: " ", count: max(0, width - utf8.count)) + self
  }
}
