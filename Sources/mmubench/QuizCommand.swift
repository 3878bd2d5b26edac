import ArgumentParser
import Glibc
import Paging
import Quiz
import Report
import ScenarioFile

/// `quiz`: exercises on page tables, with their answers.
struct QuizCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quiz",
    abstract: "Set exercises on page tables and faults, solve them, and mark a class's answers.",
    discussion: """
      The same seed is the same exercise everywhere. A sheet of answers has a line for each student: \
      `NAME: ANSWER; ANSWER; ...`, in the order of the exercises.
      """ + Examples.of("quiz"))

  @Option(
    help: ArgumentHelp(
      "x86, pae, x86-64, la57, arm64, or toy:VA,PA,PAGE, the bits of a machine of one table.",
      valueName: "mode"))
  var mode = PagingMode.x86_64.rawValue

  @Option(
    help: ArgumentHelp(
      "A Windows kernel: exercises on what it makes of entries that are not present.",
      valueName: "id"))
  var os: String?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Which exercises.", valueName: "number"),
    transform: Numbers.number)
  var seed: UInt64 = 1

  @Option(
    name: [.customShort("n"), .long], help: ArgumentHelp("How many exercises.", valueName: "n"),
    transform: Numbers.number)
  var count: UInt64 = 5

  @Option(
    help: ArgumentHelp(
      "1: where an address lies; 2: large pages and rights; 3: reserved bits and registers.",
      valueName: "1|2|3"),
    transform: Numbers.number)
  var level: UInt64 = 1

  @Flag(
    name: [.customShort("c"), .customLong("solve")], help: "Work the answers out, step by step.")
  var solve = false

  @Option(help: ArgumentHelp("Mark the answers in this file.", valueName: "file"))
  var grade: String?

  @OptionGroup(title: "Output options") var output: OutputOptions

  func validate() throws {
    guard (1...1000).contains(count) else {
      throw ValidationError("--count is 1 to 1000")
    }
    guard (1...3).contains(level) else { throw ValidationError("--level is 1, 2 or 3") }
    if grade != nil, solve { throw ValidationError("--grade marks answers; leave -c out") }
    if os != nil, mode.hasPrefix("toy:") {
      throw ValidationError("a toy machine has no operating system; leave --os out")
    }
  }

  func run() throws {
    let quiz = try quiz()
    if let grade { return try mark(grade, quiz) }
    try output.write { stream in
      let (text, json) = (QuizText(isSolved: solve), QuizJSON(quiz))
      for number in 1...count {
        let exercise = try quiz.exercise(number)
        if output.json {
          json.write(exercise, to: &stream.buffer)
        } else {
          if number > 1 { stream.buffer.endLine() }
          text.write(exercise, to: &stream.buffer)
        }
        guard stream.drain() else { return }
      }
    }
  }

  private func quiz() throws -> Quiz {
    let level = QuizLevel(rawValue: Int(level)) ?? .addresses
    return Quiz(try subject(), seed: seed, level: level)
  }

  private func subject() throws -> QuizSubject {
    if mode.hasPrefix("toy:") {
      do throws(ToyGeometry.Problem) { return .toy(try ToyGeometry(mode)) } catch {
        throw Failure.usage("\(error)")
      }
    }
    let mode = try Choice.of(PagingMode.self, "mode", mode)
    guard let os, os != "none" else { return .processor(mode) }
    return .windows(mode, id: os)
  }

  private func mark(_ path: String, _ quiz: Quiz) throws {
    let sheet: AnswerSheet
    let bytes = try FileContents.bytes(of: path)
    guard bytes.count <= TextCheck.maximumBytes, let text = String(validating: bytes, as: UTF8.self)
    else {
      throw Failure.malformed("\(path): a sheet of answers is UTF-8 text of at most 4 MiB")
    }
    do throws(AnswerSheet.Problem) { sheet = try AnswerSheet(text, path: path) } catch {
      throw Failure.malformed("\(error)")
    }
    let exercises = try (1...count).map { try quiz.exercise($0) }
    guard sheet.answerCount <= exercises.count else {
      throw Failure.malformed(
        "\(path): a student has \(sheet.answerCount) answers to \(exercises.count) exercises;"
          + " say --count \(sheet.answerCount)")
    }
    let report = MarksReport(sheet, exercises)
    try output.write { stream in
      output.json
        ? report.writeJSON(to: &stream.buffer) : report.writeText(to: &stream.buffer)
    }
  }
}
