import Synchronization

/// Whether an index that is being built is wanted; once it was not, it never is again.
///
/// Tables that were passed over are not come back to, so whoever wants the index later has to have
/// another.
final class Interest: Sendable {
  private let isLost = Atomic(false)
  private let ask: @Sendable () -> Bool

  init(_ ask: @escaping @Sendable () -> Bool) { self.ask = ask }

  /// Whether somebody wants the index.
  var lasts: Bool {
    if isLost.load(ordering: .relaxed) { return false }
    if ask() { return true }
    isLost.store(true, ordering: .relaxed)
    return false
  }
}
