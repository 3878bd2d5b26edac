import ImageBuilder
import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// A scenario of what a page shows: what the answer depends on, and the answer as what is expected.
///
/// Everything else of the machine is unknown to it: so it is small, and nothing of a dump goes along
/// but what was read. What it says is built and asked before it is given away: a file that answers
/// otherwise than the page says so.
struct SavedScenario {
  let question: MachineQuestion
  /// The machine with what has been changed.
  let machine: Machine
  let title: String
  /// The name of the scenario and, with `.yaml`, of its file.
  let name: String

  /// A file, and what it does not say of the page.
  struct File {
    /// The file.
    let text: String
    /// What the page says and a scenario cannot; nil where there is nothing.
    let loss: String?
  }

  private var state: PagingState {
    question.space.map(machine.paging(of:)) ?? machine.paging
  }

  /// The file.
  ///
  /// - Throws: why there is none.
  func file() throws(Exploration.Problem) -> File {
    let wanted = SavedAnswer(question, of: machine)
    let words = try draftOfWords
    let own = try answer(of: words)
    if own == wanted { return File(text: text(words, wanted), loss: nil) }
    // What a range or a prototype entry decides is said by statements, if they can say it.
    if let draft = draftOfView, let other = try? answer(of: draft), other == wanted {
      return File(text: text(draft, wanted), loss: nil)
    }
    let loss =
      "the page says `\(wanted.text)`; what that rests on beside the words that the walk read"
      + " cannot be said in a scenario, which therefore expects less"
    return File(text: text(words, own, loss: loss), loss: loss)
  }

  private func text(_ draft: [String], _ answer: SavedAnswer, loss: String? = nil) -> String {
    let notes =
      [
        "A scenario is in the file of its own name: \(name).yaml.",
        "It has no golden yet, and fails without: `mmubench run --update \(name).yaml` records one.",
      ] + (loss.map { [$0] } ?? [])
    let comments = notes.map { "# \($0)" }
    return (comments + draft + ["expect:", "  - { \(answer.text) }"]).joined(separator: "\n") + "\n"
  }

  /// What the machine answers that a draft describes.
  private func answer(of draft: [String]) throws(Exploration.Problem) -> SavedAnswer {
    let text = draft.joined(separator: "\n") + "\n"
    do throws(DiagnosticList) {
      let built = try ImageBuilder.build(ScenarioParser.read(text: text, path: "\(name).yaml"))
      var question = question
      question.space = nil
      return SavedAnswer(question, of: built.machine)
    } catch {
      let reason =
        error.diagnostics.first.map { "\($0.code.rawValue): \($0.message)" } ?? "\(error)"
      throw Exploration.Problem("no scenario can say what the page shows: \(reason)")
    }
  }

  private func head(_ settings: [String]) -> [String] {
    [
      "mmubench: 1", "scenario: \(name)",
      "title: What was explored at \(question.pointer)",
      "source: \(Self.quoted("mmubench explore, \(title)"))", "machine:",
      "  mode: \(state.mode.rawValue)",
    ]
      + (settings + SavedSystem(machine.system).settings + SavedProcessor(state: state).settings)
      .map { "  \($0)" }
  }

  // MARK: - As words of memory

  /// A word of memory that the answer depends on.
  private struct Word {
    let address: PhysicalAddress
    let value: UInt64
    /// What the word is: `PTE[0x1f7]`.
    let name: String
  }

  private var draftOfWords: [String] {
    get throws(Exploration.Problem) {
      guard let words else {
        throw Exploration.Problem("the image does not hold the top table: there is nothing to save")
      }
      var lines = head(["root: \(state.cr3.hex)"]) + ["  memory:"]
      if state.entrySize == 4 { lines.append("    width: 4") }
      lines.append("    facts:")
      lines += words.map { "      \($0.address): \($0.value.hex)    # \($0.name)" }
      lines += SavedSystem(machine.system).statements
      guard let areas = machine.areas(in: question.space)?.list else { return lines }
      return lines + SavedSystem.areas(around: linearAddress, in: areas)
    }
  }

  /// The address that is walked: that of the program without its tag.
  private var linearAddress: VirtualAddress {
    machine.answer(question)?.walk.address ?? question.pointer
  }

  /// The entries that the walk reads and, of each top table, at least one: a root has to lie in
  /// memory, though a walk may read nothing, or be of the other half.
  private var words: [Word]? {
    var words: [Word] = []
    add(machine.walk(linearAddress, in: question.space), to: &words)
    addSearch(to: &words)
    for half in state.allHalves where !half.isUnknownUpperHalf {
      let size = UInt64(half.entryCount(half.topLevel) * half.entrySize)
      let table = half.root.rawValue..<half.root.rawValue + size
      if words.contains(where: { table.contains($0.address.rawValue) }) { continue }
      guard let first = half.entry(of: half.root, at: 0, in: machine.memory) else { return nil }
      words.append(
        Word(
          address: half.root, value: first, name: "\(half.mode.entryName(half.topLevel))[0x0]"))
    }
    return words
  }

  private func add(_ walk: Walk, to words: inout [Word]) {
    for step in walk.steps {
      guard let entry = step.entry, !words.contains(where: { $0.address == step.entryAddress })
      else { continue }
      words.append(
        Word(
          address: step.entryAddress, value: entry,
          name: "\(state.mode.entryName(step.level))[\(step.index.hex)]"))
    }
  }

  /// The entries that Windows reads where the processor stops: those of page tables that are in
  /// transition, and the prototype entry with those on the way to it, for it lies in the kernel's memory.
  private func addSearch(to words: inout [Word]) {
    for step in finding?.steps ?? [] {
      let name: String
      switch step.place {
      case .table(let level): name = state.mode.entryName(level)
      case .prototype(let place):
        name = "the prototype entry at \(place)"
        add(machine.walk(place, in: question.space), to: &words)
      }
      guard let address = step.address, let entry = step.entry,
        !words.contains(where: { $0.address == address })
      else { continue }
      words.append(Word(address: address, value: entry, name: name))
    }
  }

  // MARK: - As statements

  private var finding: PageFinding? { machine.answer(question)?.verdict?.windows?.finding }

  private var draftOfView: [String]? {
    guard let system = machine.system.windows, let finding else { return nil }
    let view = SavedView(finding: finding, system: system)
    return view.statements.map { head([view.memory]) + $0 }
  }

  /// Text between quotation marks: a file may have any name.
  static func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      scalar.value < 0x20 || scalar.value == 0x7f
        ? " " : scalar == "\"" || scalar == "\\" ? "\\\(scalar)" : String(scalar)
    }
    return "\"\(escaped.joined())\""
  }
}
