import Paging
import PhysicalMemory

/// Writes pieces of a map as a table.
struct MapText {
  private let digits: Int

  init(_ mode: PagingMode) { digits = mode.addressDigits }

  func writeHeader(to out: inout TextBuffer) {
    out.styled(.dim) { out in
      out.write("start", width: digits + 4)
      out.write("end", width: digits + 4)
      out.write("frame", width: 20)
      out.write("pages", rightAlignedIn: 10)
      out.write("  size  rights")
    }
    out.endLine()
  }

  func write(_ piece: MapPiece, to out: inout TextBuffer) {
    switch piece {
    case .run(let run): write(run, to: &out)
    case .copies(let start, let end, let stride, let count):
      write(start, end, to: &out)
      out.write(Self.words(start, stride: stride, count: count), .cyan)
    }
    out.endLine()
  }

  /// What is said of copies of a table.
  static func words(_ start: VirtualAddress, stride: UInt64, count: UInt64) -> String {
    let times = count == 1 ? "repeats once" : "repeats \(count) times"
    let step = count == 1 ? "," : ", every \(Wording.size(stride)),"
    return "\(times)\(step) what is at \(start.rawValue.difference(stride))"
  }

  private func write(_ run: MappingRun, to out: inout TextBuffer) {
    write(run.start, run.end, to: &out)
    out.hex(run.address.rawValue, digits: 16)
    out.spaces(2)
    out.write("\(run.pageCount)", rightAlignedIn: 10)
    out.write(Wording.pageSize(run.pageShift), rightAlignedIn: 6)
    out.spaces(2)
    let isSuspect = run.rights.isSuperset(of: [.write, .execute])
    out.write(run.rights.description, isSuspect ? .yellow : .plain)
  }

  private func write(_ start: VirtualAddress, _ end: VirtualAddress, to out: inout TextBuffer) {
    out.hex(start.rawValue, digits: digits)
    out.spaces(2)
    out.hex(end.rawValue, digits: digits)
    out.spaces(2)
  }
}

extension UInt64 {
  /// The number less `other`, in hexadecimal; addresses wrap.
  fileprivate func difference(_ other: UInt64) -> String { (self &- other).hex }
}

/// What a map comes to.
final class MapTotals {
  private var pages: [UInt64: UInt64] = [:]
  private var runs: UInt64 = 0
  private var copies: UInt64 = 0

  func add(_ piece: MapPiece) {
    switch piece {
    case .run(let run):
      runs += 1
      pages[run.pageShift, default: 0] &+= run.pageCount
    case .copies(_, _, _, let count): copies += count
    }
  }

  func write(isWhole: Bool, to out: inout TextBuffer) {
    let isEmpty = runs + copies == 0
    guard isWhole || !isEmpty else { return out.write("\(Wording.unshown)\n", .yellow) }
    if !isEmpty { out.endLine() }
    out.styled(.bold) { $0.write(sentence) }
    out.endLine()
    if !isWhole { out.write("there are more: --limit cut the map\n", .yellow) }
  }

  /// The sum in words.
  var sentence: String {
    guard runs + copies > 0 else { return "nothing is mapped" }
    let sizes = pages.sorted { $0.key < $1.key }
    let bytes = sizes.reduce(0) { $0 &+ $1.value &<< $1.key }
    let counts = sizes.map { "\($0.value) of \(Wording.size(1 << $0.key))" }
    var text = Wording.count(runs, "run")
    if !counts.isEmpty { text += ", pages: \(counts.joined(separator: ", ")), \(bytes.hex) bytes" }
    if copies > 0 {
      text += "; " + (copies == 1 ? "1 copy of a table" : "\(copies) copies of tables")
      text += " not counted (--expand writes them out)"
    }
    return text
  }
}
