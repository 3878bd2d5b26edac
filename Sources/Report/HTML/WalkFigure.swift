import BitLayout
import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// Draws a walk: the register, each table with the entry that was taken between its neighbours, and
/// the page or the place where it ends.
struct WalkFigure {
  let walk: Walk
  /// The paging state, of the half that the address is in.
  let paging: PagingState
  /// The machine with the root that the walk is about.
  let machine: Machine
  /// What the kernel finds at the address, where it was asked.
  var finding: PageFinding?

  static let (box, gap, row, head, top) = (154, 34, 24, 40, 6)
  /// The slot of the entry that was taken; all tables have it at the same height.
  static let taken = 2
  static let slots = 5
  static let body = head + top
  private static let height = body + slots * row + 46

  /// Writes the figure.
  func write(to out: inout HTMLBuffer) {
    let tables = walk.steps.count + 1
    let columns = tables + (prototype == nil ? 1 : 2)
    SVGFigure.drawRow(
      of: columns, (Self.box + Self.gap, Self.height), title: title, name: "walk", to: &out
    ) { column, figure in
      switch column {
      case 0: drawRoot(&figure)
      case ..<tables: draw(walk.steps[column - 1], column, &figure)
      default:
        if let prototype {
          column == tables ? drawPrototype(prototype, &figure) : drawKernelEnd(&figure)
        } else {
          drawEnd(&figure)
        }
      }
    }
    writeNeighbours(to: &out)
  }

  /// The entries beside those that were taken, with their bits: what pointing at them shows.
  private func writeNeighbours(to out: inout HTMLBuffer) {
    let rows = walk.steps.flatMap { step in
      [-1, 1].compactMap { offset -> (String, UInt64, EntryReading)? in
        let index = Int(step.index) + offset
        guard index >= 0, index < paging.entryCount(step.level),
          let entry = paging.entry(of: table(of: step), at: index, in: machine.memory), entry != 0
        else { return nil }
        return (name(step.level, index), entry, reading(entry, step.level))
      }
    }
    guard !rows.isEmpty else { return }
    out.element("details", ["class": "neighbours"]) { out in
      out.element("summary", text: "the bits of the neighbours")
      out.table("neighbours", columns: ["entry", "value", "fields that are not 0"]) { out in
        for (name, entry, reading) in rows {
          out.element("tr") { out in
            out.element("th", ["scope": "row"], text: name)
            out.element("td") { $0.code(entry.hex(digits: paging.entrySize * 2)) }
            out.element("td", text: Self.fields(reading, isWhole: false))
          }
        }
      }
    }
    out.endLine()
  }

  private func table(of step: WalkStep) -> PhysicalAddress {
    PhysicalAddress(step.entryAddress.rawValue - step.index * UInt64(paging.entrySize))
  }

  private func reading(_ entry: UInt64, _ level: Int) -> EntryReading {
    var machine = machine
    machine.paging = paging
    return EntryReading(entry, level: level, of: machine)
  }

  /// Every field of an entry with its bits and its value, or those that are not 0.
  private static func fields(_ reading: EntryReading, isWhole: Bool) -> String {
    guard let rows = reading.rows else { return "" }
    return rows.layout.fields.reversed().filter { isWhole || $0.isSet(in: rows.word) }
      .map { "\($0.name) (\(BitStrip.place($0))) = \(rows.text($0))" }.joined(separator: ", ")
  }

  private var title: String {
    let left = walk.steps.rightsLeft(in: paging)
    let entries = zip(walk.steps, zip([paging.allRights] + left, left)).map { step, rights in
      let lost = RightLetters.all(of: paging).filter {
        hasRights(step) && rights.0.contains($0.right) && !rights.1.contains($0.right)
      }
      let loss = lost.isEmpty ? "" : ", which takes away \(Wording.list(lost.map(\.name)))"
      return
        "\(name(step)) at \(step.entryAddress) is \(step.entry?.hex ?? "not in the image")\(loss)"
    }
    let end = WalkSentence(paging: paging, walk: walk).lines.joined(separator: "; ")
    let root = "\(self.root.name) is \(self.root.value.hex)"
    let words = ([root] + entries + [end, prototypeWords]).compactMap(\.self)
    return "The walk from table to table: \(words.joined(separator: "; "))"
  }

  /// The register that says where the top table is.
  private var root: (name: String, value: UInt64) {
    let isUpper = paging.isARM64 && paging.arm64.half == .upper
    return (
      paging.isARM64 ? isUpper ? "TTBR1_EL1" : "TTBR0_EL1" : "CR3",
      isUpper ? paging.ttbr1 : paging.cr3
    )
  }

  private func name(_ step: WalkStep) -> String { name(step.level, Int(step.index)) }

  private func name(_ level: Int, _ index: Int) -> String {
    "\(walk.mode.entryName(level))[\(index.hex(digits: 3))]"
  }

  /// The left edge of what is drawn; every table is a part of its own.
  var x: Int { 1 }

