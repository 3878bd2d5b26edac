import FlyingFox
import PhysicalMemory
import Synchronization

/// Somebody who asked for a page, as long as he waits for it.
public final class Asker: Sendable {
  private let hasGone = Atomic(false)

  /// Begins to wait.
  public init() {}

  /// Whether the page is still waited for.
  public var isWaiting: Bool { !hasGone.load(ordering: .relaxed) }

  /// Nobody waits for the page any more; what is done for it may be left undone.
  public func leave() { hasGone.store(true, ordering: .relaxed) }
}

/// Those who wait, by the numbers that the gate gives to their requests.
///
/// The gate sees that somebody hangs up, and what the HTTP library calls works for him: a header field
/// that the gate adds to the request is what both know him by.
final class Askers: Sendable {
  private struct State {
    var next: UInt64 = 0
    var waiting: [UInt64: Asker] = [:]
  }

  /// The name of the field, which nobody outside can guess.
  private let field: String
  private let state = Mutex(State())

  init(field: String) { self.field = field }

  /// Lets somebody in: his number, and the line of the request that says it.
  func enter(_ asker: Asker) -> (number: UInt64, line: String) {
    state.withLock { state in
      state.next += 1
      state.waiting[state.next] = asker
      return (state.next, "\(field): \(state.next)\r\n")
    }
  }

  /// Lets him out.
  func leave(_ number: UInt64) {
    state.withLock { $0.waiting.removeValue(forKey: number) }?.leave()
  }

  /// Who made a request; somebody who has gone, where he is not known any more.
  func asker(of request: HTTPRequest) -> Asker {
    let number = request.headers[HTTPHeader(field)].flatMap { UInt64($0) }
    if let asker = state.withLock({ state in number.flatMap { state.waiting[$0] } }) {
      return asker
    }
    let asker = Asker()
    asker.leave()
    return asker
  }
}
