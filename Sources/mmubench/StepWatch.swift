import Dispatch
import Report
import Synchronization

/// A line on standard error that says which step of a timeline takes long, on a terminal only.
final class StepWatch: Sendable {
  /// What is done now.
  private struct Work {
    var step = 0
    var start: ContinuousClock.Instant?
    var isShown = false
  }

  private let total: Int
  private let work = Mutex(Work())
  private let isWanted = Terminal.error.isTerminal

  /// A step that is done sooner is not worth a line.
  private static let patience = Duration.seconds(2)

  /// Watches the steps of a timeline that has so many.
  init(total: Int) {
    self.total = total
    if isWanted { look(with: DispatchQueue(label: "steps")) }
  }

  /// Looks at what is done once a second.
  private func look(with queue: DispatchQueue) {
    queue.asyncAfter(deadline: .now() + 1) { [weak self] in
      guard let self else { return }
      show()
      look(with: queue)
    }
  }

  /// Does a step.
  func step<Result, Failure: Error>(
    _ number: Int, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard isWanted else { return try body() }
    work.withLock { ($0.step, $0.start) = (number, .now) }
    // The line is away before anything else is written.
    defer { clear() }
    return try body()
  }

  private func show() {
    work.withLock { work in
      guard let start = work.start, start.duration(to: .now) >= Self.patience else { return }
      work.isShown = true
      let seconds = start.duration(to: .now).components.seconds
      Notice.write { $0.write("\r\u{1b}[Kstep \(work.step) of \(total), for \(seconds) s") }
    }
  }

  private func clear() {
    work.withLock { work in
      if work.isShown { Notice.write { $0.write("\r\u{1b}[K") } }
      (work.start, work.isShown) = (nil, false)
    }
  }
}
