import Paging

/// What the emulated MMU answers where some things are different.
///
/// These are found by trying: each change is made to the question, and the question is asked again.
public struct Counterfactual: Sendable {
  /// What is different; every part of it is needed.
  public let changes: [Change]
  /// The answer then.
  public let verdict: Supposition.Verdict
}

extension Supposition {
  /// The smallest sets of changes with which the answer is as wanted, the smaller ones first.
  ///
  /// Sets of several different things are looked for only where no one thing does, and are built of
  /// things that each take an obstacle away, if there are any. A bit of several entries counts as
  /// one thing.
  public func counterfactuals(_ isWanted: (Verdict) -> Bool) -> [Counterfactual] {
    var found: [Counterfactual] = []
    var foundSets: [Set<Change>] = []
    var tried: Set<Set<Change>> = []
    var frontier: [(changes: [Change], question: Supposition, verdict: Verdict)] = [
      ([], self, verdict)
    ]
    for _ in 0..<Self.depthLimit where found.isEmpty && !frontier.isEmpty {
      // Of no use alone; tried further only where nothing else is, as bits that only count together.
      var idle: [(changes: [Change], question: Supposition, verdict: Verdict)] = []
      var next: [(changes: [Change], question: Supposition, verdict: Verdict)] = []
      for (changes, question, before) in frontier {
        for candidate in question.candidates(before) {
          let all = Set(changes + candidate)
          guard tried.insert(all).inserted, !foundSets.contains(where: all.isSuperset(of:)),
            let other = question.supposing(candidate)
          else { continue }
          let verdict = other.verdict
          if isWanted(verdict) {
            let least = needed(of: changes + candidate, isWanted)
            guard !foundSets.contains(where: Set(least.changes).isSuperset) else { continue }
            found.append(least)
            foundSets.append(Set(least.changes))
          } else if verdict.isFurther(than: before) {
            next.append((changes + candidate, other, verdict))
          } else if verdict.walk == before.walk || verdict.obstacles == before.obstacles {
            idle.append((changes + candidate, other, verdict))
          }
        }
      }
      frontier = Array((next.isEmpty ? idle : next).prefix(Self.widthLimit))
    }
    return found.enumerated()
      .sorted { ($0.element.changes.count, $0.offset) < ($1.element.changes.count, $1.offset) }
      .map(\.element)
  }

  /// The changes without those that the answer does not need: one that frees a bit of being
  /// reserved is idle where another clears the bit.
  private func needed(
    of changes: [Change], _ isWanted: (Verdict) -> Bool
  ) -> Counterfactual {
    var changes = changes
    for change in changes where changes.count > 1 {
      let fewer = changes.filter { $0 != change }
      if let verdict = supposing(fewer)?.verdict, isWanted(verdict) { changes = fewer }
    }
    return Counterfactual(changes: changes, verdict: supposing(changes)?.verdict ?? verdict)
  }

  /// The single changes that take the walk beyond the entry where it ends, though not to success.
  public var detours: [Counterfactual] {
    let before = verdict
    guard before.walk.stop != nil else { return [] }
    return candidates(before).compactMap { changes in
      guard let verdict = supposing(changes)?.verdict, !verdict.isGood,
        verdict.isFurther(than: before)
      else { return nil }
      return Counterfactual(changes: changes, verdict: verdict)
    }
  }

  /// The single changes that take success away: of registers, of the processor, of who makes the
  /// access, and of the rights that entries grant.
  public var threats: [Counterfactual] {
    let before = verdict
    guard before.isGood else { return [] }
    return candidates(before).filter(isThreat).compactMap { changes in
      guard let verdict = supposing(changes)?.verdict, !verdict.isGood, verdict.isKnown else {
        return nil
      }
      return Counterfactual(changes: changes, verdict: verdict)
    }
  }

  /// Without P or the valid bit every access faults, and with another PS or type every walk goes
  /// elsewhere; the rights in entries are no matter of a walk.
  private func isThreat(_ changes: [Change]) -> Bool {
    guard changes.count == 1 else { return false }
    guard case .entry(_, _, let field, _, _) = changes[0] else { return true }
    return access != nil && !["P", "PS", "valid", "type"].contains(field)
  }

  private static let depthLimit = 3
  private static let widthLimit = 48
}

extension Supposition.Verdict {
  /// Whether the answer does not depend on memory that is not in the image.
  var isKnown: Bool { walk.outcome != .missing }

  /// Whether an obstacle is gone that stood before: an entry that ended the walk, or a rule.
  func isFurther(than other: Self) -> Bool {
    switch (other.walk, walk) {
    case (.stopped(let before), .stopped(let after)):
      if after.level == before.level, case .reservedBits(let old) = before.cause,
        case .reservedBits(let new) = after.cause
      {
        return new != old && new & ~old == 0
      }
      // No level is above that of an address that is not canonical.
      return before.level == 0 ? after.level > 0 : after.level > 0 && after.level < before.level
    case (.stopped, .mapped): return true
    case (.mapped, .stopped): return false
    case (.mapped, .mapped):
      return obstacles.isFurther(than: other.obstacles)
    }
  }
}
