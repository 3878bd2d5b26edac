import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import Simulator
import WindowsMemory

/// The ways through the kernel's handlers from one address: the one that this access takes, and those
/// that the same address has for other accesses, under conditions that the image does not tell, or
/// with another entry where this access faulted.
struct HandlerTree {
  /// One way: the functions in the order of their calls, and what becomes of the access.
  struct Way {
    var names: [String]
    var outcome: String
    var style: TextStyle
    /// Who takes it.
    var takers: [String]
    /// Whether this access takes it, or may.
    var isTaken: Bool

    /// Whether the same functions come to the same.
    func isLike(_ other: Way) -> Bool { names == other.names && outcome == other.outcome }
  }

  /// A function, with what is called from there.
  final class Node {
    let name: String
    var children: [Node] = []
    /// What the ways that end here come to.
    var way: Way?
    var isTaken = false

    init(_ name: String) { self.name = name }
  }

  /// The exceptions, each with its handlers; the one that this access raises first.
  let ways: [Way]

  /// Finds the ways by asking: the machine about every access to the address, and machines with
  /// another entry there about this one.
  init(_ answer: AccessAnswer, on machine: Machine, in space: AddressSpace?) {
    var ways: [Way] = []
    func add(_ way: Way) { Self.add(way, to: &ways) }
    let taker = AccessSentence(answer).question
    for way in Self.ways(of: answer, taker, isTaken: true) { add(way) }
    for access in Self.accesses where access != answer.access {
      guard answer.state.contradiction(of: access) == nil,
        answer.interruptLevel.contradiction(of: access, in: answer.state.mode) == nil
      else { continue }
      let other = machine.access(
        answer.pointer, access, in: space, alignmentCheck: answer.state.alignmentCheck,
        interruptLevel: answer.interruptLevel)
      for way in Self.ways(of: other, AccessSentence(other).question, isTaken: false) { add(way) }
    }
    Self.add(
      machine.alternatives(to: answer).map { alternative in
        let other = alternative.machine.access(
          answer.pointer, answer.access, in: space, alignmentCheck: answer.state.alignmentCheck,
          interruptLevel: answer.interruptLevel)
        return (alternative.condition, other)
      }, to: &ways)
    self.ways = ways
  }

  /// The ways of what is known already: answers, the first of which is the access that was made, and
  /// what would have become of it under conditions.
  init(_ answers: [AccessAnswer], supposed: [SupposedAnswer]) {
    var ways: [Way] = []
    for (index, answer) in answers.enumerated() {
      let taker = AccessSentence(answer).question
      for way in Self.ways(of: answer, taker, isTaken: index == 0) { Self.add(way, to: &ways) }
    }
    Self.add(supposed.map { ($0.condition, $0.answer) }, to: &ways)
    self.ways = ways
  }

  /// Adds what another entry leads to; a way that the entry as it is leads to says more by who takes it.
  private static func add(
    _ supposed: [(condition: String, answer: AccessAnswer)], to ways: inout [Way]
  ) {
    let known = ways
    for (condition, answer) in supposed {
      for way in Self.ways(of: answer, "if \(condition)", isTaken: false, isSupposed: true)
      where !known.contains(where: way.isLike) { add(way, to: &ways) }
    }
  }

  private static func add(_ way: Way, to ways: inout [Way]) {
    if let index = ways.firstIndex(where: { $0.isLike(way) }) {
      ways[index].takers += way.takers.filter { !ways[index].takers.contains($0) }
      ways[index].isTaken = ways[index].isTaken || way.isTaken
    } else {
      ways.append(way)
    }
  }

  private static let accesses = [Access.Privilege.user, .supervisor].flatMap { privilege in
    [Access.Kind.read, .write, .execute].map { Access($0, as: privilege) }
  }

  private static func ways(
    of answer: AccessAnswer, _ taker: String, isTaken: Bool, isSupposed: Bool = false
  ) -> [Way] {
    guard let verdict = answer.verdict else { return [] }
    let report = VerdictReport(verdict: verdict, mode: answer.state.mode)
    let event = event(answer.result)
    if let second = verdict.linux?.secondFault {
      return [
        Way(
          names: [event] + verdict.handler.prefix(second.firstCount),
          outcome: LinuxVerdictReport.outcome(second.firstCost),
          style: TextStyle(second.firstCost), takers: ["\(taker), the first time"],
          isTaken: isTaken),
        Way(
          names: ["second \(event)"] + second.handler, outcome: report.outcome.text,
          style: report.outcome.style,
          takers: ["\(taker), the second time: \(AccessSentence.code(second.errorCode))"],
          isTaken: isTaken),
      ]
    }
    // Where the areas of the process decide, each kind is a way of its own, though one may be taken to
    // be the likely one.
    guard !report.cases.isEmpty else {
      // What an entry leads to that is only supposed is nowhere.
      let isOpen = isSupposed && verdict.cost == nil
      return [
        Way(
          names: [event] + verdict.handler,
          outcome: isOpen ? "what is not known here decides" : report.outcome.text,
          style: report.outcome.style, takers: [taker], isTaken: isTaken)
      ]
    }
    let likely = Way(
      names: [event] + verdict.handler, outcome: report.outcome.text, style: report.outcome.style,
      takers: [taker], isTaken: isTaken)
    let isOfNoCase =
      verdict.cost != nil && !report.cases.contains { $0.handler == verdict.handler }
    return (isOfNoCase ? [likely] : [])
      + report.cases.map { item in
        Way(
          names: [event] + item.handler, outcome: item.outcome, style: item.style,
          takers: ["\(taker), if \(item.condition)"], isTaken: isTaken)
      }
  }

  /// What the processor does, in the word that a kernel has for it.
  private static func event(_ result: AccessResult) -> String {
    switch result {
    case .translated: "no exception"
    case .pageFault: "page fault"
    case .abort(let abort): abort.kindText
    case .generalProtection: "general protection"
    case .missing: "not known"
    }
  }

  /// The ways as trees: what several have in common stands there once.
  var roots: [Node] {
    var roots: [Node] = []
    for way in ways { Self.insert(way, way.names[...], into: &roots) }
    return roots
  }

  private static func insert(_ way: Way, _ names: ArraySlice<String>, into nodes: inout [Node]) {
    guard let name = names.first else { return }
    let node: Node
    // An end stands for itself: another way with the same functions ends otherwise.
    if let known = nodes.first(where: { $0.name == name && (names.count > 1 || $0.way == nil) }) {
      node = known
    } else {
      node = Node(name)
      nodes.append(node)
    }
    node.isTaken = node.isTaken || way.isTaken
    if names.count == 1 {
      node.way = way
    } else {
      insert(way, names.dropFirst(), into: &node.children)
    }
  }
}
