public import Golden
import Paging
import PhysicalMemory
public import Simulator
import WindowsMemory

/// Writes what a step did as one JSON object a line.
public struct TimelineJSON: Sendable {
  /// Prepares to write steps.
  public init() {}

  /// Writes one step, with what it should have been and was not, and the invariants that do not hold after
  /// it, if any.
  public func write(
    _ report: StepReport, failures: [ScenarioResult.Failure] = [], broken: [String] = [],
    to out: inout TextBuffer
  ) {
    out.openObject()
    out.member("step", UInt64(report.number))
    out.member("operation", report.title)
    out.member("process", report.process)
    out.member("pid", report.pid)
    if let note = report.note { out.member("note", note) }
    if let status = report.status {
      out.member("status", status.name)
      if let code = status.code { out.member("status_code", hex: UInt64(code)) }
    }
    if report.accesses > 0 { out.member("accesses", UInt64(report.accesses)) }
    list("faults", report.faults, to: &out, write)
    out.member("events", report.events)
    list("entries", report.entries, to: &out, write)
    list("frames", report.frames, to: &out, write)
    list("lists", report.lists, to: &out) { list, out in
      out.member("list", list.name)
      out.member("before", UInt64(list.before))
      out.member("after", UInt64(list.after))
    }
    if !report.pages.isEmpty {
      list("pagemap", report.pages, to: &out) { page, out in
        out.member("va", hex: page.address.rawValue)
        out.member("value", hex: page.pagemap)
        out.member("flags", page.words)
      }
    }
    if report.moreEntries > 0 { out.member("more_entries", UInt64(report.moreEntries)) }
    if report.moreFrames > 0 { out.member("more_frames", UInt64(report.moreFrames)) }
    if !failures.isEmpty {
      list("failures", failures, to: &out) { failure, out in
        out.member("expectation", failure.expectation)
        out.member("expected", failure.expected)
        out.member("got", failure.got)
      }
    }
    if !broken.isEmpty {
      out.member("broken_invariants", broken)
    }
    out.closeLine()
  }

  private func list<Item>(
    _ name: String, _ items: [Item], to out: inout TextBuffer,
    _ body: (Item, inout TextBuffer) -> Void
  ) {
    out.openArray(name)
    for item in items {
      out.openElement()
      body(item, &out)
      out.closeObject()
    }
    out.closeArray()
  }

  private func write(_ fault: FaultReport, to out: inout TextBuffer) {
    out.member("va", hex: fault.address.rawValue)
    out.member("access", fault.access.kind.rawValue)
    out.member("as", fault.access.privilege.rawValue)
    if let code = fault.errorCode { out.member("error_code", hex: UInt64(code)) }
    if let syndrome = fault.syndrome { out.member("esr", hex: syndrome) }
    out.member("state", fault.state)
    out.member("handler", fault.handler)
    out.member("cost", fault.cost)
    out.member("status", fault.status)
    if let code = fault.code { out.member("status_code", hex: UInt64(code)) }
  }

  private func write(_ entry: ChangedEntry, to out: inout TextBuffer) {
    out.member("name", entry.name)
    out.member("va", hex: entry.address.rawValue)
    if !entry.process.isEmpty { out.member("process", entry.process) }
    out.member("address", hex: entry.place.rawValue)
    out.member("before", hex: entry.before)
    out.member("after", hex: entry.after)
    out.member("state_before", entry.meaningBefore)
    out.member("state_after", entry.meaningAfter)
  }

  private func write(_ frame: FrameChange, to out: inout TextBuffer) {
    out.member("pfn", hex: frame.number)
    if let before = frame.before {
      out.openObject("before")
      write(before, to: &out)
      out.closeObject()
    }
    out.openObject("after")
    write(frame.after, to: &out)
    out.closeObject()
  }

  private func write(_ record: FrameRecord, to out: inout TextBuffer) {
    out.member("location", record.location.rawValue)
    guard record.use != .none else { return }
    out.member("use", record.use.rawValue)
    out.member("share_count", record.shareCount)
    out.member("reference_count", record.referenceCount)
    out.member("pte_address", hex: record.pteAddress)
    out.member("pte_frame", hex: record.pteFrame)
    out.member("prototype", record.isPrototype)
    out.member("original_pte", hex: record.originalPte)
    out.member("modified", record.isModified)
  }
}
