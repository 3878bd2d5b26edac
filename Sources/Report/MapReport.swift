public import Machine
import Paging
import PhysicalMemory

/// Writes the map of an address space piece by piece, as it is found.
public struct MapReport: Sendable {
  /// Which addresses are mapped out.
  public var range: ClosedRange<UInt64> = 0...UInt64.max
  /// Which runs are shown.
  public var filter = MapFilter()
  /// How many pieces are shown; nil for all.
  public var limit: UInt64?
  /// Whether every copy of a shared table is written out.
  public var expandsCopies = false

  /// Shows everything.
  public init() {}

  /// Writes the map under the root that questions are about.
  public func write(_ machine: Machine, asJSON: Bool, to stream: ReportStream) {
    if asJSON {
      pieces(of: machine) { piece in
        MapJSON.write(piece, to: &stream.buffer)
        return stream.drain()
      }
      return
    }
    let table = MapText(machine.paging.mode)
    let totals = MapTotals()
    table.writeHeader(to: &stream.buffer)
    let isWhole = pieces(of: machine) { piece in
      totals.add(piece)
      table.write(piece, to: &stream.buffer)
      return stream.drain()
    }
    totals.write(isWhole: isWhole, to: &stream.buffer)
  }

  /// Gives the pieces that are shown; returns whether there are no more than these.
  @discardableResult
  private func pieces(of machine: Machine, _ emit: @escaping (MapPiece) -> Bool) -> Bool {
    let limit = limit ?? UInt64.max
    let counter = PieceCounter()
    let paging = machine.paging
    func receive(_ piece: MapPiece) -> Bool {
      guard counter.count < limit else {
        counter.isWhole = false
        return false
      }
      counter.count += 1
      return emit(piece)
    }
    if filter.isEmpty {
      paging.map(machine.memory, range: range, expandingCopies: expandsCopies, emit: receive)
    } else {
      paging.map(
        machine.memory, range: range, only: filter, expandingCopies: expandsCopies, emit: receive)
    }
    return counter.isWhole
  }
}

private final class PieceCounter {
  var count: UInt64 = 0
  var isWhole = true
}

/// Writes pieces of a map as JSON.
enum MapJSON {
  static func write(_ piece: MapPiece, to out: inout TextBuffer) {
    out.openObject()
    switch piece {
    case .run(let run):
      out.member("start", hex: run.start.rawValue)
      out.member("end", hex: run.end.rawValue)
      out.member("pa", hex: run.address.rawValue)
      out.member("page_size", run.pageSize)
      out.members(of: run.rights)
    case .copies(let start, let end, let stride, let count):
      out.member("start", hex: start.rawValue)
      out.member("end", hex: end.rawValue)
      out.member("repeat", count)
      out.member("stride", hex: stride)
    }
    out.closeLine()
  }
}
