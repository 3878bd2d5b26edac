/// How much a report says of a step: what nobody looks at costs time, and a timeline may have a million steps.
public enum StepDetail: Int, Comparable, Sendable {
  /// How the step ended, how many accesses were made, how the faults ended, and how many frames are on each list.
  case counts
  /// What was done in words, each fault, and what changed: entries, frames, pages; what happened beside.
  case changes
  /// For each fault what every other access to the address would have come to, too.
  case answers

  /// Orders by how much is said.
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
