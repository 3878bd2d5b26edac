/// The answers of a class: a line for each student, a name and a colon, then the answers in order,
/// separated by semicolons.
///
/// Blank lines and what follows a `#` at the start of a line are skipped. An answer may be left out.
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
  /// The largest number of answers that a student gave.
  public var answerCount: Int { students.map(\.answers.count).max() ?? 0 }

  /// Reads a sheet.
  ///
  /// - Parameters:
  ///   - text: the lines.
  ///   - path: names the sheet in what is said about it.
  /// - Throws: `Problem` for the first line that names no student, or one that was named before.
  public init(_ text: String, path: String) throws(Problem) {
    var students: [Student] = []
    var lineOf: [String: Int] = [:]
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (number, line) in zip(1..., lines) {
      let line = line.last == "\r" ? line.dropLast() : line
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
      if let before = lineOf.updateValue(number, forKey: name) {
        throw problem(start + 1, "`\(name)` has a line already, line \(before)")
      }
      let answers = parts[1].split(separator: ";", omittingEmptySubsequences: false)
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
