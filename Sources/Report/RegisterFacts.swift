import BitLayout
import Machine
import Paging
import PhysicalMemory

/// The registers that decide about accesses, with their named bits and where they come from.
struct RegisterFacts {
  private let paging: PagingState
  private let known: [Machine.Provenance]

  init(_ paging: PagingState, _ known: [Machine.Provenance]) {
    self.paging = paging
    self.known = known
  }

  /// Subject, value and source of each register; those that have no effect only if they were set.
  var facts: [(String, String, String)] {
    if paging.isARM64 { return factsOfARM64 }
    var facts = [
      fact("CR0", paging.cr0, RegisterLayouts.cr0), fact("CR4", paging.cr4, RegisterLayouts.cr4),
    ]
    if paging.mode != .x86 { facts.append(fact("EFER", paging.efer, RegisterLayouts.efer)) }
    let keys: [(String, UInt64, BitField)] = [
      ("PKRU", paging.pkru, RegisterLayouts.userKeys),
      ("PKRS", paging.pkrs, RegisterLayouts.supervisorKeys),
    ]
    for (name, value, enable) in keys where enable.isSet(in: paging.cr4) || isKnown(name) {
      facts.append(fact(name, value, []))
    }
    if RegisterLayouts.accessPrevention.isSet(in: paging.cr4) || isKnown("AC") {
      facts.append(("AC", paging.alignmentCheck ? "1" : "0", source("AC")))
    }
    if paging.vendor == nil, let use = paging.useOfAMD {
      facts.append(("vendor", PagingState.Vendor.amd.rawValue, "\(use) is AMD's"))
    }
    return facts
  }

  /// What the meaning of one entry depends on.
  var entryFacts: [(String, String, String)] {
    if paging.isARM64 {
      let tcr = fact("TCR", paging.tcr, ARM64RegisterLayouts.tcr.fields.filter { $0.width == 1 })
      return [tcr, ("PARange", "\(paging.physicalBits)", source("MAXPHYADDR"))]
    }
    var facts = [fact("CR4", paging.cr4, RegisterLayouts.cr4)]
    if paging.mode != .x86 { facts.append(fact("EFER", paging.efer, RegisterLayouts.efer)) }
    facts.append(("MAXPHYADDR", "\(paging.physicalBits)", source("MAXPHYADDR")))
    let others = ["C-bit", "shared bit", "vendor"]
    return facts
      + known.filter { others.contains($0.subject) }.map { ($0.subject, $0.value, $0.source) }
  }

  private var factsOfARM64: [(String, String, String)] {
    var facts = [
      fact("TCR", paging.tcr, ARM64RegisterLayouts.tcr.fields.filter { $0.width == 1 }),
      fact("SCTLR", paging.sctlr, ARM64RegisterLayouts.sctlr),
    ]
    if paging.pan != 0 || isKnown("PAN") { facts.append(("PAN", "\(paging.pan)", source("PAN"))) }
    return facts
  }

  private func fact(
    _ name: String, _ value: UInt64, _ fields: [BitField]
  ) -> (String, String, String) {
    let names = fields.filter { $0.isSet(in: value) }.sorted { $0.low > $1.low }
      .map { String(describing: $0.name) }
    return (name, ([value.hex] + names).joined(separator: " "), source(name))
  }

  private func isKnown(_ subject: String) -> Bool { known.contains { $0.subject == subject } }

  private func source(_ subject: String) -> String {
    func source(_ subject: String) -> String? { known.first { $0.subject == subject }?.source }
    // A dump may say nothing of EFER but what follows from its mode.
    return source(subject) ?? (subject == "EFER" ? source("NXE") : nil) ?? "default of the mode"
  }
}
