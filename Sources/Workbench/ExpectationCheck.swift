import Golden
import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// Checks the expectations of one scenario.
struct ExpectationCheck {
  typealias Failure = ScenarioResult.Failure
  let opened: OpenScenario
  private var machine: Machine { opened.machine }

  init(_ opened: OpenScenario) { self.opened = opened }

  /// What does not hold of one item of `expect:`; throws where a file that it names is of no use.
  func failures(of expectation: Scenario.Expectation) throws(DiagnosticList) -> [Failure] {
    let place = "\(opened.scenario.file.path):\(expectation.mark)"
    func failure(_ name: String, _ difference: Difference) -> Failure {
      Failure(
        name, at: place, on: opened.scenario.variant, expected: difference.expected,
        got: difference.got)
    }
    if case .ledger = expectation.verb, let ledger = opened.ledger {
      return LedgerCheck(machine: machine, ledger: ledger).mismatches.map {
        failure("ledger \($0.name)", ($0.expected, $0.got))
      }
    }
    let name = Self.name(of: expectation.verb)
    return try differences(from: expectation).map { failure(name, $0) }
  }

  /// The verb, and what is asked about.
  private static func name(of verb: Scenario.Expectation.Verb) -> String {
    switch verb {
    case .walk(let walk): "walk \(walk.va.value.hex)"
    case .fault(let fault): "fault \(fault.va.value.hex)"
    case .bytes(let bytes): "bytes-at \(bytes.va.value.hex)"
    case .pte(let pte): "pte \(pte.va.value.hex)"
    case .pagemap(let pagemap): "pagemap \(pagemap.va.value.hex)"
    case .pfn(let pfn): "pfn \(pfn.number.value.hex)"
    case .lists: "lists"
    case .pagemapAt(let pagemap): "pagemap-at \(pagemap.va.value.hex)"
    case .check: "check"
    case .mappings: "mappings"
    case .found: "found"
    case .ledger: "ledger"
    case .sameDigest: "same-digest-as"
    case .sameTranslation: "same-translation-as"
    case .truth: "truth"
    case .faults: "faults"
    case .rejects: "rejects"
    }
  }

  private func differences(
    from expectation: Scenario.Expectation
  ) throws(DiagnosticList) -> [Difference] {
    let space = space(of: expectation)
    switch expectation.verb {
    case .walk(let walk): return WalkCheck(walk, machine, space).differences
    case .fault(let fault): return FaultCheck(fault, machine, space).differences
    case .bytes(let bytes): return list(BytesCheck(bytes, machine, space).difference)
    case .pte(let pte): return PteCheck(pte, machine, space).differences
    case .pagemap(let pagemap):
      return ComputedPagemapCheck(pagemap, machine, space)?.differences
        ?? PagemapCheck(pagemap).differences
    case .pfn(let pfn): return PfnCheck(pfn, machine).differences
    case .lists(let lists): return MomentCheck(opened: opened).differences(lists)
    case .pagemapAt(let pagemap):
      return MomentCheck(opened: opened).differences(pagemap, of: expectation.process?.value)
    case .check(let kinds):
      let (wanted, found) = (Set(kinds.map(\.value)), findings(in: expectation))
      return wanted == found ? [] : [(names(wanted), names(found))]
    case .mappings(let count, let bytes):
      return mappings(count.value, bytes?.value, in: space)
    case .found(let found): return FoundCheck(found, machine).differences
    case .ledger: return [("a built image", "a dump, of which nothing was intended")]
    case .sameDigest(let file): return try sameDigest(as: open(file) { try machine(of: $0) })
    case .sameTranslation(let file):
      return try TranslationCheck.differences(machine, open(file) { try machine(of: $0) })
    case .truth(let file):
      let truth = try open(file) { try GuestTruth.read($0) }
      return TruthComparison(machine: machine, truth: truth).disagreements()
        .map { ("what the guest said", $0) }
    case .faults(let file):
      let faults = try open(file) { try GuestFaults.read($0) }
      return FaultComparison(machine: machine, faults: faults).disagreements()
    case .rejects(let rejection):
      return list(RejectionCheck(rejection, in: opened.scenario).difference)
    }
  }

  private func list(_ difference: Difference?) -> [Difference] { difference.map { [$0] } ?? [] }

  /// The machine of another file: of several systems, the one that this scenario is for.
  private func machine(of path: String) throws -> Machine {
    guard Workbench.isScenario(path) else { return try Workbench.open(path) }
    return try OpenScenario(path, system: opened.scenario.variant).machine
  }

  /// The address space that an expectation is about: that of its process, else the first.
  func space(of expectation: Scenario.Expectation) -> AddressSpace? {
    var spaces: [AddressSpace]
    switch expectation.process?.value {
    case .pid(let pid)?: spaces = machine.addressSpaces(pid: pid, process: nil)
    case .name(let name)?: spaces = machine.addressSpaces(pid: nil, process: name)
    case nil:
      // The roots of the first process.
      let first = machine.addressSpaces.first
      spaces = machine.addressSpaces.filter { $0.pid == first?.pid && $0.process == first?.process }
    }
    // The kernel's root comes first, and the user's after it.
    return expectation.root?.value == .user ? spaces.dropFirst().last : spaces.first
  }

  private func findings(in expectation: Scenario.Expectation) -> Set<String> {
    var machine = machine
    if expectation.process != nil, let space = space(of: expectation) {
      machine.addressSpaces = [space]
    }
    let kinds = KindCollector()
    machine.check { finding in
      kinds.found.insert(finding.kind.rawValue)
      return kinds.found.count < Finding.Kind.allCases.count
    }
    return kinds.found
  }

  private func names(_ kinds: Set<String>) -> String {
    kinds.isEmpty ? "no findings" : kinds.sorted().joined(separator: ", ")
  }

  private func mappings(
    _ count: UInt64, _ bytes: UInt64?, in space: AddressSpace?
  ) -> [Difference] {
    var digester = Digester(memory: machine.memory, state: machine.paging)
    let digest = digester.digest(root: space?.register ?? machine.paging.cr3)
    var differences: [Difference] = []
    if digest.mappings != count { differences.append(("\(count)", "\(digest.mappings)")) }
    if let bytes, digest.bytes != bytes {
      differences.append(("\(bytes.hex) bytes", "\(digest.bytes.hex) bytes"))
    }
    return differences
  }

  /// Opens a file that the scenario names; what is wrong with it is said where it is named.
  private func open<Content>(
    _ file: Located<String>, _ open: (String) throws -> Content
  ) throws(DiagnosticList) -> Content {
    do {
      return try open(Workbench.resolve(file.value, besides: opened.scenario.file.path))
    } catch {
      throw DiagnosticList(
        source: opened.scenario.file,
        diagnostics: [Diagnostic(.unusableFile, "\(error)", at: file.mark)])
    }
  }

  private func sameDigest(as other: Machine) -> [Difference] {
    func digests(_ machine: Machine) -> [String] {
      var digester = Digester(memory: machine.memory, state: machine.paging)
      return machine.addressSpaces.map { "\(digester.digest(root: $0.register).digest)" }
    }
    let (wanted, got) = (digests(other), digests(machine))
    return wanted == got
      ? [] : [(wanted.joined(separator: ", "), got.joined(separator: ", "))]
  }
}

/// Kinds of findings as they come in.
private final class KindCollector {
  var found: Set<String> = []
}
