import PhysicalMemory
import Simulator
import WindowsMemory

/// Shows what the kernel keeps of frames before and after a step.
struct FrameChanges {
  let step: StepReport

  private static let columns = [
    "frame", "when", "list", "use", "share", "references", "PTE address", "in frame",
    "original PTE",
    "modified",
  ]

  /// Writes the table: two rows a frame.
  func write(to out: inout HTMLBuffer) {
    out.table("frames", caption: "Frames", columns: Self.columns) { out in
      for frame in step.frames {
        let (before, after) = (Self.cells(frame.before), Self.cells(frame.after))
        out.element("tr") { out in
          out.element("th", ["scope": "rowgroup", "rowspan": "2"]) { $0.code(frame.number.hex) }
          Self.write("before", before, besides: after, to: &out)
        }
        out.element("tr", ["class": "after"]) {
          Self.write("after", after, besides: before, to: &$0)
        }
      }
    }
    if step.moreFrames > 0 { out.element("p", text: "and \(step.moreFrames) frames more") }
  }

  private static func cells(_ record: FrameRecord?) -> [String] {
    guard let record else { return ["never used"] + Array(repeating: "", count: 7) }
    guard record.use != .none else {
      return [record.location.rawValue] + Array(repeating: "", count: 7)
    }
    let kind = record.isPrototype ? "prototype PTE " : ""
    return [
      record.location.rawValue, record.use.rawValue, "\(record.shareCount)",
      "\(record.referenceCount)", kind + record.pteAddress.hex, record.pteFrame.hex,
      record.originalPte.hex, record.isModified ? "yes" : "no",
    ]
  }

  private static func write(
    _ when: String, _ cells: [String], besides others: [String], to out: inout HTMLBuffer
  ) {
    out.element("td", text: when)
    for (cell, other) in zip(cells, others) {
      out.element("td") { out in
        cell == other || cell.isEmpty ? out.text(cell) : out.element("mark", text: cell)
      }
    }
  }
}
