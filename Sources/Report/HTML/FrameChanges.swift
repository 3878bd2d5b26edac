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

  private static let linuxColumns = [
    "frame", "", "use", "map count", "references", "mapped by", "flags",
  ]

  /// Writes the table: two rows a frame.
  func write(to out: inout HTMLBuffer) {
    if !step.frames.isEmpty {
      out.table("frames", caption: "Frames", columns: Self.columns) { out in
        for frame in step.frames {
          Self.write(frame.number, Self.cells(frame.before), Self.cells(frame.after), to: &out)
        }
      }
    }
    if !step.linuxFrames.isEmpty {
      let caption =
        "Frames: what struct page has of them; a map count is the number of entries, which"
        + " _mapcount counts from -1"
      out.table("frames", caption: caption, columns: Self.linuxColumns) { out in
        for frame in step.linuxFrames {
          Self.write(frame.number, Self.cells(frame.before), Self.cells(frame.after), to: &out)
        }
      }
    }
    let more = step.moreFrames + step.moreLinuxFrames
    if more > 0 { out.element("p", text: "and \(more) frames more") }
  }

  private static func write(
    _ number: UInt64, _ before: [String], _ after: [String], to out: inout HTMLBuffer
  ) {
    out.element("tr") { out in
      out.element("th", ["scope": "rowgroup", "rowspan": "2"]) { $0.code(number.hex) }
      write("before", before, besides: after, to: &out)
    }
    out.element("tr", ["class": "after"]) { write("after", after, besides: before, to: &$0) }
  }

  private static func cells(_ record: LinuxFrameRecord?) -> [String] {
    guard let record else { return ["free"] + Array(repeating: "", count: 4) }
    let more = record.mapCount - record.mappers.count
    return [
      record.use, "\(record.mapCount)", "\(record.referenceCount)",
      record.mappers.joined(separator: ", ") + (more > 0 ? " and \(more) more" : ""),
      record.flags.joined(separator: " "),
    ]
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
