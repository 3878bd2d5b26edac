import Paging
import PhysicalMemory

/// Draws an address space as bands: one a run, as wide as its size has digits, as high as its pages
/// are large, with the pattern of its rights.
///
/// A true scale shows nothing: of 2 to the 48 bytes a process uses a few millionths. Gaps are drawn as
/// gaps, whatever their size. The script zooms into a band, in true scale, down to a page.
struct MapFigure {
  let pieces: [MapPiece]
  let paging: PagingState

  private static let (gap, height) = (10, 84)

  private struct Band {
    let run: MappingRun
    let x: Int
    let width: Int
    /// Whether addresses before it are not mapped.
    let isAfterGap: Bool
    /// Whether there is room for its address.
    let hasLabel: Bool
  }

  private var runs: [MappingRun] {
    pieces.compactMap { if case .run(let run) = $0 { run } else { nil } }
  }

  /// Writes the figure and the legend.
  func write(to out: inout HTMLBuffer) {
    let bands = bands
    guard let last = bands.last else { return }
    let size = (last.x + last.width + 130, Self.height + 34)
    let title = "Bands of the address space in ascending order; the table below says the same"
    out.element("div", ["class": "atlas", "data-map": ""]) { out in
      SVGFigure.draw(size, title: title, name: "map", hasParts: true, to: &out) { figure in
        for band in bands { draw(band, &figure) }
      }
      out.element("div", ["class": "zoom", "hidden": "", "aria-live": "polite"]) { _ in }
      writeLegend(&out)
    }
  }

  private var bands: [Band] {
    var (bands, x): ([Band], Int) = ([], 1)
    var end: UInt64?
    var labelEnd = 0
    // Few runs have room to be wide.
    let unit = runs.count < 24 ? 18 : runs.count < 80 ? 10 : 6
    for run in runs {
      let isAfterGap = end.map { run.start.rawValue != $0 &+ 1 } ?? true
      if isAfterGap, !bands.isEmpty { x += Self.gap }
      let bits = 64 - run.pageCount.leadingZeroBitCount + Int(run.pageShift) - 12
      let width = unit * (2 + bits)
      let hasLabel = isAfterGap && x >= labelEnd
      if hasLabel { labelEnd = x + run.start.rawValue.hex.count * 7 + 8 }
      bands.append(
        Band(run: run, x: x, width: width, isAfterGap: isAfterGap, hasLabel: hasLabel))
      x += width
      end = run.end.rawValue
    }
    return bands
  }

  private func draw(_ band: Band, _ figure: inout SVGFigure) {
    let run = band.run
    let height = min(Self.height, 30 + Int(run.pageShift > 12 ? run.pageShift - 12 : 0) * 3)
    let y = Self.height - height
    let title =
      "\(run.start) to \(run.end), \(run.pageCount) \(run.pageCount == 1 ? "page" : "pages") of"
      + " \(Wording.size(run.pageSize)), \(Wording.rights(run.rights)), frame \(run.address)"
    let data = [
      run.start.rawValue.hex, run.end.rawValue.hex, run.address.rawValue.hex, "\(run.pageShift)",
      Wording.rights(run.rights),
    ]
    figure.group(title: title, "zoomable", data: data.joined(separator: " ")) { figure in
      let kind = Self.className(run.rights)
      figure.box(band.x, y, band.width, height, "band \(kind)")
      figure.box(band.x, y, band.width, height, "weave \(kind)")
      if !run.rights.contains(.user) {
        figure.box(band.x, Self.height - 5, band.width, 5, "supervisor")
      }
    }
    if band.isAfterGap { figure.path("M\(band.x) \(Self.height + 4)v6", "tick") }
    if band.hasLabel {
      figure.text(run.start.rawValue.hex, band.x, Self.height + 22, "place")
    }
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
