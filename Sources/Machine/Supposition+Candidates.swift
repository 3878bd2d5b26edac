import BitLayout
import Paging
import PhysicalMemory

/// The changes that are tried: each is one thing, or the same bit of several entries.
extension Supposition {
  /// All changes that could matter to a question with this verdict.
  func candidates(_ verdict: Verdict) -> [[Change]] {
    if state.isARM64 { return arm64Candidates(verdict) }
    return
      privileges + registers + keys(verdict) + processor(verdict) + entries(verdict)
      + sameBits(verdict)
  }

  /// Somebody else makes the access.
  var privileges: [[Change]] {
    switch access?.privilege {
    case nil: []
    case .user: [[.privilege(.supervisor)]]
    case .supervisor: [[.privilege(.user)]]
    case .supervisorImplicit where state.isARM64: [[.privilege(.user)]]
    case .supervisorImplicit: [[.privilege(.supervisor)], [.privilege(.user)]]
    }
  }

  private var registers: [[Change]] {
    // What few systems turn on is worth a word only where it is on.
    let spaces = RegisterLayouts.spaceSeparation
    let rare = spaces.isSet(in: state.cr4) ? [[toggled(spaces, of: .cr4)]] : []
    return rare
      + Change.Register.allCases.flatMap { register in
        register.fields.map { [toggled($0, of: register)] }
      }
  }

  /// A bit of a register, or bits, with the other value.
  func toggled(_ field: BitField, of register: Change.Register) -> Change {
    .register(
      register, field: String(describing: field.name), bits: field.mask,
      isSet: !register.hasSet(field.mask, in: state))
  }

  /// The two bits of the page's key in each register.
  private func keys(_ verdict: Verdict) -> [[Change]] {
    guard state.isLongMode, let entry = verdict.walk.translation?.entry else { return [] }
    let key = X86Fields.protectionKey.value(in: entry)
    let bits = [
      ("AD\(key)", ProtectionKeyRights.accessDisable(ofKey: key)),
      ("WD\(key)", ProtectionKeyRights.writeDisable(ofKey: key)),
    ]
    return [Change.Register.pkru, .pkrs].flatMap { register in
      bits.map { name, mask in
        [
          .register(
            register, field: name, bits: mask, isSet: !register.hasSet(mask, in: state))
        ]
      }
    }
  }

  private func processor(_ verdict: Verdict) -> [[Change]] {
    let features = Change.Feature.allCases.map { feature -> [Change] in
      [.feature(feature, isPresent: !state.features[keyPath: feature.path])]
    }
    guard let stop = verdict.walk.stop, case .reservedBits(let bits) = stop.cause else {
      return features
    }
    let needed = 64 - bits.leadingZeroBitCount
    guard needed > state.physicalBits, needed <= 52 else { return features }
    let encrypted: [[Change]] =
      bits.nonzeroBitCount == 1 && state.encryptionBit == nil ? [[.encryptionBit(needed - 1)]] : []
    return features + [[.physicalBits(needed)]] + encrypted
  }

  private func entries(_ verdict: Verdict) -> [[Change]] {
    var seen: Set<PhysicalAddress> = []
    return verdict.steps.flatMap { step -> [[Change]] in
      // A self-map reads an entry at several levels; it is one word nevertheless.
      guard let entry = step.entry, seen.insert(step.entryAddress).inserted else { return [] }
      let flags = flags(step)
      var changes: [[Change]] = []
      if let stop = verdict.walk.stop, case .reservedBits(let bits) = stop.cause,
        stop.entryAddress == step.entryAddress, !flags.contains(where: { $0.mask == bits })
      {
        changes.append([flip("", bits, of: step)])
      }
      return changes
        + flags.compactMap { field in
          // An entry of 0 is empty: what it would say with P=1 is nobody's intention. Nor is a
          // page where a table is, unless that is where the walk ends.
          if field.mask == X86Fields.present.mask, entry == 0 { return nil }
          if String(describing: field.name) == "PS",
            step != verdict.steps.last || !X86Fields.present.isSet(in: entry)
          {
            return nil
          }
          return [flip(String(describing: field.name), field.mask, of: step)]
        }
    }
  }

  /// The same right in all entries that take it away, where there are several.
  private func sameBits(_ verdict: Verdict) -> [[Change]] {
    let rights: [(BitField, Bool)] = [
      (X86Fields.writable, true), (X86Fields.user, true), (X86Fields.executeDisable, false),
    ]
    return rights.compactMap { field, grants in
      var seen: Set<PhysicalAddress> = []
      let changes = verdict.steps.compactMap { step -> Change? in
        guard let entry = step.entry, field.isSet(in: entry) != grants,
          flags(step).contains(where: { $0.mask == field.mask }),
          seen.insert(step.entryAddress).inserted
        else { return nil }
        return flip(String(describing: field.name), field.mask, of: step)
      }
      return changes.count > 1 ? changes : nil
    }
  }

  /// Inverts bits of an entry.
  func flip(_ field: String, _ bits: UInt64, of step: WalkStep) -> Change {
    .entry(
      level: step.level, address: step.entryAddress, field: field, bits: bits,
      isSet: (step.entry ?? 0) & bits == 0)
  }

  /// The flags of an entry that decide about translation and rights.
  private func flags(_ step: WalkStep) -> [BitField] {
    guard let entry = step.entry else { return [] }
    let isPage = step.level == 1 || X86Fields.pageSize.isSet(in: entry)
    let layout =
      state.layout(level: step.level, isPage: isPage)
      ?? state.layout(level: step.level, isPage: false)
    let deciding = [
      X86Fields.present, X86Fields.writable, X86Fields.user, X86Fields.dirty,
      X86Fields.executeDisable,
    ]
    return (layout?.fields ?? []).filter { field in
      guard field.kind == .value else { return false }
      return deciding.contains { $0.mask == field.mask } || String(describing: field.name) == "PS"
    }
  }
}
