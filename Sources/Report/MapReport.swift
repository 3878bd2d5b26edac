public import Machine
import Paging
import PhysicalMemory

/// How a map is written.
public enum MapStyle: Sendable {
  /// A table for people.
  case text
  /// One object a line.
  case json
  /// Values with commas between them (RFC 4180), below a line with their names.
  case csv
}

/// Writes the map of address spaces piece by piece, as it is found.
public struct MapReport: Sendable {
  /// What is mapped out.
  public var query = MapQuery()
  /// How many pieces are shown; nil for all.
  public var limit: UInt64?
  /// Whether all address spaces are mapped out, rather than the one that questions are about.
  public var isOfAllSpaces = false

  /// Shows everything.
  public init() {}

  /// Writes the map.
  public func write(_ machine: Machine, as style: MapStyle, to stream: ReportStream) {
    switch style {
    case .text: writeText(machine, to: stream)
    case .json:
      pieces(of: machine) { space, piece, type in
        let owner = isOfAllSpaces ? (machine, space) : nil
        MapJSON.write(piece, memoryType: type, of: owner, to: &stream.buffer)
        return stream.drain()
      }
    case .csv:
      MapCSV.writeHeader(to: &stream.buffer)
      pieces(of: machine) { space, piece, type in
        MapCSV.write(piece, memoryType: type, of: machine, space, to: &stream.buffer)
        return stream.drain()
      }
    }
  }

  private func writeText(_ machine: Machine, to stream: ReportStream) {
    let table = MapText(machine.paging.mode)
    let counter = PieceCounter(limit)
    for (index, space) in spaces(of: machine).enumerated() {
      if index > 0 { stream.buffer.endLine() }
      MachineHeader(machine, space: space).write(to: &stream.buffer)
      let totals = MapTotals()
      table.writeHeader(to: &stream.buffer)
      let paging = space.map(machine.paging(of:)) ?? machine.paging
      query.run(machine, paging) { piece in
        guard counter.take() else { return false }
        totals.add(piece)
        table.write(piece, to: &stream.buffer)
        return stream.drain()
      }
      totals.write(isWhole: counter.isWhole, to: &stream.buffer)
      guard counter.isWhole, stream.drain() else { return }
    }
  }

  /// The address spaces that are mapped out; nil stands for the one that questions are about.
  private func spaces(of machine: Machine) -> [AddressSpace?] {
    isOfAllSpaces ? machine.addressSpaces : [nil]
  }

  /// Gives the pieces that are shown, with the address space and the memory type of each.
  private func pieces(
    of machine: Machine, _ emit: @escaping (AddressSpace, MapPiece, MemoryType?) -> Bool
  ) {
    let counter = PieceCounter(limit)
    for space in spaces(of: machine) {
      let paging = space.map(machine.paging(of:)) ?? machine.paging
      let shown = space ?? machine.currentSpace
      let typed = TypedPieces(paging, machine.memory) { piece, type in
        counter.isWanted = emit(shown, piece, type)
        return counter.isWanted
      }
      query.run(machine, paging) { piece in counter.take() && typed.add(piece) }
      typed.flush()
      guard counter.isWhole, counter.isWanted else { return }
    }
  }
}

extension Machine {
  /// The address space that questions are about.
  var currentSpace: AddressSpace {
    addressSpaces.first { $0.register == paging.cr3 }
      ?? AddressSpace(register: paging.cr3, foundBy: format)
  }
}

/// Counts pieces up to a limit.
private final class PieceCounter {
  private let limit: UInt64
  private var count: UInt64 = 0
  /// Whether nothing was left out.
  private(set) var isWhole = true
  /// Whether somebody reads on.
  var isWanted = true

  init(_ limit: UInt64?) { self.limit = limit ?? UInt64.max }

  /// Counts a piece; false where it is one too many.
  func take() -> Bool {
    guard count < limit else {
      isWhole = false
      return false
    }
    count += 1
    return true
  }
}

/// Writes pieces of a map as JSON.
enum MapJSON {
  static func write(
    _ piece: MapPiece, memoryType: MemoryType?, of owner: (Machine, AddressSpace)?,
    to out: inout TextBuffer
  ) {
    out.openObject()
    if let (machine, space) = owner { out.members(ofRoot: space, of: machine) }
    switch piece {
    case .run(let run):
      out.member("start", hex: run.start.rawValue)
      out.member("end", hex: run.end.rawValue)
      out.member("pa", hex: run.address.rawValue)
      out.member("page_size", run.pageSize)
      out.members(of: run.rights)
      if let memoryType { out.member("memory_type", memoryType.rawValue) }
    case .copies(let start, let end, let stride, let count):
      out.member("start", hex: start.rawValue)
      out.member("end", hex: end.rawValue)
      out.member("repeat", count)
      out.member("stride", hex: stride)
    }
    out.closeLine()
  }
}

/// Writes pieces of a map as values with commas between them (RFC 4180).
enum MapCSV {
  static func writeHeader(to out: inout TextBuffer) {
    out.write(
      "root,pid,process,start,end,pa,page_size,pages,write,user,execute,memory_type,repeat,stride\n"
    )
  }

  static func write(
    _ piece: MapPiece, memoryType: MemoryType?, of machine: Machine, _ space: AddressSpace,
    to out: inout TextBuffer
  ) {
    out.hex(machine.paging(of: space).root.rawValue)
    out.write(",")
    if let pid = space.pid { out.decimal(pid) }
    out.write(",")
    if let process = space.process { out.write(quoted(process)) }
    switch piece {
    case .run(let run):
      write(run.start.rawValue, run.end.rawValue, to: &out)
      out.write(",")
      out.hex(run.address.rawValue)
      out.write(",")
      out.decimal(run.pageSize)
      out.write(",")
      out.decimal(run.pageCount)
      for right in [.write, .user, .execute] as [Rights] {
        out.write(run.rights.contains(right) ? ",true" : ",false")
      }
      out.write(",\(memoryType?.rawValue ?? ""),,\n")
    case .copies(let start, let end, let stride, let count):
      write(start.rawValue, end.rawValue, to: &out)
      out.write(",,,,,,,,")
      out.decimal(count)
      out.write(",")
      out.hex(stride)
      out.endLine()
    }
  }

  private static func write(_ start: UInt64, _ end: UInt64, to out: inout TextBuffer) {
    out.write(",")
    out.hex(start)
    out.write(",")
    out.hex(end)
  }

  /// Text between quotation marks where it needs them.
  private static func quoted(_ text: String) -> String {
    let needsMarks = text.utf8.contains { [0x22, 0x2c, 0x0a, 0x0d].contains($0) }
    return needsMarks ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
  }
}

extension TextBuffer {
  /// The members that say which root an object is about, and whose it is.
  mutating func members(ofRoot space: AddressSpace, of machine: Machine) {
    member("root", hex: machine.paging(of: space).root.rawValue)
    members(ofOwner: space)
  }
}
