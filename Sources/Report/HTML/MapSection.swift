import Machine
import Paging
import PhysicalMemory

/// Writes the map of an address space: bands by rights and page size, and the runs as a table.
struct MapSection {
  let machine: Machine
  let space: AddressSpace?
  let links: PageLinks
  /// Of when the map is, where the machine changes; nil where it does not.
  var moment: String?

  /// What the section is known by in its page.
  var id = "map"

  /// More pieces than this are counted, not shown.
  static let limit = 320

  /// Writes the section.
  func write(to out: inout HTMLBuffer) {
    let paging = space.map(machine.paging(of:)) ?? machine.paging
    let pieces = Pieces()
    MapQuery().run(machine, paging) { piece in
      guard pieces.list.count < Self.limit else {
        pieces.isWhole = false
        return false
      }
      pieces.list.append(piece)
      return true
    }
    let totals = MapTotals()
    for piece in pieces.list { totals.add(piece) }
    out.element("section", ["id": id, "aria-labelledby": "\(id)-title"]) { out in
      out.element("h2", ["id": "\(id)-title"], text: "Address space")
      if let owner = space?.owner { out.element("p", text: owner) }
      if let moment { out.element("p", text: moment) }
      out.element("p", text: totals.sentence)
      if !pieces.isWhole {
        out.verdict("there are more: this is the beginning of the map", .yellow)
      }
      guard !pieces.list.isEmpty else { return }
      MapFigure(pieces: pieces.list, paging: paging).write(to: &out)
      writeTable(pieces.list, paging, &out)
    }
    out.endLine()
  }

  private final class Pieces {
    var list: [MapPiece] = []
    var isWhole = true
  }

  private func writeTable(
    _ pieces: [MapPiece], _ paging: PagingState, _ out: inout HTMLBuffer
  ) {
    let columns = ["start", "end", "frame", "pages", "size", "rights"]
    let digits = paging.mode.addressDigits
    out.table("runs", caption: "Runs of equal rights and consecutive frames", columns: columns) {
      out in
      for piece in pieces {
        switch piece {
        case .run(let run): write(run, digits, &out)
        case .copies(let start, let end, let stride, let count):
          out.element("tr") { out in
            out.element("td") { $0.code(start.rawValue.hex(digits: digits)) }
            out.element("td") { $0.code(end.rawValue.hex(digits: digits)) }
            out.element(
              "td", ["colspan": "4"], text: MapText.words(start, stride: stride, count: count))
          }
        }
      }
    }
  }

  private func write(_ run: MappingRun, _ digits: Int, _ out: inout HTMLBuffer) {
    out.element("tr") { out in
      out.element("td") { out in
        let text = run.start.rawValue.hex(digits: digits)
        if let address = links.address {
          out.element("a", ["href": address(run.start)]) { $0.code(text) }
        } else {
          out.code(text)
        }
      }
      out.element("td") { $0.code(run.end.rawValue.hex(digits: digits)) }
      out.element("td") { $0.code("\(run.address)") }
      out.element("td", ["class": "number"], text: "\(run.pageCount)")
      out.element("td", ["class": "number"], text: Wording.pageSize(run.pageShift))
      out.element("td") { $0.code(run.rights.description) }
    }
  }
}
