import Golden
import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// The canonical answers of a scenario, line by line, as they stand in its golden file.
enum ScenarioGolden {
  /// The most findings that a golden shows.
  private static let findingLimit = 50

  /// The lines at the top of the file.
  static func header(of scenario: Scenario) -> [String] {
    ["mmubench golden 1", "scenario \(scenario.id.value)"]
  }

  /// The answers of one machine: the rest of the file, or its section of one of several systems.
  static func section(of opened: OpenScenario) -> [String] {
    let machine = opened.machine
    let paging = machine.paging
    let known = machine.system.id == "none" ? nil : machine.system.id
    let system = opened.scenario.variant ?? known
    var lines = system.map { ["system \($0)"] } ?? []
    lines += [
      "machine \(paging.mode.rawValue) \(registers(paging)) "
        + "physical-bits=\(paging.physicalBits)" + Self.rest(of: paging)
    ]
    var digester = Digester(memory: machine.memory, state: paging)
    for space in machine.addressSpaces {
      lines += SpaceGolden(space, of: machine, digester: &digester).lines
    }
    for expectation in opened.scenario.expectations {
      let space = ExpectationCheck(opened).space(of: expectation)
      switch expectation.verb {
      case .walk(let walk):
        lines += Self.lines(of: machine.walk(VirtualAddress(walk.va.value), in: space))
      case .fault(let fault):
        lines +=
          machine.access(
            VirtualAddress(fault.va.value), Access(fault), in: space,
            alignmentCheck: fault.alignmentCheck?.value, interruptLevel: fault.level
          ).goldenLines
      case .bytes(let bytes): lines.append(BytesCheck(bytes, machine, space).goldenLine)
      case .pte(let pte):
        lines += PteCheck(pte, machine, space).goldenLines
      case .pagemap(let pagemap):
        let computed = ComputedPagemapCheck(pagemap, machine, space)
        lines.append(computed?.goldenLine ?? PagemapCheck(pagemap).goldenLine)
      case .pfn(let pfn): lines.append(PfnCheck(pfn, machine).goldenLine)
      case .found(let found): lines += FoundCheck(found, machine).goldenLines
      case .faults(let file):
        let path = Workbench.resolve(file.value, besides: opened.scenario.file.path)
        guard let faults = try? GuestFaults.read(path) else { continue }
        let comparison = FaultComparison(machine: machine, faults: faults)
        lines.append("faults \(file.value) \(comparison.summary)")
        lines.append("  kernel \(comparison.outcomeSummary)")
      default: continue
      }
    }
    return lines + findings(of: machine)
  }

  /// What else an access depends on, where it is not the ordinary.
  private static func rest(of paging: PagingState) -> String {
    var text = ""
    if paging.pkru != 0 { text += " pkru=\(paging.pkru.hex)" }
    if paging.pkrs != 0 { text += " pkrs=\(paging.pkrs.hex)" }
    if paging.alignmentCheck { text += " ac=1" }
    if paging.vendor == .amd { text += " vendor=amd" }
    if let bit = paging.encryptionBit { text += " c-bit=\(bit)" }
    if let bit = paging.sharedBit { text += " shared-bit=\(bit)" }
    return text
  }

  private static func registers(_ paging: PagingState) -> String {
    guard paging.isARM64 else {
      return "cr0=\(paging.cr0.hex) cr4=\(paging.cr4.hex) efer=\(paging.efer.hex)"
    }
    let ttbr1 = paging.upperRegister?.hex ?? "unknown"
    return "ttbr1=\(ttbr1) tcr=\(paging.tcr.hex) sctlr=\(paging.sctlr.hex) pan=\(paging.pan)"
  }

  /// The lines of a golden file, without the end of the last.
  static func split(_ bytes: [UInt8]) -> [String] {
    var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
    if lines.last == "" { lines.removeLast() }
    return lines
  }

  private static func lines(of walk: Walk) -> [String] {
    var line = "walk \(walk.address) root=\(walk.root) \(walk.result.outcome.rawValue)"
    switch walk.result {
    case .mapped(let translation):
      line += " \(translation.address) \(translation.pageSize.hex) \(translation.rights)"
      if !walk.isInImage { line += " not-in-image" }
    case .stopped(let stop):
      if stop.level > 0 { line += " at \(walk.mode.entryName(stop.level)) \(stop.entryAddress)" }
      if case .reservedBits(let bits) = stop.cause { line += " bits=\(bits.hex)" }
    }
    let isStopped = walk.result.translation == nil
    let steps = walk.steps.enumerated().map { index, step in
      "  \(walk.mode.entryName(step.level))[\(step.index.hex)] \(step.entryAddress) "
        + (step.entry?.hex ?? "missing")
        // The rights of an entry that leads nowhere mean nothing.
        + (isStopped && index == walk.steps.count - 1 ? "" : " \(step.rights)")
    }
    return [line] + steps
  }

  private static func findings(of machine: Machine) -> [String] {
    var lines: [String] = []
    var count = 0
    machine.check { finding in
      count += 1
      guard count <= findingLimit else { return true }
      lines.append(
        "finding \(finding.kind.rawValue) root=\(finding.root)"
          + (finding.address.map { " va=\($0)" } ?? "")
          + (finding.entryAddress.map { " at=\($0)" } ?? "")
          + (finding.value.map { " value=\($0.hex)" } ?? "") + " \(finding.detail)")
      return true
    }
    if count > findingLimit { lines.append("findings \(count)") }
    return lines
  }
}
