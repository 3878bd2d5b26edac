import PhysicalMemory
import ScenarioFile

/// The right answer, and which texts count as it.
public struct Answer: Hashable, Sendable {
  /// One of several answers to choose from.
  public struct Choice: Hashable, Sendable {
    /// The letter that stands for it.
    public let letter: Character
    /// The answer.
    public let text: String
  }

  /// The answer as it is shown and as the key has it.
  public let text: String
  /// Other spellings.
  private let synonyms: Set<String>
  /// The answer as a number, which counts in every notation.
  private let number: UInt64?

  /// An address or a code.
  static func number(_ number: UInt64, or synonyms: [String] = []) -> Answer {
    Answer(text: number.hex, synonyms: Set(synonyms.map(folded)), number: number)
  }

  /// A word.
  static func word(_ word: String, or synonyms: [String] = []) -> Answer {
    Answer(text: word, synonyms: Set((synonyms + [word]).map(folded)), number: nil)
  }

  /// A choice, by its letter or in full.
  static func choice(_ choice: Choice) -> Answer {
    .word(String(choice.letter), or: [choice.text])
  }

  /// Whether a text is the answer: letter case, blanks and the notation of numbers do not matter.
  public func accepts(_ given: String) -> Bool {
    let given = Self.folded(given)
    if synonyms.contains(given) { return true }
    guard let number else { return false }
    return (try? NumberText.number(given)) == number
  }

  /// Whether a text that is not the answer would be, were it said that its digits are hexadecimal.
  public func lacksPrefix(_ given: String) -> Bool { !accepts(given) && accepts("0x\(given)") }

  /// A text in lower case, its words one blank apart.
  private static func folded(_ text: String) -> String {
    text.lowercased().split { $0.isWhitespace || $0 == "-" || $0 == "," }.joined(separator: " ")
  }
}
