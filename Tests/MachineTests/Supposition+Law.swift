import Machine
import Paging
import Testing

extension Supposition {
  /// Expects that the changes that are said have the outcome that is said, and that every part of them is needed.
  ///
  /// - Parameters:
  ///   - round: what to say of the round where the law is broken.
  ///   - outcome: makes changes without the code that is tested, and asks.
  /// - Returns: how many changes are said.
  func expectThatChangesHold(
    _ round: String, outcome: ([Change]) throws -> AccessOutcome?
  ) rethrows -> Int {
    let found = verdict.isGood ? threats : counterfactuals(\.isGood)
    for change in found {
      let comment: Comment = "\(round) \(change.changes)"
      let now = try outcome(change.changes)
      #expect((now == .translated) == change.verdict.isGood, comment)
      #expect((now == .translated) != verdict.isGood, comment)
      guard change.changes.count > 1 else { continue }
      for index in change.changes.indices {
        var rest = change.changes
        rest.remove(at: index)
        #expect(try outcome(rest) != .translated, comment)
      }
    }
    return found.count
  }
}
