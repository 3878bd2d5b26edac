extension StepReport {
  /// What became of the lists that have other frames now, in words: `free 12 -> 11, active 3 -> 4`; nil where
  /// none has.
  public var listWords: String? {
    let changed = lists.filter { $0.before != $0.after }
    guard !changed.isEmpty else { return nil }
    return changed.map { "\($0.name) \($0.before) -> \($0.after)" }.joined(separator: ", ")
  }
}
