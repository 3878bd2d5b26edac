import BitLayout
public import Machine
import Paging
import PhysicalMemory

/// Says which mode, root and registers an answer is about, and how each became known.
public struct MachineHeader: Sendable {
  /// What is said, the value, and where it is known from.
  private(set) var facts: [(String, String, String)] = []

  /// Which of several roots an answer is about.
  public enum Scope: Sendable {
    /// The one that is shown.
    case root
    /// All that are known.
    case allRoots

    fileprivate var words: String {
      switch self {
      case .root: "this is one of them; --root, --pid or --process take another"
      case .allRoots: "all of them are asked; --root, --pid or --process take one alone"
      }
    }
  }

  /// Describes a machine under one of its roots; nil for the root that questions are about.
  ///
  /// With `registers`, all those that decide about accesses are shown, not only those that somebody
  /// set.
  public init(
    _ machine: Machine, space: AddressSpace? = nil, registers showsThem: Bool = false,
    scope: Scope = .root
  ) {
    let paging = space.map(machine.paging(of:)) ?? machine.paging
    let space = space ?? machine.addressSpaces.first { $0.register == paging.cr3 }
    let known = machine.provenance
    let mode = known.first { $0.subject == "mode" }?.source
    facts.append(("mode", paging.mode.rawValue, mode ?? machine.format))
    var source = space?.foundBy ?? known.first { $0.subject == "root" }?.source ?? machine.format
    if let owner = space?.owner { source += ", \(owner)" }
    if paging.ignoredRootBits != 0 {
      let name = paging.isARM64 ? "TTBR0" : "CR3"
      source +=
        "; \(name) is \(paging.cr3.hex), its bits \(paging.ignoredRootBits.hex) are no address"
      let fields = paging.rootFields.filter { $0.field.kind == .value }.map {
        "\($0.field.name)=\($0.value.hex)"
      }
      if !fields.isEmpty { source += " (\(fields.joined(separator: " ")))" }
    }
    facts.append(("root", paging.root.description, source))
    let registers = showsThem ? RegisterFacts(paging, known).facts : []
    let shown = Set(registers.map(\.0) + ["mode", "root"] + (showsThem ? ["NXE"] : []))
    facts += registers
    facts += known.filter { !$0.isAside && !shown.contains($0.subject) }
      .map { ($0.subject, $0.value, $0.source) }
    let others = machine.addressSpaces.count - 1
    if others > 0 {
      facts.append(("roots", "\(others + 1)", scope.words))
    }
  }

  /// Writes the lines, and an empty one after them.
  public func write(to out: inout TextBuffer) {
    FactTable.write(facts, to: &out)
    out.endLine()
  }
}
