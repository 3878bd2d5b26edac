import Machine
import Paging
import PhysicalMemory
public import Quiz

/// Writes the key of a quiz: an object for each exercise.
public struct QuizJSON: Sendable {
  private let quiz: Quiz

  /// Prepares the key of a quiz.
  public init(_ quiz: Quiz) { self.quiz = quiz }

  /// Writes the object of an exercise.
  public func write(_ exercise: Exercise, to out: inout TextBuffer) {
    out.openObject()
    out.member("exercise", exercise.number)
    out.member("seed", quiz.seed)
    out.member("level", UInt64(quiz.level.rawValue))
    out.member("subject", quiz.subject.name)
    out.member("kind", exercise.kind.rawValue)
    switch exercise.matter {
    case .toy(_, let address): out.member("va", hex: address)
    case .walk(_, let walk): out.member("va", hex: walk.address.rawValue)
    case .access(_, let answer):
      out.member("va", hex: answer.pointer.rawValue)
      out.member("access", answer.access.kind.rawValue)
      out.member("as", answer.access.privilege.rawValue)
    }
    out.member("question", exercise.question)
    if !exercise.choices.isEmpty {
      out.openObject("choices")
      for choice in exercise.choices { out.member(String(choice.letter), choice.text) }
      out.closeObject()
    }
    out.member("answer", exercise.answer.text)
    out.closeLine()
  }
}