  var takenMiddle: Int { Self.body + Self.taken * Self.row + Self.row / 2 }

  func heading(_ name: String, _ place: String, _ figure: inout SVGFigure) {
    figure.text(name, x, Self.top + 12, "heading")
    figure.text(place, x, Self.top + 29, "place")
  }

  private func drawRoot(_ figure: inout SVGFigure) {
    heading(root.name, "the root", &figure)
    let y = Self.body + Self.taken * Self.row
    figure.box(x, y, Self.box, Self.row, "entry taken")
    figure.text(root.value.hex(digits: 16), x + Self.box / 2, y + 16, "value", .middle)
    arrow(isEnd: walk.steps.isEmpty, &figure)
    writeLetters(&figure)
  }

  private func draw(_ step: WalkStep, _ column: Int, _ figure: inout SVGFigure) {
    let table = table(of: step)
    heading(walk.mode.tableName(step.level), "at \(table)", &figure)
    figure.box(x, Self.body, Self.box, Self.slots * Self.row, "table")
    let last = paging.entryCount(step.level) - 1
    // The frame of the taken one lies over those of its neighbours.
    for slot in (0..<Self.slots).filter({ $0 != Self.taken }) + [Self.taken] {
      let index = Int(step.index) + slot - Self.taken
      guard index >= 0, index <= last else { continue }
      if slot == 0 || slot == Self.slots - 1 {
        let y = Self.body + slot * Self.row
        figure.text("⋮", x + Self.box / 2, y + 17, "dots", .middle)
        continue
      }
      draw(step, table, index, slot, &figure)
    }
    let isLast = column == walk.steps.count
    arrow(isEnd: isLast, &figure)
    drawRights(step, column, &figure)
  }

  private func draw(
    _ step: WalkStep, _ table: PhysicalAddress, _ index: Int, _ slot: Int,
    _ figure: inout SVGFigure
  ) {
    let isTaken = slot == Self.taken
    let entry =
      isTaken ? step.entry : paging.entry(of: table, at: index, in: machine.memory)
    let y = Self.body + slot * Self.row
    let ends = isTaken && walk.result.stop?.level == step.level
    let title =
      "\(name(step.level, index)) "
      + (entry.map { "\($0.hex): \(Self.fields(reading($0, step.level), isWhole: true))" }
        ?? "absent")
    figure.group(title: title) { figure in
      figure.box(
        x, y, Self.box, Self.row, "entry" + (isTaken ? ends ? " stop" : " taken" : ""))
      figure.text(index.hex(digits: 3).dropped, x + 6, y + 16, "index")
      figure.text(
        entry?.hex(digits: paging.entrySize * 2) ?? "not in the image", x + Self.box - 6,
        y + 16, entry == nil ? "absent" : entry == 0 ? "value zero" : "value", .end)
    }
  }

  private func arrow(isEnd: Bool, _ figure: inout SVGFigure) {
    let (start, y) = (x + Self.box, takenMiddle)
    let end = start + Self.gap
    let target = isEnd ? takenMiddle : Self.body + 10
    if isEnd, prototype != nil { return drawKernelArrow(&figure) }
    if isEnd, walk.result.translation == nil {
      return figure.path("M\(start) \(y)H\(end - 8)", "arrow broken")
    }
    let middle = start + Self.gap / 2
    figure.path(
      "M\(start) \(y)H\(middle)V\(target)H\(end - 3)", "arrow", hasHead: true)
  }

  private func drawEnd(_ figure: inout SVGFigure) {
    let height = Self.slots * Self.row
    guard let page = walk.result.translation else {
      heading("no page", walk.result.outcome.rawValue, &figure)
      figure.box(x, Self.body, Self.box, height, "page none")
      return figure.text("✗", x + Self.box / 2, takenMiddle + 8, "cross", .middle)
    }
    let offset = page.address.rawValue % page.pageSize
    let start = page.address.rawValue - offset
    heading("\(Wording.size(page.pageSize)) page", "at \(start.hex)", &figure)
    figure.box(x, Self.body, Self.box, height, walk.isInImage ? "page" : "page absent")
    // The byte is marked where it is in the page.
    let y = Self.body + 4 + Int(offset / max(1, page.pageSize / UInt64(height - 8)))
    figure.path("M\(x) \(y)h\(Self.box)", "byte")
    let isLow = y > Self.body + height / 2
    figure.text("+ \(offset.hex)", x + 8, isLow ? y - 22 : y + 16, "label")
    figure.text(
      page.address.description, x + 8, isLow ? y - 6 : y + 32, "value strong")
    if !walk.isInImage {
      figure.text(
        "not in the image", x + Self.box / 2,
        isLow ? Self.body + 16 : Self.body + height - 8,
        "absent", .middle)
    }
  }
}

extension String {
  /// The digits without `0x`, where the column says what they are.
  fileprivate var dropped: String { hasPrefix("0x") ? String(dropFirst(2)) : self }
}
