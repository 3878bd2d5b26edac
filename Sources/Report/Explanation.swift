import BitLayout
public import Machine
public import Paging
public import PhysicalMemory

/// An answer as a teacher gives it: what was read, the rule that decided, and what would have
/// changed it.
public struct Explanation: Sendable {
  private let question: Supposition
  private let verdict: Supposition.Verdict
  let steps: ExplanationSteps
  private let words: CounterfactualSentence
  /// What is said of the access: the rules that refused it, and its error code bit by bit.
  private let rules: [String]
  let code: [ExplanationSteps.Line]
  /// Beside what changes the outcome, what would grant a right that the page lacks.
  private let grants: [(counterfactual: Counterfactual, sentence: String)]
  private let changes: [Counterfactual]
  /// What the kernel makes of the access.
  private var verdictOfSystem: VerdictReport?

  /// Explains an access.
  public init(_ answer: AccessAnswer, in memory: MemoryImage) {
    var rules: [String] = []
    var code: [ExplanationSteps.Line] = []
    if case .abort = answer.result { rules = AccessSentence(answer).reasons }
    if case .pageFault(let fault) = answer.result {
      rules = AccessSentence(answer).reasons
      code = ErrorCodeWords(fault.errorCode).lines + Self.openAccessedBits(answer)
    }
    if case .abort(let abort) = answer.result {
      code = SyndromeWords(abort).lines + Self.openAccessFlag(answer, abort)
    }
    if case .generalProtection(let stop) = answer.result, stop.level == 0, answer.access.isData,
      !answer.access.isShadowStack
    {
      let text = "an access by way of SS raises a stack fault instead, #SS(0) (SDM 1, 3.3.7.1)"
      code = [("#GP(0)", text)]
    }
    self.init(
      Supposition(memory, answer.state, answer.pointer, answer.access), answer.walk.address,
      memory, rules: rules, code: code)
    verdictOfSystem = answer.verdict.map { VerdictReport(verdict: $0, mode: answer.state.mode) }
  }

  /// What the manual leaves open: whether entries that led to a fault were marked as used.
  private static func openAccessedBits(_ answer: AccessAnswer) -> [ExplanationSteps.Line] {
    let isOpen = answer.walk.steps.contains { step in
      guard let entry = step.entry, X86Fields.present.isSet(in: entry) else { return false }
      let hasBit = answer.state.mode != .pae || step.level < answer.state.topLevel
      return hasBit && !X86Fields.accessed.isSet(in: entry)
    }
    guard isOpen else { return [] }
    let text =
      "of entries that were read before the fault a processor may set it or not (SDM 3A, 4.8)"
    return [("\(X86Fields.accessed.name)=0", text)]
  }

  /// The same of arm64, where the processor keeps the access flag.
  private static func openAccessFlag(
    _ answer: AccessAnswer, _ abort: ARM64Abort
  ) -> [ExplanationSteps.Line] {
    let field = ARM64Layouts.accessFlag
    guard abort.fault == .permission, let entry = abort.walk.translation?.entry,
      !field.isSet(in: entry)
    else { return [] }
    return [
      (
        "\(field.name)=0",
        "a processor may set it or not, for the access is refused (ARM ARM D8.5.1)"
      )
    ]
  }

  /// Explains a walk in a state.
  public init(_ walk: Walk, of state: PagingState, in memory: MemoryImage) {
    self.init(Supposition(memory, state, walk.address, nil), walk.address, memory)
  }

  private init(
    _ question: Supposition, _ linear: VirtualAddress, _ memory: MemoryImage,
    rules: [String] = [], code: [ExplanationSteps.Line] = []
  ) {
    self.question = question
    verdict = question.verdict
    self.rules = rules
    self.code = code
    var (walk, read) = (verdict.walk, verdict.steps)
    // An access can end before the walk that finds a page for others.
    if case .abort(let abort) = verdict.result, abort.walk != walk {
      (walk, read) = (abort.walk, [])
    }
    if case .generalProtection(let stop) = verdict.result, walk != .stopped(stop) {
      (walk, read) = (.stopped(stop), [])
    }
    steps = ExplanationSteps(
      paging: question.state.half(of: linear), memory: memory, address: linear, result: walk,
      steps: read)
    words = CounterfactualSentence(question: question, before: verdict)
    grants = question.access == nil ? Self.grants(question, verdict, words) : []
    if verdict.isGood {
      changes = question.threats
    } else if verdict.walk.outcome == .missing {
      changes = []
    } else {
      changes = question.counterfactuals(\.isGood) + question.detours
    }
  }

