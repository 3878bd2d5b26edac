import LinuxMemory
import Machine
import Paging
import PhysicalMemory

/// Writes what becomes of an access: the processor's verdict beside the kernel's, and the way
/// through the handlers.
struct FaultVerdicts {
  let answer: AccessAnswer
  let explanation: Explanation
  let machine: Machine
  let space: AddressSpace?

  private var words: AccessSentence { AccessSentence(answer) }

  /// Writes both verdicts.
  func write(to out: inout HTMLBuffer) {
    out.element("div", ["class": "verdicts"]) { out in
      out.element("section", ["class": "card"], writeProcessor)
      if let verdict = answer.verdict {
        let report = VerdictReport(verdict: verdict, mode: answer.state.mode)
        out.element("section", ["class": "card"]) { write(report, to: &$0) }
      }
    }
    if answer.verdict != nil, answer.result.outcome != .missing {
      out.element("h4", text: "The way through the kernel")
      if answer.verdict?.linux?.secondFault != nil { out.element("p", text: Self.secondFault) }
      HandlerFigure(tree: HandlerTree(answer, on: machine, in: space)).write(to: &out)
    }
  }

  /// Why there are two ways, one after the other.
  private static let secondFault =
    "There are two faults. While the page is not there the kernel does not look whether the area may be"
    + " executed: it brings the page in, with XD=1, and returns to the same instruction. The fetch finds"
    + " the page now, and faults a second time, because of the right that it lacks."

  private func writeProcessor(_ out: inout HTMLBuffer) {
    out.element("h4", text: "The processor")
    out.verdict(words.verdict, words.style)
    for reason in words.reasons { out.element("p", text: reason) }
    writeErrorCode(&out)
    if case .translated(_, let updates) = answer.result { write(updates, to: &out) }
  }

  private func writeErrorCode(_ out: inout HTMLBuffer) {
    if case .pageFault(let fault) = answer.result {
      out.element("ul", ["class": "bits", "aria-label": "error code"]) { out in
        for (flag, name) in PageFaultErrorCode.names.reversed() {
          let isSet = fault.errorCode.contains(flag)
          out.element("li", ["class": isSet ? "set" : "clear"]) { out in
            out.element("span", ["class": "place"], text: "\(flag.rawValue.trailingZeroBitCount)")
            out.element("span", ["class": "name"], text: name)
            out.element("span", ["class": "value"], text: isSet ? "1" : "0")
          }
        }
      }
    }
    guard !explanation.code.isEmpty else { return }
    out.element("dl") { out in
      for line in explanation.code {
        out.element("dt", text: line.subject)
        out.element("dd", text: line.text)
      }
    }
  }

  private func write(_ updates: EntryUpdates, to out: inout HTMLBuffer) {
    guard !updates.isEmpty else {
      return out.element("p", text: "no accessed or dirty bit changes")
    }
    let paging = answer.state.half(of: answer.walk.address)
    out.table(
      "updates", caption: "What it writes", columns: ["entry", "at", "before", "after", "changes"]
    ) {
      out in
      for update in updates {
        let digits = paging.entrySize * 2
        out.element("tr") { out in
          out.element("th", ["scope": "row"], text: paging.mode.entryName(update.level))
          out.element("td") { $0.code("\(update.address)") }
          let texts = (update.before.hex(digits: digits), update.after.hex(digits: digits))
          ChangedDigits.write(texts.0, besides: texts.1, to: &out)
          ChangedDigits.write(texts.1, besides: texts.0, to: &out)
          out.element("td", text: update.changes(in: paging))
        }
      }
    }
  }

  /// Whether both verdicts seem to contradict each other, so that the reason must be in sight.
  private var isResolvedWithoutKernel: Bool {
    if case .translated = answer.result { return false }
    return answer.verdict?.cost == FaultCost.none
  }

  private func write(_ report: VerdictReport, to out: inout HTMLBuffer) {
    out.element("h4", text: "The kernel: \(report.system)")
    if report.cases.isEmpty || report.outcome.style != .yellow {
      out.verdict(report.outcome.text, report.outcome.style)
    }
    for finding in report.findings { out.element("p", text: finding) }
    if isResolvedWithoutKernel {
      for rule in report.rules { out.element("p", text: rule.text) }
    }
    if !report.cases.isEmpty {
      let question = report.openQuestion
      out.element("p", text: "\(question.prefix(1).uppercased() + question.dropFirst()):")
      for item in report.cases { out.verdict("\(item.condition): \(item.outcome)", item.style) }
    }
    guard report.hasRules else { return }
    out.element("details") { out in
      out.element("summary", text: "what it goes by")
      out.element("ul") { out in
        for rule in report.rules {
          out.element("li") { out in
            if rule.isUncertain { out.element("strong", text: "uncertain: ") }
            out.text(rule.text)
            out.element("span", ["class": "source"], text: " (\(rule.source))")
          }
        }
      }
    }
  }
}

/// Marks the digits of a number that are not those of another.
enum ChangedDigits {
  /// Writes a cell of a table.
  static func write(_ text: String, besides other: String, to out: inout HTMLBuffer) {
    out.element("td") { out in
      out.element("code") { out in
        var (same, different) = ("", "")
        func flush(_ out: inout HTMLBuffer) {
          if !same.isEmpty { out.text(same) }
          if !different.isEmpty { out.element("mark", text: different) }
          (same, different) = ("", "")
        }
        for (digit, old) in zip(text, other) {
          if digit == old {
            if !different.isEmpty { flush(&out) }
            same.append(digit)
          } else {
            if !same.isEmpty { flush(&out) }
            different.append(digit)
          }
        }
        flush(&out)
      }
    }
  }
}
