import Foundation
import Synchronization

/// Lets few requests be worked on at once, so that those whose askers go away meanwhile are not.
final class Turns: Sendable {
  /// More than so many requests are refused, for each holds files.
  static let limit = 128
  /// So many are worked on at once; more would only take the processors from each other.
  private static let atOnce = max(4, ProcessInfo.processInfo.activeProcessorCount)
  /// Longer nobody waits for his turn: what is under way may take minutes.
  private static let patience = Duration.milliseconds(800)
  private static let look = Duration.milliseconds(20)

  private struct State {
    var requests = 0
    var underWay = 0
  }

  private let state = Mutex(State())

  /// Lets a request in; false where there are too many.
  func enter() -> Bool {
    state.withLock { state in
      guard state.requests < Self.limit else { return false }
      state.requests += 1
      return true
    }
  }

  /// Lets a request out.
  func leave() { state.withLock { $0.requests -= 1 } }

  /// Waits for a turn, which is given back when the request is answered.
  func take() async throws {
    let end = ContinuousClock.now + Self.patience
    while !begin(atMost: ContinuousClock.now < end ? Self.atOnce : Self.limit) {
      try await Task.sleep(for: Self.look)
    }
  }

  private func begin(atMost count: Int) -> Bool {
    state.withLock { state in
      guard state.underWay < count else { return false }
      state.underWay += 1
      return true
    }
  }

  /// Gives a turn back.
  func giveBack() { state.withLock { $0.underWay -= 1 } }
}
