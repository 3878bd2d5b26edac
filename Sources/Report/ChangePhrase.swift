import Machine
import Paging
import PhysicalMemory

/// The words for what could be different: "with CR0.WP=0 and RW=1 in the PDE".
struct ChangePhrase {
  let mode: PagingMode

  /// The words for a set of changes, as the beginning of a sentence.
  func condition(_ changes: [Change]) -> String {
    var conditions: [String] = []
    if case .privilege(let privilege)? = changes.first(where: \.isPrivilege) {
      conditions.append("made by \(privilege.noun)")
    }
    let others = names(changes.filter { !$0.isPrivilege }, joinedBy: Wording.list)
    if !others.isEmpty { conditions.append("with \(Wording.list(others))") }
    return conditions.joined(separator: " and ")
  }

  /// The words for sets of changes that differ in one entry only, of which any one is enough.
  func alternatives(_ entries: [Change], and common: [Change]) -> String {
    let others = common.filter { !$0.isPrivilege }
    let parts =
      names(entries, joinedBy: Wording.alternatives) + names(others, joinedBy: Wording.list)
    let who = condition(common.filter(\.isPrivilege))
    return (who.isEmpty ? "" : who + " and ") + "with \(parts.joined(separator: ", and "))"
  }

  /// The words for each change; what several entries, or several bits, share is said once.
  private func names(_ changes: [Change], joinedBy join: ([String]) -> String) -> [String] {
    var places: [(bit: String, entries: [String])] = []
    for change in changes {
      let bit = bitName(change)
      let entry = entryName(change).map { [$0] } ?? []
      if let index = places.firstIndex(where: { $0.bit == bit }) {
        places[index].entries += entry
      } else {
        places.append((bit, entry))
      }
    }
    var names: [(bits: [String], entries: [String])] = []
    for place in places {
      if !place.entries.isEmpty, let same = names.firstIndex(where: { $0.entries == place.entries })
      {
        names[same].bits.append(place.bit)
      } else {
        names.append(([place.bit], place.entries))
      }
    }
    return names.map { bits, entries in
      Wording.list(bits) + (entries.isEmpty ? "" : " in the \(join(entries))")
    }
  }

  /// The words for one change.
  func name(_ change: Change) -> String {
    names([change], joinedBy: Wording.list).joined()
  }

  private func entryName(_ change: Change) -> String? {
    guard case .entry(let level, _, _, _, _) = change else { return nil }
    return mode.entryName(level)
  }

  private func bitName(_ change: Change) -> String {
    switch change {
    case .register(let register, let field, _, let isSet):
      "\(register.rawValue).\(field)=\(isSet ? 1 : 0)"
    case .entry(_, _, let field, let bits, let isSet):
      field.isEmpty
        ? "\(Wording.bits(bits)) \(isSet ? "set" : "clear")" : "\(field)=\(isSet ? 1 : 0)"
    case .physicalBits(let bits) where mode == .arm64: "\(bits) physical address bits"
    case .physicalBits(let bits): "MAXPHYADDR=\(bits)"
    case .outputSize(let size): "TCR_EL1.IPS=\(size)"
    case .feature(let feature, let isPresent): (isPresent ? "" : "no ") + feature.noun
    case .encryptionBit(let bit): "bit \(bit) as the encryption bit (SME, SEV)"
    case .privilege(let privilege): "made by \(privilege.noun)"
    }
  }
}

extension Change {
  /// Whether it is somebody else who makes the access.
  var isPrivilege: Bool {
    if case .privilege = self { true } else { false }
  }

  /// Whether it is another processor.
  var isProcessor: Bool {
    switch self {
    case .feature, .encryptionBit: true
    case .register, .entry, .physicalBits, .outputSize, .privilege: false
    }
  }

  /// What changes of a bit of several entries have in common; nil where it is no bit of an entry.
  var sharedBit: String? {
    guard case .entry(_, _, let field, _, let isSet) = self, !field.isEmpty else { return nil }
    return "\(field)=\(isSet)"
  }
}

extension Change.Feature {
  /// The feature as a thing that a processor has.
  var noun: String {
    switch self {
    case .pse36: "PSE-36 in the processor"
    case .page1G: "1-GByte pages in the processor"
    case .acceptsAccessedPDPTE: "an emulator that accepts the accessed bit of a PDPTE"
    }
  }
}
