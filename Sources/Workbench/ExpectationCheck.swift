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
    func failure(_ name: String, _ expected: String, _ got: String) -> Failure {
      Failure(name, at: place, on: opened.scenario.variant, expected: expected, got: got)
    }
    switch expectation.verb {
    case .walk(let walk):
      return WalkCheck(walk, machine, space(of: expectation)).differences.map {
        failure("walk \(walk.va.value.hex)", $0.expected, $0.got)
      }
    case .fault(let fault):
      return FaultCheck(fault, machine, space(of: expectation)).differences.map {
        failure("fault \(fault.va.value.hex)", $0.expected, $0.got)
      }
    case .bytes(let bytes):
      return BytesCheck(bytes, machine, space(of: expectation)).difference.map {
        [failure("bytes-at \(bytes.va.value.hex)", $0.expected, $0.got)]
      } ?? []
    case .check(let kinds):
      let wanted = Set(kinds.map(\.value))
      let found = findings(in: expectation)
      guard wanted != found else { return [] }
      return [failure("check", names(wanted), names(found))]
    case .mappings(let count, let bytes):
      return mappings(count.value, bytes?.value, expectation).map {
        failure("mappings", $0.expected, $0.got)
      }
    case .found(let found):
      return FoundCheck(found, machine).differences.map {
        failure("found", $0.expected, $0.got)
      }
    case .ledger:
      guard let ledger = opened.ledger else {
        return [failure("ledger", "a built image", "a dump, of which nothing was intended")]
      }
      return LedgerCheck(machine: machine, ledger: ledger).differences.map {
        failure("ledger \($0.name)", $0.expected, $0.got)
      }
    case .pte(let pte):
      return PteCheck(pte, machine, space(of: expectation)).differences.map {
        failure("pte \(pte.va.value.hex)", $0.expected, $0.got)
      }
    case .pagemap(let pagemap):
      if let computed = ComputedPagemapCheck(pagemap, machine, space(of: expectation)) {
        return computed.differences.map {
          failure("pagemap \(pagemap.va.value.hex)", $0.expected, $0.got)
        }
      }
      return PagemapCheck(pagemap).differences.map {
        failure("pagemap \(pagemap.va.value.hex)", $0.expected, $0.got)
      }
    case .pfn(let pfn):
      return PfnCheck(pfn, machine).differences.map {
        failure("pfn \(pfn.number.value.hex)", $0.expected, $0.got)
      }
    case .lists(let lists):
      return MomentCheck(opened: opened).differences(lists).map {
        failure("lists", $0.expected, $0.got)
      }
    case .pagemapAt(let pagemap):
      return MomentCheck(opened: opened)
        .differences(pagemap, of: expectation.process?.value).map {
          failure("pagemap-at \(pagemap.va.value.hex)", $0.expected, $0.got)
        }
    case .sameDigest(let file):
      let other = try open(file) { try machine(of: $0) }
      return sameDigest(as: other).map { failure("same-digest-as", $0, $1) }
    case .sameTranslation(let file):
      let other = try open(file) { try machine(of: $0) }
      return TranslationCheck.differences(machine, other).map {
        failure("same-translation-as", $0.expected, $0.got)
      }
    case .truth(let file):
      let truth = try open(file) { try GuestTruth.read($0) }
      let comparison = TruthComparison(machine: machine, truth: truth)
      return comparison.disagreements().map { failure("truth", "what the guest said", $0) }
    case .faults(let file):
      let faults = try open(file) { try GuestFaults.read($0) }
      return FaultComparison(machine: machine, faults: faults).disagreements().map {
        failure("faults", $0.expected, $0.got)
      }
    case .rejects(let rejection):
      return RejectionCheck(rejection, in: opened.scenario).failure.map {
        [failure("rejects", $0.expected, $0.got)]
      } ?? []
    }
  }

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
    _ count: UInt64, _ bytes: UInt64?, _ expectation: Scenario.Expectation
  ) -> [(expected: String, got: String)] {
    var digester = Digester(memory: machine.memory, state: machine.paging)
    let register = space(of: expectation)?.register ?? machine.paging.cr3
    let digest = digester.digest(root: register)
    var differences: [(expected: String, got: String)] = []
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

  private func sameDigest(as other: Machine) -> [(String, String)] {
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
