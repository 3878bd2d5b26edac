import Dispatch
import Synchronization

/// Does many pieces of work on several threads and hands the results over in order.
struct Workers {
  /// The number of threads.
  let count: Int

  /// Gives the result for each input to `receive`, on this thread and in the order of the inputs, as
  /// soon as all before it are there.
  func map<Input: Sendable, Output: Sendable>(
    _ inputs: [Input], _ work: @escaping @Sendable (Input) -> Output, receive: (Output) -> Void
  ) {
    let board = Board<Output>()
    let queue = DispatchQueue(label: "scenarios", attributes: .concurrent)
    for _ in 0..<min(count, inputs.count) {
      queue.async {
        while let index = board.take(below: inputs.count) {
          board.put(work(inputs[index]), at: index)
        }
      }
    }
    for index in inputs.indices { receive(board.result(at: index)) }
  }

  /// Where threads take numbers of inputs and put results.
  private final class Board<Output: Sendable>: Sendable {
    private struct State {
      var next = 0
      var results: [Int: Output] = [:]
    }

    private let state = Mutex(State())
    private let news = DispatchSemaphore(value: 0)

    func take(below end: Int) -> Int? {
      state.withLock { state in
        guard state.next < end else { return nil }
        state.next += 1
        return state.next - 1
      }
    }

    func put(_ result: Output, at index: Int) {
      state.withLock { $0.results[index] = result }
      news.signal()
    }

    func result(at index: Int) -> Output {
      while true {
        if let result = state.withLock({ $0.results.removeValue(forKey: index) }) { return result }
        news.wait()
      }
    }
  }
}
