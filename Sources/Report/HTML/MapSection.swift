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
  /// The addresses that are shown.
  var range: ClosedRange<UInt64> = 0...UInt64.max
  /// What the section is known by in its page.
  var id = "map"
  /// Whether anybody still wants the map; one that nobody wants ends where it is.
  var isWanted: @Sendable () -> Bool = { true }

  /// Writes the section.
  func write(to out: inout HTMLBuffer) {
    let paging = space.map(machine.paging(of:)) ?? machine.paging
    let bands = MapBands()
    var query = MapQuery()
    query.range = range
    query.run(machine, paging) { isWanted() && bands.add($0) }
    bands.finish()
    out.element("section", ["id": id, "aria-labelledby": "\(id)-title"]) { out in
      out.element("h2", ["id": "\(id)-title"], text: "Address space")
      if let owner = space?.owner { out.element("p", text: owner) }
      if let moment { out.element("p", text: moment) }
      if range != 0...UInt64.max { out.element("p", text: words(of: range, paging)) }
      out.element("p", text: bands.totals.sentence)
      if let rest = bands.rest {
        out.verdict("there is more from \(rest) on, which is not looked at", .yellow)
      }
      guard !bands.list.isEmpty else { return }
      if bands.isCoarse { writeCoarseness(bands, &out) }
      MapFigure(bands: bands.list, paging: paging).write(to: &out)
      writeTable(bands.list, paging, &out)
    }
    out.endLine()
  }

  private func words(of range: ClosedRange<UInt64>, _ paging: PagingState) -> String {
    let digits = paging.mode.addressDigits
    return "\(range.lowerBound.hex(digits: digits)) to \(range.upperBound.hex(digits: digits))"
  }

  /// Says that neighbours are drawn together, and where the runs are.
  private func writeCoarseness(_ bands: MapBands, _ out: inout HTMLBuffer) {
    out.element("p", ["class": "coarse"]) { out in
      out.text(
        "\(bands.pieceCount) pieces are drawn as \(bands.list.count) bands: neighbours are together."
          + " The runs of a band: ")
      links.map == nil
        ? out.code("mmubench map MACHINE --range START..END")
        : out.text("follow its row of the table")
    }
  }

  private func writeTable(
    _ bands: [MapBands.Band], _ paging: PagingState, _ out: inout HTMLBuffer
  ) {
    let columns = ["start", "end", "frame", "pages", "size", "rights"]
    let digits = paging.mode.addressDigits
    let caption =
      "Runs of equal rights and consecutive frames; rights: w write, u use by user mode, x execute,"
      + " - not"
    out.table("runs", caption: caption, columns: columns) { out in
      for band in bands {
        switch band.piece {
        case .run(let run): write(run, digits, &out)
        case .copies(let start, _, let stride, let count):
          write(band, MapText.words(start, stride: stride, count: count), digits, &out)
        case nil: write(band, "\(band.words), \(band.rights) \(band.most)", digits, &out)
        }
      }
    }
  }

  private func write(
    _ band: MapBands.Band, _ words: String, _ digits: Int, _ out: inout HTMLBuffer
  ) {
    out.element("tr") { out in
      out.element("td") { out in
        let text = band.start.rawValue.hex(digits: digits)
        if band.piece == nil, let map = links.map {
          let range = band.start.rawValue...band.end.rawValue
          out.element("a", ["href": map(range)]) { $0.code(text) }
        } else {
          out.code(text)
        }
      }
      out.element("td") { $0.code(band.end.rawValue.hex(digits: digits)) }
      out.element("td", ["colspan": "4"], text: words)
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
      out.element("td") { $0.rights(run.rights) }
    }
  }
}
