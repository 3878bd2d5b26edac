import PhysicalMemory
public import Quiz
import ScenarioFile

/// Writes the marks of a class.
public struct MarksReport: Sendable {
  private let sheet: AnswerSheet
  private let exercises: [Exercise]

  /// Marks a sheet of answers to these exercises.
  public init(_ sheet: AnswerSheet, _ exercises: [Exercise]) {
    self.sheet = sheet
    self.exercises = exercises
  }

  /// Writes an object for each student.
  public func writeJSON(to out: inout TextBuffer) {
    for student in sheet.students {
      let marks = sheet.marks(of: student, exercises)
      out.openObject()
      out.member("student", student.name)
      out.member("correct", UInt64(marks.count { $0 }))
      out.member("of", UInt64(exercises.count))
      out.openArray("answers")
      for (index, exercise) in exercises.enumerated() {
        out.openElement()
        out.member("exercise", exercise.number)
        out.member("given", given(by: student, index))
        out.member("expected", exercise.answer.text)
        out.member("correct", marks[index])
        if exercise.answer.lacksPrefix(given(by: student, index)) {
          out.member("remark", Self.prefixRule)
        }
        out.closeObject()
      }
      out.closeArray()
      out.closeLine()
    }
  }

  /// Writes a line for each student, and how many solved each exercise.
  public func writeText(to out: inout TextBuffer) {
    let width = max(8, sheet.students.map { $0.name.visible.count }.max() ?? 0) + 2
    out.styled(.dim) { out in
      out.write("student", width: width)
      out.write("right", width: rightWidth)
      for exercise in exercises { out.write("\(exercise.number)", rightAlignedIn: cellWidth) }
      out.endLine()
    }
    var solved = exercises.map { _ in 0 }
    for student in sheet.students {
      let marks = sheet.marks(of: student, exercises)
      out.write(student.name.visible, width: width)
      out.write("\(marks.count { $0 })/\(marks.count)", width: rightWidth)
      for (index, isRight) in marks.enumerated() {
        if isRight { solved[index] += 1 }
        let isGiven = !given(by: student, index).isEmpty
        let mark = isRight ? "✓" : isGiven ? "✗" : "-"
        out.write(String(repeating: " ", count: cellWidth - 1) + mark, isRight ? .green : .red)
      }
      out.endLine()
    }
    out.styled(.dim) { out in
      out.write("solved by", width: width + rightWidth)
      for count in solved { out.write("\(count)", rightAlignedIn: cellWidth) }
      out.endLine()
    }
    writeRemarks(to: &out)
  }

  /// Says of wrong answers that lack the form of hexadecimal numbers that they do.
  private func writeRemarks(to out: inout TextBuffer) {
    for student in sheet.students {
      for (index, exercise) in exercises.enumerated() {
        let given = given(by: student, index)
        guard exercise.answer.lacksPrefix(given) else { continue }
        out.write(
          "\(student.name.visible), exercise \(exercise.number): "
            + "`\(given.visible)`: \(Self.prefixRule)\n")
      }
    }
  }

  private static let prefixRule = "a number is decimal, unless it begins with 0x"

  /// The width of an exercise's column: the numbers below each other do not touch.
  private var cellWidth: Int {
    max(4, "\(max(exercises.count, sheet.students.count))".count + 1)
  }

  private var rightWidth: Int { max(7, "\(exercises.count)/\(exercises.count)".count + 2) }

  private func given(by student: AnswerSheet.Student, _ index: Int) -> String {
    index < student.answers.count ? student.answers[index] : ""
  }
}
