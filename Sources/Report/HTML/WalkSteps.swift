import Machine
import Paging
import PhysicalMemory

/// Writes what was read, entry by entry, with the meaning of each and of every bit of it.
struct WalkSteps {
  let walk: Walk
  /// The machine with the root that the walk is about.
  let machine: Machine
  let lines: [ExplanationSteps.Line]
  let links: PageLinks

  private var paging: PagingState { machine.paging.half(of: walk.address) }

  /// Writes the list.
  func write(to out: inout HTMLBuffer) {
    guard !walk.steps.isEmpty else { return }
    out.element("ol", ["class": "steps"]) { out in
      if let root = lines.first { write(root, to: &out) }
      for (index, step) in walk.steps.enumerated() {
        write(step, index + 1 < lines.count ? lines[index + 1].text : "", to: &out)
      }
      if lines.count > walk.steps.count + 1 { write(lines[walk.steps.count + 1], to: &out) }
    }
    out.endLine()
  }

  private func write(_ line: ExplanationSteps.Line, to out: inout HTMLBuffer) {
    out.element("li") { out in
      out.element("h5", text: line.subject)
      out.element("p", text: line.text)
    }
  }

  private func write(_ step: WalkStep, _ text: String, to out: inout HTMLBuffer) {
    let name = "\(walk.mode.entryName(step.level))[\(step.index.hex(digits: 3))]"
    out.element("li", ["class": isEnd(step) ? "end" : nil]) { out in
      out.element("h5") { out in
        out.text("\(name) ")
        out.element(
          "span", ["class": "value"],
          text: step.entry?.hex(digits: paging.entrySize * 2) ?? "not in the image")
        out.element("span", ["class": "place"], text: " at \(step.entryAddress)")
      }
      out.element("p", text: text)
      guard let entry = step.entry else { return }
      var machine = machine
      machine.paging = paging
      let reading = EntryReading(entry, level: step.level, of: machine)
      if isSoftware(step) { Self.write(reading.sentences, to: &out) }
      let flip = links.flip.map { flip in { @Sendable bit in flip(step.entryAddress, bit) } }
      let strip = BitStrip(reading: reading, link: flip)
      strip.write(to: &out)
      strip.writeTable(title: name, to: &out)
    }
  }

  private static func write(_ sentences: [(String, TextStyle)], to out: inout HTMLBuffer) {
    for (index, sentence) in sentences.enumerated() {
      out.element("p", text: index == 0 ? "To the kernel: \(sentence.0)" : sentence.0)
    }
  }

  private func isEnd(_ step: WalkStep) -> Bool { walk.result.stop?.level == step.level }

  /// Whether the entry means something to the kernel that it does not mean to the processor.
  private func isSoftware(_ step: WalkStep) -> Bool {
    guard walk.result.stop?.cause == .notPresent, isEnd(step) else { return false }
    if case .none = machine.system { return false }
    return true
  }
}
