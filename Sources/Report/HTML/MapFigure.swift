import Paging
import PhysicalMemory

/// Draws an address space as bands: one a run, as wide as its size has digits, as high as its pages
/// are large, with the pattern of its rights.
///
/// A true scale shows nothing: of 2 to the 48 bytes a process uses a few millionths. Gaps are drawn as
/// gaps, whatever their size. The script zooms into a band, in true scale, down to a page.
struct MapFigure {
  let bands: [MapBands.Band]
  let paging: PagingState

  private static let (gap, highest, label) = (10, 84, 34)
  /// As wide as paper.
  private static let width = 856

  /// A band and where it stands.
  private struct Place {
    let band: MapBands.Band
    let x: Int
    /// The foot of its row, above the addresses.
    var bottom: Int
    let width: Int
    let height: Int
    /// Whether addresses before it are not mapped.
    let isAfterGap: Bool
    /// Whether there is room for its address.
    let hasLabel: Bool
  }

  /// Writes the figure and the legend.
  func write(to out: inout HTMLBuffer) {
    let places = places
    guard let last = places.last else { return }
    let title = "Bands of the address space in ascending order; the table below says the same"
    out.element("div", ["class": "atlas", "data-map": ""]) { out in
      SVGFigure.draw(
        (Self.width, last.bottom + Self.label), title: title, name: "map", hasParts: true, to: &out
      ) { figure in
        for place in places { draw(place, &figure) }
      }
      out.element("div", ["class": "zoom", "hidden": "", "aria-live": "polite"]) { _ in }
      writeLegend(&out)
    }
  }

  private var places: [Place] {
    let drawn = bands.filter { $0.runs > 0 }
    var (places, x, row): ([Place], Int, Int) = ([], 1, 0)
    var end: UInt64?
    var labelEnd = 0
    // Few bands have room to be wide.
    let unit = drawn.count < 24 ? 18 : drawn.count < 80 ? 10 : drawn.count < 160 ? 6 : 2
    for band in drawn {
      let isAfterGap = end.map { band.start.rawValue != $0 &+ 1 } ?? true
      if isAfterGap, x > 1 { x += Self.gap }
      let bits = max(0, 64 - band.bytes.leadingZeroBitCount - 12)
      let width = min(unit * (2 + bits), Self.width - 2)
      if x + width >= Self.width {
        Self.settle(&places, from: row)
        (x, row, labelEnd) = (1, places.count, 0)
      }
      let letters = band.start.rawValue.hex.count * 7
      let hasLabel = (isAfterGap || x == 1) && x >= labelEnd && x + letters <= Self.width
      if hasLabel { labelEnd = x + letters + 8 }
      places.append(
        Place(
          band: band, x: x, bottom: 0, width: width,
          height: min(Self.highest, 30 + Int(max(12, band.pageShift) - 12) * 3),
          isAfterGap: isAfterGap, hasLabel: hasLabel))
      x += width
      end = band.end.rawValue
    }
    Self.settle(&places, from: row)
    return places
  }

  /// Puts a row that is whole below the one before it: it is as high as its highest band.
  private static func settle(_ places: inout [Place], from row: Int) {
    let top = row == 0 ? 2 : places[row - 1].bottom + label
    let bottom = top + (places[row...].map(\.height).max() ?? 0)
    for index in row..<places.count { places[index].bottom = bottom }
  }

  private static func title(_ band: MapBands.Band) -> String {
    let range = "\(band.start) to \(band.end), "
    guard let run = band.run else {
      return range + "\(band.words), \(Wording.rights(band.rights)) \(band.most)"
    }
    return range
      + "\(run.pageCount) \(run.pageCount == 1 ? "page" : "pages") of"
      + " \(Wording.size(run.pageSize)), \(Wording.rights(run.rights)), frame \(run.address)"
  }

  /// What the script zooms into: a run, or how many there are.
  private static func data(_ band: MapBands.Band) -> String {
    let range = "\(band.start.rawValue.hex) \(band.end.rawValue.hex) "
    guard let run = band.run else { return range + "\(band.runs)" }
    return range + "\(run.address.rawValue.hex) \(run.pageShift) \(Wording.rights(run.rights))"
  }

  private func draw(_ place: Place, _ figure: inout SVGFigure) {
    let (band, x, width, height) = (place.band, place.x, place.width, place.height)
    let (bottom, y) = (place.bottom, place.bottom - height)
    figure.group(title: Self.title(band), "zoomable", data: Self.data(band)) { figure in
      let kind = band.isMixed ? "mixed" : Self.className(band.rights)
      figure.box(x, y, width, height, "band \(kind)" + (band.run == nil ? " several" : ""))
      figure.box(x, y, width, height, "weave \(kind)")
      if !band.rights.contains(.user) { figure.box(x, bottom - 5, width, 5, "supervisor") }
    }
    if place.isAfterGap { figure.path("M\(x) \(bottom + 4)v6", "tick") }
    if place.hasLabel { figure.text(band.start.rawValue.hex, x, bottom + 22, "place") }
  }

  /// The class of what may be done; the user's letter is drawn beside.
  private static func className(_ rights: Rights) -> String {
    switch (rights.contains(.write), rights.contains(.execute)) {
    case (false, false): "r"
    case (true, false): "rw"
    case (false, true): "rx"
    case (true, true): "rwx"
    }
  }

  private func writeLegend(_ out: inout HTMLBuffer) {
    out.element("ul", ["class": "legend"]) { out in
      for (kind, words) in [
        ("r", "read"), ("rw", "read and write"), ("rx", "read and execute"),
        ("rwx", "write and execute"),
      ] {
        out.element("li") { out in
          SVGFigure.swatch(kind, to: &out)
          out.text(" \(words)")
        }
      }
      out.element("li", text: "a bar below: only the supervisor")
      out.element("li", text: "higher: larger pages")
      if bands.contains(where: { $0.runs > 0 && $0.run == nil }) {
        out.element("li", text: "a dashed edge: several runs")
      }
      if bands.contains(where: \.isMixed) {
        out.element("li", text: "blank: some are written and some executed, and none is both")
      }
    }
  }
}

extension SVGFigure {
  /// A small box that shows a pattern.
  static func swatch(_ kind: String, to out: inout HTMLBuffer) {
    out.element(
      "svg",
      [
        "class": "swatch", "viewBox": "0 0 24 14", "width": "1.5em", "height": ".9em",
        "aria-hidden": "true",
      ]
    ) { out in
      for layer in ["band", "weave"] {
        out.element(
          "rect", ["width": "24", "height": "14", "class": "\(layer) \(kind)"]
        ) { _ in }
      }
    }
  }
}
