import FlyingSocks
import Glibc
import Synchronization

/// The connections that have not said yet what they want.
///
/// A browser opens some before it needs them. Whoever opens more than there are places for loses the
/// oldest, so that a request always finds one.
final class SilentConnections: Sendable {
  /// The number of places.
  static let limit = 128

  private struct State {
    var next = 0
    /// The oldest first.
    var open: [(number: Int, socket: Socket)] = []
  }

  private let state = Mutex(State())

  /// Takes a connection in: its number, to leave by before it is closed.
  func enter(_ socket: Socket) -> Int {
    state.withLock { state in
      if state.open.count == Self.limit {
        // It is closed where it is waited for, which hears of its end.
        _ = shutdown(state.open.removeFirst().socket.file.rawValue, Int32(SHUT_RDWR))
      }
      state.next += 1
      state.open.append((state.next, socket))
      return state.next
    }
  }

  /// Lets a connection out that has said what it wants, or has gone.
  func leave(_ number: Int) {
    state.withLock { $0.open.removeAll { $0.number == number } }
  }
}
