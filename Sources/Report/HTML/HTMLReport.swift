public import Machine
import Paging
public import PhysicalMemory
public import ScenarioFile
public import Simulator

/// Writes a machine, or a scenario, as one page for a lecture or a bug report.
///
/// All that it says comes from the answers that the other outputs are made of. The same input gives
/// the same bytes.
public struct HTMLReport: Sendable {
  private let machine: Machine
  /// What the page is about.
  public var title: String
  /// What the scenario says of itself; nil for a dump.
  public var scenario: Scenario?
  /// What is asked of the machine.
  public var questions: [MachineQuestion] = []
  /// The addresses that the map shows.
  public var mapRange: ClosedRange<UInt64> = 0...UInt64.max
  /// What happened to the machine.
  public var steps: [StepReport] = []

  /// More questions than this are named, not answered: a page of them is as much as browsers show.
  public static let questionLimit = 1000
  /// More steps than this are counted, not shown.
  private static let stepLimit = 200

  /// Prepares a page.
  public init(_ machine: Machine, title: String) {
    self.machine = machine
    self.title = title
  }

  /// An address to show where nobody asks for one: the first that is mapped.
  public static func example(of machine: Machine) -> VirtualAddress? {
    let found = FirstRun()
    MapQuery().run(machine, machine.paging) { piece in
      if case .run(let run) = piece { found.start = run.start }
      return false
    }
    return found.start
  }

  private final class FirstRun {
    var start: VirtualAddress?
  }

  /// Writes the page.
  public func write(to out: inout TextBuffer) {
    var html = HTMLBuffer()
    HTMLPage(title: title).write(to: &html) { out in
      out.element("header") { writeHeader(to: &$0) }
      out.element("main", ["id": "main"]) { out in
        TimelineSection(steps: Array(steps.prefix(Self.stepLimit)), machine: machine)
          .write(to: &out)
        if steps.count > Self.stepLimit {
          out.verdict("\(steps.count - Self.stepLimit) steps more are not shown", .yellow)
        }
        writeQuestions(to: &out)
        var map = MapSection(machine: machine, space: machine.currentSpace, links: PageLinks())
        map.range = mapRange
        map.moment = steps.last.map { "after the last step, \($0.number)" }
        map.write(to: &out)
      }
      out.element("footer", text: "mmubench report")
    }
    out.write(html.out.bytes)
  }

  private func writeHeader(to out: inout HTMLBuffer) {
    out.element("h1", text: title)
    if let about = scenario?.about?.value {
      for part in about.split(separator: "\n\n") { out.element("p", text: String(part)) }
    }
    if let sources = scenario?.sources, !sources.isEmpty {
      out.element(
        "p", ["class": "source"], text: "Source: \(sources.map(\.value).joined(separator: "; "))")
    }
    MachineFacts(machine: machine).write(to: &out)
    writeContents(to: &out)
  }

  private func writeContents(to out: inout HTMLBuffer) {
    out.element("nav", ["aria-label": "on this page"]) { out in
      out.element("ul") { out in
        if !steps.isEmpty {
          out.element("li") { $0.element("a", ["href": "#timeline"], text: "Timeline") }
        }
        for (index, question) in shown.enumerated() {
          let section = section(question)
          out.element("li") { out in
            out.element("a", ["href": "#q\(index + 1)"], text: section.title)
          }
        }
        out.element("li") { $0.element("a", ["href": "#map"], text: "Address space") }
      }
    }
  }

  private var shown: ArraySlice<MachineQuestion> { questions.prefix(Self.questionLimit) }

  /// The questions that the page does not answer, as it names them.
  public var unanswered: [String] {
    questions.dropFirst(Self.questionLimit).map { section($0).title }
  }

  private func section(_ question: MachineQuestion) -> QuestionSection {
    QuestionSection(question: question, machine: machine, links: PageLinks())
  }

  private func writeQuestions(to out: inout HTMLBuffer) {
    guard !questions.isEmpty else { return }
    out.element("section", ["id": "walks", "aria-labelledby": "walks-title"]) { out in
      out.element("h2", ["id": "walks-title"], text: steps.isEmpty ? "Walks" : "At the end")
      for (index, question) in shown.enumerated() {
        section(question).write(id: "q\(index + 1)", to: &out)
      }
      let more = unanswered
      guard !more.isEmpty else { return }
      out.verdict("not answered: \(Wording.count(UInt64(more.count), "question")) more:", .yellow)
      out.element("ul", ["class": "unanswered"]) { out in
        for title in more { out.element("li", text: title) }
      }
    }
  }
}

/// Writes which mode, root and registers a page is about, and how each became known.
struct MachineFacts {
  let machine: Machine

  /// Writes the table, closed until somebody opens it but for mode and root.
  func write(to out: inout HTMLBuffer) {
    let facts = MachineHeader(machine, registers: true).facts
    out.element("details", ["class": "machine"]) { out in
      let summary = facts.prefix(2).map { "\($0.0) \($0.1)" }.joined(separator: ", ")
      let system = machine.system.id
      out.element(
        "summary", text: "Machine: \(summary)" + (system == "none" ? "" : ", \(system)"))
      out.table("facts", columns: ["", "value", "known from"]) { out in
        for (subject, value, source) in facts {
          out.element("tr") { out in
            out.element("th", ["scope": "row"], text: subject)
            out.element("td") { $0.code(value) }
            out.element("td", text: source)
          }
        }
      }
    }
    out.endLine()
  }
}
