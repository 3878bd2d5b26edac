import Machine
import Paging
import PhysicalMemory

/// The sentences that say what would have changed an answer.
struct CounterfactualSentence {
  /// The question as it was.
  let question: Supposition
  /// The answer to it.
  let before: Supposition.Verdict

  private var mode: PagingMode { question.state.mode }
  private var phrase: ChangePhrase { ChangePhrase(mode: mode) }

  /// One sentence for one set of changes.
  func sentence(_ counterfactual: Counterfactual) -> String {
    let changes = counterfactual.changes
    return phrase.condition(changes) + comma(changes)
      + consequence(counterfactual, isDirect: !frees(changes))
  }

  /// The sentences for all of them; those that differ in one entry only become one.
  func sentences(_ counterfactuals: [Counterfactual]) -> [String] {
    var groups: [Group] = []
    for counterfactual in counterfactuals {
      let outcome = outcome(counterfactual.verdict)
      if let index = groups.firstIndex(where: { $0.take(counterfactual, outcome) != nil }) {
        groups[index] = groups[index].take(counterfactual, outcome) ?? groups[index]
      } else {
        groups.append(Group(first: counterfactual, outcome: outcome))
      }
    }
    return groups.map { group in
      guard group.entries.count > 1 else { return sentence(group.first) }
      let condition = phrase.alternatives(group.entries, and: group.common)
      return condition + (group.common.isEmpty ? " " : ", ")
        + consequence(group.first, isDirect: !frees(group.first.changes))
    }
  }

  /// Counterfactuals that have all in common but the entry that holds one bit.
  private struct Group {
    let first: Counterfactual
    let outcome: String
    var entries: [Change] = []
    var common: [Change] = []

    /// The group with one more, or nil where that one does not belong to it.
    func take(_ other: Counterfactual, _ outcome: String) -> Group? {
      guard outcome == self.outcome else { return nil }
      let mine = Set(entries.count > 1 ? common : first.changes)
      let theirs = Set(other.changes)
      guard theirs.count == first.changes.count else { return nil }
      let new = theirs.subtracting(mine)
      guard new.count == 1, let change = new.first, let bit = change.sharedBit else { return nil }
      var group = self
      if entries.count > 1 {
        guard mine.isSubset(of: theirs), entries[0].sharedBit == bit else { return nil }
      } else {
        guard let old = mine.subtracting(theirs).first, old.sharedBit == bit else { return nil }
        group.entries = [old]
        group.common = first.changes.filter { $0 != old }
      }
      group.entries.append(change)
      return group
    }
  }

  private func comma(_ changes: [Change]) -> String {
    changes.contains { $0.isPrivilege || $0.isProcessor } ? ", " : " "
  }

  /// Whether changes elsewhere make reserved bits of an entry something else.
  private func frees(_ changes: [Change]) -> Bool {
    guard let stop = before.walk.stop, case .reservedBits = stop.cause else { return false }
    return !changes.contains { change in
      guard case .entry(_, stop.entryAddress, _, _, _) = change else { return false }
      return true
    }
  }

  private func consequence(_ counterfactual: Counterfactual, isDirect: Bool) -> String {
    let verdict = counterfactual.verdict
    guard !isDirect, let stop = before.walk.stop else {
      let goesOn = before.walk.stop != nil && !verdict.isGood && verdict.result != nil
      return (goesOn ? "the walk would go on, but " : "") + outcome(verdict)
    }
    let isWide = question.state.isARM64
    return "\(Wording.bits(freedBits(verdict))) of \(place(stop)) would "
      + (isWide ? "be within the output size, " : "not be reserved, ")
      + (verdict.isGood ? "and " : "but ") + outcome(verdict)
  }

  /// The entry that ended a walk, or the register with the root.
  private func place(_ stop: WalkStop) -> String {
    guard question.state.isARM64, stop.level == 0 else {
      return "the \(mode.entryName(stop.level))"
    }
    return ARM64Half(of: question.pointer.rawValue) == .lower ? "TTBR0_EL1" : "TTBR1_EL1"
  }

  /// The bits of the entry that ended the walk which are not reserved any more.
  private func freedBits(_ verdict: Supposition.Verdict) -> UInt64 {
    guard let stop = before.walk.stop, case .reservedBits(let bits) = stop.cause else { return 0 }
    guard let now = verdict.walk.stop, now.entryAddress == stop.entryAddress,
      now.level == stop.level, case .reservedBits(let rest) = now.cause
    else { return bits }
    return bits & ~rest
  }

  /// What becomes of the question then.
  func outcome(_ verdict: Supposition.Verdict) -> String {
    guard let access = question.access, let result = verdict.result else {
      return ending(verdict.walk)
    }
    let subject = "this \(access.kind.noun)"
    return switch result {
    case .translated(let translation, _):
      "\(subject) would succeed"
        + (translation.address == before.walk.translation?.address
          ? "" : " at \(translation.address)")
    case .pageFault(let fault):
      "\(subject) would page-fault with \(AccessSentence.code(fault.errorCode))"
    case .abort(let abort): "\(subject) would raise \(abort.indefinite) \(abort.kindText)"
    case .generalProtection: "\(subject) would raise a general-protection exception"
    case .missing: ending(verdict.walk)
    }
  }

  private func ending(_ walk: WalkResult) -> String {
    switch walk {
    case .mapped(let translation):
      return "the address would be mapped to \(translation.address)"
    case .stopped(let stop):
      let name = mode.entryName(stop.level)
      if question.state.isARM64, let ending = endingOfARM64(stop) { return ending }
      return switch stop.cause {
      case .notPresent: "the walk would end at the \(name), which has P=0"
      case .reservedBits(let bits):
        "\(Wording.bits(bits)) of the \(name) would be reserved, and the walk would end there"
      case .nonCanonical: "the address would not be canonical"
      case .missing:
        "the image does not hold the \(name) at \(stop.entryAddress) that would be read"
      }
    }
  }

  private func endingOfARM64(_ stop: WalkStop) -> String? {
    switch stop.cause {
    case .notPresent where stop.level == 0: "walks of this half would be disabled"
    case .notPresent: "the walk would end at \(place(stop)), which is not valid"
    case .reservedBits(let bits):
      "\(Wording.bits(bits)) of \(place(stop)) would be beyond the output size"
    case .nonCanonical: "the address would be in neither half"
    case .missing: nil
    }
  }
}
