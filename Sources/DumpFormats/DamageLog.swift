import Synchronization

/// What turned out to be damaged while memory was read, in a bounded number of words.
final class DamageLog: Sendable {
  private struct State {
    var offsets: Set<UInt64> = []
    var warnings = Warnings()
  }

  private static let mostOffsets = 1 << 16
  private let state = Mutex(State())

  /// Remembers a defect, once for each place in the file.
  func add(_ defect: DumpDefect, memory: String) {
    state.withLock { state in
      guard state.offsets.count < Self.mostOffsets, state.offsets.insert(defect.offset).inserted
      else { return }
      state.warnings.add("\(memory) is missing: \(defect)")
    }
  }

  /// The defects so far.
  var list: [String] { state.withLock(\.warnings.list) }
}
