import LinuxMemory
import Paging
import PhysicalMemory

/// Writes what Linux makes of an access.
struct LinuxVerdictReport: SystemVerdictWriter {
  let verdict: LinuxVerdict
  let mode: PagingMode

  private var finding: LinuxFinding { verdict.finding }

  // MARK: - JSON

  func writeMember(to out: inout TextBuffer) {
    open(
      "linux", state: finding.state?.rawValue, entryState: finding.reading?.state.rawValue,
      level: finding.reading.map { _ in finding.level }, mode, to: &out)
    if let reading = finding.reading { LinuxEntryFacts(reading).writeMembers(to: &out) }
    write(verdict.handler, verdict.cost, verdict.signal, verdict.oops, to: &out)
    if let second = verdict.secondFault {
      out.openObject("second_fault")
      out.member("first_cost", second.firstCost.rawValue)
      out.member("error_code", hex: UInt64(second.errorCode.rawValue))
      out.openArray("handler")
      for name in second.handler { out.element(name) }
      out.closeArray()
      out.closeObject()
    }
    if let cost = verdict.costIfCached { out.member("cost_if_cached", cost.rawValue) }
    writeArea(to: &out)
    if let missing = finding.missing { out.member("missing", hex: missing.rawValue) }
    if !verdict.cases.isEmpty {
      out.openArray("cases")
      for item in verdict.cases {
        out.openElement()
        out.member("if", item.condition)
        write(item.handler, item.cost, item.signal, item.oops, to: &out)
        out.closeObject()
      }
      out.closeArray()
    }
    writeUncertain(finding.rules + verdict.rules, to: &out)
    out.closeObject()
  }

  private func write(
    _ handler: [String], _ cost: FaultCost?, _ signal: LinuxSignal?, _ oops: LinuxVerdict.Oops?,
    to out: inout TextBuffer
  ) {
    out.openArray("handler")
    for name in handler { out.element(name) }
    out.closeArray()
    if let cost { out.member("cost", cost.rawValue) }
    if let signal {
      out.member("signal", signal.name)
      out.member("signal_code", signal.codeName)
    }
    if let oops { out.member("kernel", oops.rawValue) }
  }

  private func writeArea(to out: inout TextBuffer) {
    guard let area = finding.holder else {
      if finding.area == .none { out.member("vma", false) }
      return
    }
    out.openObject("vma")
    out.member("start", hex: area.start)
    out.member("end", hex: area.end - 1)
    out.member("permissions", area.permissions)
    if !area.path.isEmpty { out.member("path", area.path) }
    if case .growing = finding.area { out.member("grows", true) }
    out.closeObject()
  }

  // MARK: - Text

  func writeText(to out: inout TextBuffer) {
    var lines = findings.map { ($0, TextStyle.plain) }
    lines[0].1 = .bold
    if let second = verdict.secondFault {
      let first = verdict.handler.prefix(second.firstCount).joined(separator: " → ")
      lines.append(("\(first): \(second.firstCost.rawValue)", .plain))
      let code = AccessSentence.code(second.errorCode)
      let path = second.handler.joined(separator: " → ")
      lines.append(("made again, it faults with \(code): \(path)", .plain))
    } else if !verdict.handler.isEmpty {
      lines.append((verdict.handler.joined(separator: " → "), .plain))
    }
    if verdict.cases.isEmpty || verdict.cost != nil {
      lines.append((outcome, TextStyle(verdict.cost)))
    }
    if !verdict.cases.isEmpty {
      lines.append(("\(openQuestion):", .plain))
      lines += cases.map { item in
        let path = item.handler.joined(separator: " → ")
        return ("  \(item.condition): \(path): \(item.outcome)", item.style)
      }
    }
    write(lines, of: system, to: &out)
  }

  var system: String { "Linux" }
  var findings: [String] { [state] + [area].compactMap(\.self) }

  var openQuestion: String { "the areas of the process are not known" }

  var cases: [VerdictCase] {
    verdict.cases.map { item in
      VerdictCase(
        condition: item.condition, handler: item.handler,
        outcome: Self.outcome(item.cost, nil, item.signal, item.oops),
        style: TextStyle(item.cost))
    }
  }

  var line: String {
    let words = [finding.state?.rawValue ?? "unknown", outcome]
    return words.joined(separator: ", ")
  }

  private var state: String {
    var words = [finding.state?.rawValue ?? "unknown: a table is not in the image"]
    if finding.level > 1, finding.reading != nil, finding.state != LinuxEntryReading.State.none {
      words.append("a \(mode.entryName(finding.level)), for a huge page")
    }
    if let reading = finding.reading { words += LinuxEntryFacts(reading).words }
    return words.joined(separator: ", ")
  }

  private var area: String? {
    switch finding.area {
    case .unknown: return nil
    case .none: return "no area holds the address"
    case .found(let area): return "area \(words(of: area))"
    case .growing(let area): return "the stack \(words(of: area)) grows to the address"
    }
  }

  private func words(of area: MemoryArea) -> String {
    let range = "\(VirtualAddress(area.start)) to \(VirtualAddress(area.end - 1))"
    let path = area.path.isEmpty ? "" : " \(area.path)"
    return "\(range) \(area.permissions)\(path)"
  }

  var outcome: String {
    Self.outcome(verdict.cost, verdict.costIfCached, verdict.signal, verdict.oops)
  }

  /// What a cost, a signal and what becomes of the kernel come to.
  static func outcome(
    _ cost: FaultCost?, _ costIfCached: FaultCost? = nil, _ signal: LinuxSignal? = nil,
    _ oops: LinuxVerdict.Oops? = nil
  ) -> String {
    if let signal { return "fatal: \(signal.name), \(signal.codeName)" }
    switch oops {
    case .certain: return "fatal: the kernel reports an oops"
    case .unlessFixedUp:
      return "fatal: an oops, unless the instruction has an entry in the exception table"
    case nil: break
    }
    switch cost {
    case nil: return "what becomes of the access is not known"
    case .some(.none): return "no fault"
    case .soft: return "soft: a minor fault"
    case .hard:
      return costIfCached == nil
        ? "hard: a major fault" : "hard: a major fault; minor if the page is cached"
    case .fatal: return "fatal"
    }
  }
}
