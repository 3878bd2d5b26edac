import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// Writes what Windows makes of an access.
struct WindowsVerdictReport: SystemVerdictWriter {
  let verdict: WindowsVerdict
  let mode: PagingMode

  private var finding: PageFinding { verdict.finding }

  /// Adds the member `os` to an object.
  func writeMember(to out: inout TextBuffer) {
    open(
      "windows", state: finding.state?.rawValue, entryState: finding.reading?.state.rawValue,
      level: finding.reading.map { _ in finding.level }, mode, to: &out)
    if let protection = finding.protection {
      out.member("protection", UInt64(protection.rawValue))
      out.member("protection_name", protection.pageName)
      out.member("modifier", protection.modifier.rawValue)
    }
    if verdict.interruptLevel != .passive {
      out.member("irql", UInt64(verdict.interruptLevel.rawValue))
    }
    out.openArray("handler")
    for name in verdict.handler { out.element(name) }
    out.closeArray()
    if let cost = verdict.cost { out.member("cost", cost.rawValue) }
    if let reason = verdict.unknown { out.member("reason", reason) }
    if let status = verdict.status {
      out.member("status", status.name)
      out.member("status_code", hex: UInt64(status.code))
    }
    if let check = verdict.bugCheck { write(check, to: &out) }
    writeContent(to: &out)
    writeCases(to: &out)
    writeUncertain(finding.rules + verdict.rules, to: &out)
    out.closeObject()
  }

  private func writeCases(to out: inout TextBuffer) {
    guard !verdict.cases.isEmpty else { return }
    out.openArray("cases")
    for item in verdict.cases {
      out.openElement()
      out.member("if", item.condition)
      out.member("cost", item.cost.rawValue)
      out.member("status", item.status.name)
      out.member("status_code", hex: UInt64(item.status.code))
      out.closeObject()
    }
    out.closeArray()
  }

  private func write(_ check: BugCheck, to out: inout TextBuffer) {
    out.openObject("bugcheck")
    out.member("code", hex: UInt64(check.code))
    out.member("name", check.name)
    out.openArray("args")
    for argument in check.arguments {
      // What depends on the thread is not known, and is not 0 either.
      if let argument { out.element(argument.hex) } else { out.elementNull() }
    }
    out.closeArray()
    out.closeObject()
  }

  private func writeContent(to out: inout TextBuffer) {
    switch finding.content {
    case .memory(let place): out.member("pa", hex: place.rawValue)
    case .pageFile(let number, let page), .store(let number, let page):
      out.member("page_file", number)
      out.member("page_file_offset", hex: page)
    case .file(let area, _): out.member("control_area", hex: area.rawValue)
    case .zeros, .nowhere, .unknown: break
    }
    if let byte = finding.content.byteOffset { out.member("file_offset", hex: byte) }
    if let prototype = finding.prototype {
      out.member("prototype_address", hex: prototype.rawValue)
    }
    if case .found(let vad) = finding.vad {
      out.openObject("vad")
      out.member("address", hex: vad.address.rawValue)
      out.member("start", hex: vad.start.rawValue)
      out.member("end", hex: vad.last.rawValue)
      out.closeObject()
    }
    if let missing = finding.missing { out.member("missing", hex: missing.rawValue) }
  }

  /// Writes the verdict for people, indented below the processor's.
  func writeText(to out: inout TextBuffer) {
    var lines = findings.map { ($0, TextStyle.plain) }
    lines[0].1 = .bold
    if !verdict.handler.isEmpty {
      let level = verdict.interruptLevel
      let place = level == .passive ? "" : " at IRQL \(level.rawValue)"
      lines.append((verdict.handler.joined(separator: " → ") + place, .plain))
    }
    lines.append((outcome, style))
    if !cases.isEmpty { lines.append(("\(openQuestion):", .plain)) }
    lines += cases.map { ("  \($0.condition): \($0.outcome)", $0.style) }
    write(lines, of: system, to: &out)
  }

  var system: String { "Windows" }
  var findings: [String] { place.isEmpty ? [state] : [state, place] }

  var openQuestion: String { "the thread that made the access is not known" }

  var cases: [VerdictCase] {
    verdict.cases.map { item in
      VerdictCase(
        condition: item.condition, handler: verdict.handler,
        outcome: Self.words(item.cost, item.status), style: TextStyle(item.cost))
    }
  }

  /// The verdict in one line.
  var line: String {
    let words = [finding.state?.rawValue ?? "unknown", outcome]
    return words.joined(separator: ", ")
  }

  private var state: String {
    var words = [finding.state?.rawValue ?? "unknown"]
    if let protection = finding.protection {
      let modifier = protection.modifier == .none ? "" : " | \(protection.modifier.pageName)"
      let source = finding.protectionSource.map { ", by the \($0.rawValue)" } ?? ""
      words.append("\(protection.pageName)\(modifier) (\(protection.rawValue)\(source))")
    }
    if finding.isTableAbsent { words.append("the \(mode.tableName(finding.level - 1))") }
    return words.joined(separator: ", ")
  }

  private var place: String {
    var words: [String] = []
    switch finding.content {
    case .memory(let place):
      if finding.reading?.state != .valid, finding.reading?.state != .large {
        words.append("in memory at \(place)")
      }
    case .pageFile(let number, let page):
      let byte = finding.content.byteOffset.map { ", from byte \($0.hex) on" } ?? ""
      words.append("page \(page.hex) of page file \(number)\(byte)")
    case .store(let number, let key):
      words.append("key \(key.hex) of the store, page file \(number)")
    case .file(let area, let offset):
      words.append("byte \(offset.hex) of the file of control area \(area)")
    case .zeros, .nowhere, .unknown: break
    }
    if let prototype = finding.prototype { words.append("prototype entry at \(prototype)") }
    if case .found(let vad) = finding.vad { words.append("VAD \(vad.start) to \(vad.last)") }
    return words.joined(separator: ", ")
  }

  var outcome: String {
    if let check = verdict.bugCheck {
      let arguments = check.arguments.map { $0?.hex ?? "?" }.joined(separator: ", ")
      return "bug check \(UInt64(check.code).hex) \(check.name) (\(arguments))"
    }
    guard let cost = verdict.cost else {
      return "what becomes of the access is not known" + (verdict.unknown.map { ": \($0)" } ?? "")
    }
    guard let status = verdict.status else {
      return cost == .none ? "no fault" : cost.rawValue
    }
    return Self.words(cost, status)
  }

  private static func words(_ cost: FaultCost, _ status: NTStatus) -> String {
    "\(cost.rawValue): \(status.name) (\(UInt64(status.code).hex))"
  }

  private var style: TextStyle { TextStyle(verdict.cost) }
}

extension MMProtection.Modifier {
  /// The name of the bit in a `PAGE_*` value.
  var pageName: String {
    switch self {
    case .none: ""
    case .guardPage: "PAGE_GUARD"
    case .nocache: "PAGE_NOCACHE"
    case .writecombine: "PAGE_WRITECOMBINE"
    }
  }
}
