import Machine
import Paging
import PhysicalMemory
import Simulator
import WindowsMemory

/// Writes a timeline, step by step; where scripts run, as a player that shows one step at a time.
struct TimelineSection {
  let steps: [StepReport]
  /// The machine that the steps change; of it, only what does not change is looked at.
  let machine: Machine

  /// Writes the section.
  func write(to out: inout HTMLBuffer) {
    guard !steps.isEmpty else { return }
    out.element("section", ["id": "timeline", "aria-labelledby": "timeline-title"]) { out in
      out.element("h2", ["id": "timeline-title"], text: "Timeline")
      out.element("div", ["class": "player", "data-player": ""]) { out in
        writeControls(to: &out)
        out.element("ol", ["class": "moments"]) { out in
          for step in steps { write(step, to: &out) }
        }
      }
    }
    out.endLine()
  }

  /// The buttons, which the script shows.
  private func writeControls(to out: inout HTMLBuffer) {
    out.element(
      "div", ["class": "controls", "hidden": "", "role": "group", "aria-label": "player"]
    ) { out in
      let buttons = [
        ("first", "|◀", "to the first step"), ("back", "◀", "a step back"),
        ("play", "▶ play", "play"), ("next", "step ▶", "a step forward"),
        ("last", "▶|", "to the last step"),
      ]
      for (name, sign, title) in buttons {
        // A title that says what the label says would be read out twice.
        out.element("button", ["type": "button", "data-do": name, "title": title]) { out in
          out.element("span", ["aria-hidden": "true"], text: sign)
        }
      }
      out.element("label") { out in
        out.text("step ")
        out.empty(
          "input",
          [
            "type": "range", "min": "1", "max": "\(steps.count)", "value": "1",
            "aria-label": "step",
          ])
      }
      out.element("output", ["aria-live": "off"], text: "1 of \(steps.count)")
      // What a step changes, for those who do not see it; the script says it.
      out.element("p", ["class": "unseen said", "role": "status"], text: "")
    }
  }

  private func write(_ step: StepReport, to out: inout HTMLBuffer) {
    out.element("li", ["class": "moment", "id": "step-\(step.number)"]) { out in
      out.element("h3") { out in
        out.text("\(step.number). \(step.title)")
        out.element("span", ["class": "place"], text: " \(step.process) (\(step.pid))")
      }
      if let note = step.note { out.element("p", text: note) }
      if let status = step.status {
        let code = status.code.map { " (\(UInt64($0).hex))" } ?? ""
        out.verdict(status.name + code, status.isSuccess ? .green : .red)
      }
      for fault in step.faults { write(fault, to: &out) }
      writeCounts(step, to: &out)
      for event in step.events { out.element("p", ["class": "event"], text: event) }
      if !step.entries.isEmpty { writeEntries(step, to: &out) }
      if !step.frames.isEmpty || !step.linuxFrames.isEmpty {
        FrameChanges(step: step).write(to: &out)
      }
      writeLists(step, to: &out)
      writePagemap(step, to: &out)
    }
    out.endLine()
  }

  private func writeCounts(_ step: StepReport, to out: inout HTMLBuffer) {
    let all = step.faultCounts.values.reduce(0, +)
    if all > step.faults.count {
      let counts = step.faultCounts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
      out.element("p", text: "\(all) faults in all: \(counts.joined(separator: ", "))")
    }
    if step.accesses > 0 {
      out.element("p", text: step.accesses == 1 ? "1 access" : "\(step.accesses) accesses")
    }
  }

  /// Writes a fault; what a step did before in the same way is named, not drawn again.
  private func write(_ fault: FaultReport, to out: inout HTMLBuffer) {
    let isPageFault = fault.errorCode != nil || fault.syndrome != nil
    let code = isPageFault ? fault.codeText : fault.errorFlags
    let status = fault.code.map { "\(fault.status) (\(UInt64($0).hex))" } ?? fault.status
    out.element("div", ["class": "fault"]) { out in
      out.verdict(
        "fault at \(fault.address), \(fault.access.kind.noun) by \(fault.access.privilege.noun)"
          + ", \(code)", TextStyle(FaultCost(rawValue: fault.cost)))
      out.element("p", text: "\(fault.state): \(fault.cost), \(status)")
      guard fault.answers.isEmpty else {
        let tree = HandlerTree(fault.answers, supposed: fault.supposed)
        return HandlerFigure(tree: tree).write(to: &out)
      }
      out.element("ol", ["class": "handler"]) { out in
        for name in fault.handler { out.element("li", text: name) }
      }
    }
  }

