public import Golden
import Paging
import PhysicalMemory
import ScenarioFile
public import Simulator
import WindowsMemory

/// Writes what a step did, for people.
public struct TimelineText: Sendable {
  private static let column = 10

  /// Prepares to write steps.
  public init() {}

  /// Writes one step: what was done, its faults, and what changed.
  public func write(_ report: StepReport, to out: inout TextBuffer) {
    out.styled(.bold) { $0.write("step \(report.number)  \(report.title)") }
    out.write("  \(report.process) (\(report.pid))", .dim)
    out.endLine()
    if let note = report.note { line("", note, to: &out) }
    for fault in report.faults { write(fault, to: &out) }
    let kept = report.faults.count
    let all = report.faultCounts.values.reduce(0, +)
    if all > kept {
      let counts = report.faultCounts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
      line("faults", "\(all) in all: \(counts.joined(separator: ", "))", to: &out)
    }
    for event in report.events { line("event", event, to: &out) }
    for entry in report.entries { write(entry, to: &out) }
    if report.moreEntries > 0 { line("", "and \(report.moreEntries) entries more", to: &out) }
    for frame in report.frames { write(frame, to: &out) }
    if report.moreFrames > 0 { line("", "and \(report.moreFrames) frames more", to: &out) }
    if let words = report.listWords { line("lists", words, to: &out) }
    for page in report.pages {
      line("pagemap", "\(page.address)  \(page.pagemap.hex(digits: 16))  \(page.words)", to: &out)
    }
    if report.accesses > 0 { line("accesses", "\(report.accesses)", to: &out) }
    if let status = report.status {
      name("status", to: &out)
      let code = status.code.map { " (\(UInt64($0).hex))" } ?? ""
      out.write(status.name + code, status.isSuccess ? .green : .red)
      out.endLine()
    }
  }

  /// Writes what a step should have been and was not.
  public func write(_ failures: [ScenarioResult.Failure], to out: inout TextBuffer) {
    for failure in failures {
      name("expected", to: &out)
      let whose = failure.expectation == "step" ? "" : failure.expectation + ": "
      out.write((whose + failure.expected).visible, .green)
      out.write(", got ")
      out.write(failure.got.visible, .red)
      out.endLine()
    }
  }

  private func name(_ name: String, to out: inout TextBuffer) {
    out.write("  ")
    out.write(name, .dim)
    out.spaces(max(1, Self.column - name.utf8.count))
  }

  private func line(_ name: String, _ text: String, to out: inout TextBuffer) {
    self.name(name, to: &out)
    out.write(text)
    out.endLine()
  }

  private func write(_ fault: FaultReport, to out: inout TextBuffer) {
    line(
      "fault",
      "\(fault.address)  \(fault.access.kind.rawValue) by \(fault.access.privilege.rawValue)"
        + "  \(fault.codeText)", to: &out)
    let status = fault.code.map { "\(fault.status) (\(UInt64($0).hex))" } ?? fault.status
    line("", "\(fault.state): \(fault.cost), \(status)", to: &out)
    if !fault.handler.isEmpty { line("", fault.handler.joined(separator: " > "), to: &out) }
  }

  /// The entry before and after, with a mark below every digit that changed.
  private func write(_ entry: ChangedEntry, to out: inout TextBuffer) {
    let whose = entry.process.isEmpty ? "" : " of \(entry.process)"
    line(
      entry.isPrototype ? "proto PTE" : entry.name, "\(entry.address)\(whose) at \(entry.place)",
      to: &out)
    let digits = entry.size * 2
    let (before, after) = (entry.before.hex(digits: digits), entry.after.hex(digits: digits))
    line("", "\(before)  \(entry.meaningBefore)", to: &out)
    line("", "\(after)  \(entry.meaningAfter)", to: &out)
    let marks = zip(before, after).map { $0 == $1 ? " " : "^" }.joined()
    name("", to: &out)
    out.write(String(marks.reversed().drop { $0 == " " }.reversed()), .yellow)
    out.endLine()
  }

  private func write(_ frame: FrameChange, to out: inout TextBuffer) {
    let before = frame.before?.words ?? "never used"
    line("frame", "\(frame.number.hex)  \(before)", to: &out)
    let indent = String(repeating: " ", count: frame.number.hex.utf8.count)
    line("", "\(indent)  \(frame.after.words)", to: &out)
  }
}

extension FrameRecord {
  /// The entry of the PFN database in words.
  fileprivate var words: String {
    guard use != .none else { return location.rawValue }
    var words = [
      location.rawValue, "share \(shareCount)", "references \(referenceCount)",
      "\(isPrototype ? "prototype PTE" : "PTE") \(pteAddress.hex) in frame \(pteFrame.hex)",
      "original \(originalPte.hex)",
    ]
    if isModified { words.append("modified") }
    return words.joined(separator: ", ")
  }
}
