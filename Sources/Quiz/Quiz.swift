public import ScenarioFile

/// Exercises that a seed determines: the same everywhere, each without those before it.
public struct Quiz: Sendable {
  /// What the exercises are about.
  public let subject: QuizSubject
  /// The seed.
  public let seed: UInt64
  /// How hard they are.
  public let level: QuizLevel
  /// What all of them ask; nil for a mixture that the level decides.
  public let kind: ExerciseKind?

  /// Describes a quiz; `kind` is one of those that the subject has.
  public init(
    _ subject: QuizSubject, seed: UInt64 = 1, level: QuizLevel = .addresses,
    kind: ExerciseKind? = nil
  ) {
    self.subject = subject
    self.seed = seed
    self.level = level
    self.kind = kind
  }

  /// Makes exercise `number`, counted from 1.
  ///
  /// - Throws: `DiagnosticList` where the subject is one that no machine can be built for, such as a
  ///   kernel that has no entries in the mode.
  public func exercise(_ number: UInt64) throws(DiagnosticList) -> Exercise {
    var draw = Draw(seed: seed, exercise: number)
    return switch subject {
    case .toy(let geometry): ToyExercise(geometry).exercise(number, &draw)
    case .processor(let mode):
      switch kind {
      case .updates: try UpdatesExercise(mode, level, &draw).exercise(number, &draw)
      case .dump: try DumpExercise(mode, &draw).exercise(number, &draw)
      default: try ProcessorExercise(mode, level, &draw).exercise(number, kind, &draw)
      }
    case .windows(let mode, let id):
      try WindowsExercise(mode, id, level, &draw).exercise(number, kind, &draw)
    case .linux(let mode, let id):
      try LinuxExercise(mode, id, level, &draw).exercise(number, kind, &draw)
    }
  }
}
