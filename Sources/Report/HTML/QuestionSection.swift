import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// Writes the answer to one question: the address, the walk, what it means, what decides.
struct QuestionSection {
  let question: MachineQuestion
  let machine: Machine
  let links: PageLinks

  /// The machine with the root that the question is about.
  private var rooted: Machine {
    var machine = machine
    if let space = question.space { machine.paging = machine.paging(of: space) }
    return machine
  }

  /// The question in words: `0x400000, write by user mode`, with the IRQL where it is not 0.
  var title: String {
    let digits = machine.paging.mode.addressDigits
    let address = question.pointer.rawValue.hex(digits: digits)
    let owner = question.space?.owner.map { ", in \($0)" } ?? ""
    let level = question.interruptLevel
    return address + (question.access.map { ", \($0.kind.noun) by \($0.privilege.noun)" } ?? "")
      + (level == .passive ? "" : " at IRQL \(level.rawValue)") + owner
  }

  /// What becomes of it: the sentence that decides, and what else is to be said.
  var verdict: [(String, TextStyle)] {
    let machine = rooted
    guard let answer = machine.answer(question) else {
      let walk = machine.walk(question.pointer, in: question.space)
      let sentence = WalkSentence(paging: machine.paging, walk: walk)
      return sentence.lines.map { ($0, sentence.style) }
    }
    let words = AccessSentence(answer)
    let kernel = answer.verdict.map { VerdictReport(verdict: $0, mode: answer.state.mode) }
    return [(words.verdict, words.style)] + words.reasons.map { ($0, .plain) }
      + (kernel.map { [("\($0.system): \($0.line)", $0.outcome.style)] } ?? [])
  }

  /// Writes the section.
  ///
  /// - Parameters:
  ///   - id: The name by which links find the section.
  ///   - out: Where it goes.
  func write(id: String, to out: inout HTMLBuffer) {
    let machine = rooted
    out.element("section", ["class": "question", "id": id, "aria-labelledby": "\(id)-title"]) {
      out in
      out.element("h3", ["id": "\(id)-title"], text: title)
      if let answer = machine.answer(question) {
        write(answer, machine, &out)
      } else {
        write(machine.walk(question.pointer, in: question.space), machine, &out)
      }
    }
    out.endLine()
  }

  private func write(_ walk: Walk, _ machine: Machine, _ out: inout HTMLBuffer) {
    let sentence = WalkSentence(paging: machine.paging, walk: walk)
    for (index, line) in sentence.lines.enumerated() {
      index == 0 ? out.verdict(line, sentence.style) : out.element("p", text: line)
    }
    let explanation = Explanation(walk, of: machine.paging, in: machine.memory)
    // Nobody asked the kernel; where the processor finds no page, its way is drawn all the same.
    let classifier =
      walk.result.outcome == .notPresent ? machine.classifier(in: question.space) : nil
    draw(walk, machine, &out, finding: classifier?.finding(of: walk.address))
    write(explanation.remedies, &out)
    write(walk, explanation, machine, &out)
  }

  private func write(_ answer: AccessAnswer, _ machine: Machine, _ out: inout HTMLBuffer) {
    let words = AccessSentence(answer)
    out.verdict(words.reasons.first ?? words.verdict, words.style)
    if answer.pointer != answer.walk.address {
      out.element("p", text: "without its tag the address is \(answer.walk.address)")
    }
    let explanation = Explanation(answer, in: machine.memory)
    draw(answer.walk, machine, &out, finding: answer.verdict?.windows?.finding)
    FaultVerdicts(
      answer: answer, explanation: explanation, machine: machine, space: question.space
    ).write(to: &out)
    write(explanation.remedies, &out)
    write(answer.walk, explanation, machine, &out)
  }

  private func draw(
    _ walk: Walk, _ machine: Machine, _ out: inout HTMLBuffer, finding: PageFinding? = nil
  ) {
    let paging = machine.paging.half(of: walk.address)
    let lastLevel = walk.result.translation?.level ?? 1
    // The address and the tables that its fields lead through are one picture, on paper too.
    out.element("div", ["class": "way"]) { out in
      AddressFigure(
        address: walk.address, parts: AddressParts(walk.address, paging, lastLevel: lastLevel),
        reached: Set(walk.steps.map(\.level))
      ).write(to: &out)
      WalkFigure(walk: walk, paging: paging, machine: machine, finding: finding).write(to: &out)
    }
    if let owners = links.owners, let page = walk.result.translation?.address {
      out.element("p") { out in
        out.element("a", ["href": owners(page)], text: "who else maps \(page)")
      }
    }
  }

  private func write(
    _ walk: Walk, _ explanation: Explanation, _ machine: Machine, _ out: inout HTMLBuffer
  ) {
    guard !walk.steps.isEmpty else { return }
    let paging = machine.paging.half(of: walk.address)
    out.element("h4", text: "Entry by entry")
    out.element("div", ["class": "meaning"]) { out in
      WalkSteps(walk: walk, machine: machine, lines: explanation.steps.lines, links: links)
        .write(to: &out)
      RightsTable(walk: walk, paging: paging).write(to: &out)
    }
  }

  private func write(_ remedies: [String], _ out: inout HTMLBuffer) {
    guard !remedies.isEmpty else { return }
    out.element("h4", text: "What would change it")
    out.element("ul", ["class": "remedies"]) { out in
      for remedy in remedies { out.element("li", text: remedy) }
    }
  }
}