  private func writeEntries(_ step: StepReport, to out: inout HTMLBuffer) {
    for entry in step.entries { ChangedEntryFigure(entry: entry, machine: machine).write(to: &out) }
    if step.moreEntries > 0 { out.element("p", text: "and \(step.moreEntries) entries more") }
  }

  private func writeLists(_ step: StepReport, to out: inout HTMLBuffer) {
    guard !step.lists.isEmpty else { return }
    let most = max(1, step.lists.map { max($0.before, $0.after) }.max() ?? 1)
    // To the scale of the free frames, of which there are thousands, all others would be nothing.
    let scale = Self.bits(most)
    let caption = "Frames on each list; each step of a bar is twice as many"
    out.table("lists", caption: caption, columns: ["list", "before", "after", ""]) { out in
      for list in step.lists {
        out.element("tr", ["class": list.before == list.after ? nil : "changed"]) { out in
          out.element("th", ["scope": "row"], text: list.name)
          out.element("td", ["class": "number"], text: "\(list.before)")
          out.element("td", ["class": "number"]) { out in
            list.before == list.after
              ? out.text("\(list.after)") : out.element("mark", text: "\(list.after)")
          }
          out.element("td") { out in
            out.element(
              "meter",
              [
                "min": "0", "max": "\(scale)", "value": "\(Self.bits(list.after))",
                "aria-hidden": "true",
              ], text: "\(list.after)")
          }
        }
      }
    }
  }

  /// The binary digits of a number.
  private static func bits(_ count: Int) -> Int { Int.bitWidth - count.leadingZeroBitCount }

  private func writePagemap(_ step: StepReport, to out: inout HTMLBuffer) {
    guard !step.pages.isEmpty else { return }
    out.table("pagemap", caption: "pagemap", columns: ["address", "word", "meaning"]) { out in
      for page in step.pages {
        out.element("tr") { out in
          out.element("td") { $0.code("\(page.address)") }
          out.element("td") { $0.code(page.pagemap.hex(digits: 16)) }
          out.element("td", text: page.words)
        }
      }
    }
  }
}

/// Shows an entry before and after a step, with the digits and the fields that changed.
struct ChangedEntryFigure {
  let entry: ChangedEntry
  let machine: Machine

  /// Writes the entry.
  func write(to out: inout HTMLBuffer) {
    let whose = entry.process.isEmpty ? "" : " of \(entry.process)"
    let name = entry.isPrototype ? "prototype PTE" : entry.name
    out.element("div", ["class": "change"]) { out in
      out.element("h4") { out in
        out.text(name)
        out.element(
          "span", ["class": "place"], text: " \(entry.address)\(whose), at \(entry.place)")
      }
      let digits = entry.size * 2
      let texts = (entry.before.hex(digits: digits), entry.after.hex(digits: digits))
      out.table("before-after", columns: ["", "entry", "meaning"]) { out in
        row("before", texts.0, texts.1, entry.meaningBefore, &out)
        row("after", texts.1, texts.0, entry.meaningAfter, &out)
      }
      for (when, value) in [("before", entry.before), ("after", entry.after)] where value != 0 {
        out.element("p", ["class": "when"], text: when)
        BitStrip(
          reading: EntryReading(
            value, level: entry.level, of: machine, table: entry.isPrototype ? .prototype : .process
          ),
          changed: entry.before ^ entry.after
        ).write(to: &out)
      }
    }
  }

  private func row(
    _ when: String, _ text: String, _ other: String, _ meaning: String, _ out: inout HTMLBuffer
  ) {
    out.element("tr") { out in
      out.element("th", ["scope": "row"], text: when)
      ChangedDigits.write(text, besides: other, to: &out)
      out.element("td", text: meaning)
    }
  }
}
