/// The answers of a class: a line for each student, a name and a colon, then the answers in order,
/// separated by semicolons.
///
/// A name ends at the first colon and has none. Blank lines and what follows a `#` at the start of a line are skipped, and so is a byte order mark.
/// An answer may be left out, and a line may end with a semicolon.
public struct AnswerSheet: Sendable {
  /// What one student answered.
  public struct Student: Hashable, Sendable {
    /// The name.
    public let name: String
    /// The answers, that to the first exercise first; empty where there is none.
    public let answers: [String]
  }

  /// What is wrong with a sheet, and where.
  public struct Problem: Error, CustomStringConvertible {
    /// `FILE:LINE:COLUMN: what is wrong; what would be right`.
    public let description: String
  }

  /// The students, in the order of the sheet.
  public let students: [Student]

  /// Reads a sheet.
  ///
  /// - Parameters:
  ///   - text: the lines.
  ///   - path: names the sheet in what is said about it.
  ///   - exerciseCount: how many answers a student can have given.
  ///   - choices: what may be answered in full to the first exercise; other first answers have no colon.
  /// - Throws: `Problem` for the first line that names no student, or one that was named before, or
  ///   that has more answers than there are exercises.
  public init(_ text: String, path: String, exerciseCount: Int, choices: [Answer.Choice] = [])
    throws(Problem)
  {
    var students: [Student] = []
    var lineOf: [String: Int] = [:]
    // Spreadsheets and editors begin a text with one.
    let text =
      text.unicodeScalars.first == "\u{feff}"
      ? Substring(text.unicodeScalars.dropFirst()) : text[...]
    // CR LF is one character.
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    for (number, line) in zip(1..., lines) {
      let start = line.prefix { $0 == " " || $0 == "\t" }.count
      if start == line.count || line.dropFirst(start).first == "#" { continue }
      func problem(_ column: Int, _ what: String) -> Problem {
        Problem(description: "\(path):\(number):\(column): \(what)")
      }
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let name = Self.trimmed(parts[0])
      guard parts.count == 2, !name.isEmpty else {
        throw problem(start + 1, "no name; a line is `NAME: ANSWER; ANSWER; ...`")
      }
      let first = parts[1].prefix { $0 != ";" }
      if let colon = first.firstIndex(of: ":"),
        !choices.contains(where: { $0.text.lowercased() == Self.trimmed(first).lowercased() })
      {
        throw problem(
          line.distance(from: line.startIndex, to: colon) + 1,
          "a second colon before the first answer ends: a name has none, and ends at the first")
      }
      if let before = lineOf.updateValue(number, forKey: name) {
        throw problem(start + 1, "`\(name)` has a line already, line \(before)")
      }
      var answers = parts[1].split(separator: ";", omittingEmptySubsequences: false)
      while let last = answers.last, Self.trimmed(last).isEmpty { answers.removeLast() }
      if answers.count > exerciseCount {
        let first = answers[exerciseCount].drop(while: \.isWhitespace)
        let column = line.distance(from: line.startIndex, to: first.startIndex)
        throw problem(
          column + 1,
          "`\(name)` has \(answers.count) answers to \(exerciseCount) exercises;"
            + " say --count \(answers.count)")
      }
      students.append(Student(name: name, answers: answers.map(Self.trimmed)))
    }
    self.students = students
  }

  private static func trimmed(_ text: Substring) -> String {
    let isBlank = { (character: Character) in character == " " || character == "\t" }
    var text = text.drop(while: isBlank)
    while let last = text.last, isBlank(last) { text.removeLast() }
    return String(text)
  }

  /// Whether the answers of a student are right, one for each exercise.
  public func marks(of student: Student, _ exercises: [Exercise]) -> [Bool] {
    exercises.enumerated().map { index, exercise in
      index < student.answers.count && exercise.answer.accepts(student.answers[index])
    }
  }
}