  /// What would give the page the rights that it lacks.
  private static func grants(
    _ question: Supposition, _ verdict: Supposition.Verdict, _ words: CounterfactualSentence
  ) -> [(Counterfactual, String)] {
    guard let page = verdict.walk.translation else { return [] }
    let user = question.state.isARM64 ? "EL0 could read it" : "user mode could use it"
    let verbs: [(Rights, String)] = [
      (.write, "it could be written"), (.user, user),
      (.execute, "it could be executed"),
    ]
    let phrase = ChangePhrase(mode: question.state.mode)
    return verbs.filter { !page.rights.contains($0.0) }.flatMap { right, verb in
      question.counterfactuals { other in
        other.walk.translation?.address == page.address
          && other.walk.translation?.rights == page.rights.union(right)
      }.map { ($0, "\(phrase.condition($0.changes)) \(verb)") }
    }
  }

  /// Writes the explanation for people, indented below the answer.
  public func writeText(to out: inout TextBuffer) {
    out.writeIndented("why", .bold)
    let lines = steps.lines + code
    if steps.lines.isEmpty {
      let subject = question.state.isARM64 ? "the address and TCR_EL1" : "the address"
      out.write("    the processor looks at \(subject) before it reads any table\n")
    }
    let width = lines.map(\.subject.count).max() ?? 0
    for line in lines {
      out.write("    ")
      out.write(line.subject, .cyan, width: width + 2)
      out.write(line.text)
      out.endLine()
    }
    if let verdictOfSystem, verdictOfSystem.hasRules {
      out.writeIndented("what \(verdictOfSystem.system) goes by", .bold)
      verdictOfSystem.writeRules(to: &out)
    }
    if isSoftwareEntry { return }
    out.writeIndented("what would change it", .bold)
    for sentence in sentences {
      out.write("    \(sentence)\n")
    }
  }

  /// Whether the walk ends at an entry that an operating system has a meaning for: were it present,
  /// its other bits would still not be meant for the processor.
  private var isSoftwareEntry: Bool {
    guard verdictOfSystem != nil, let stop = verdict.walk.stop else { return false }
    return stop.cause == .notPresent
  }

  /// What would change the answer; nothing is said of an entry that is not the processor's.
  var remedies: [String] { isSoftwareEntry ? [] : sentences }

  private var sentences: [String] {
    let sentences = grants.map(\.sentence) + words.sentences(changes)
    return sentences.isEmpty ? [nothing] : sentences
  }

  private var nothing: String {
    let what = question.access.map { "this \($0.kind.noun) succeed" } ?? "the address mapped"
    guard let stop = verdict.walk.stop, stop.level > 0 else {
      return verdict.isGood
        ? "none of the changes that were tried" : "nothing that was tried makes \(what)"
    }
    let name = question.state.mode.entryName(stop.level)
    return switch stop.cause {
    case .missing: "what the \(name) says is not known, nor what would change it"
    case .notPresent where stop.entry == 0:
      "no bit: the \(name) is 0, it says of no page where it could be"
    default: "nothing that was tried makes \(what)"
    }
  }

  /// Adds the explanation to an object.
  func writeMember(to out: inout TextBuffer) {
    out.openObject("explanation")
    out.member("steps", steps.lines.map { "\($0.subject): \($0.text)" })
    out.member("rules", rules)
    out.openArray("counterfactuals")
    for (change, sentence) in grants { write(change, sentence, to: &out) }
    for change in changes { write(change, words.sentence(change), to: &out) }
    out.closeArray()
    out.closeObject()
  }

  private func write(_ change: Counterfactual, _ sentence: String, to out: inout TextBuffer) {
    let phrase = ChangePhrase(mode: question.state.mode)
    out.openElement()
    out.member("with", change.changes.map { phrase.name($0) })
    let verdict = change.verdict
    out.member("outcome", verdict.result?.outcome.rawValue ?? verdict.walk.outcome.rawValue)
    if verdict.isGood, let page = verdict.walk.translation {
      out.member("pa", hex: page.address.rawValue)
    }
    if case .pageFault(let fault) = verdict.result {
      out.member("error_code", hex: UInt64(fault.errorCode.rawValue))
    }
    if case .abort(let abort) = verdict.result { out.member("esr", hex: abort.syndrome) }
    out.member("sentence", sentence)
    out.closeObject()
  }
}
