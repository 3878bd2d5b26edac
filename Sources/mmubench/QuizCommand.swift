import ArgumentParser
import Glibc
import LinuxMemory
import Machine
import Paging
import Quiz
import Report
import ScenarioFile
import WindowsMemory

/// `quiz`: exercises on page tables, with their answers.
struct QuizCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quiz",
    abstract: "Set exercises on page tables and faults, solve them, and mark a class's answers.",
    discussion: """
      The same seed is the same exercise everywhere. A sheet of answers has a line for each student: \
      `NAME: ANSWER; ANSWER; ...`, in the order of the exercises. A name ends at the first colon. A \
      number is decimal, or hexadecimal with 0x before it.
      """ + Examples.of("quiz"))

  @Option(
    help: ArgumentHelp(
      "x86, pae, x86-64, la57, arm64, or toy:VA,PA,PAGE, the bits of a machine of one table.",
      valueName: "mode"),
    completion: Choice.completion(PagingMode.self))
  var mode = PagingMode.x86_64.rawValue

  @Option(
    help: ArgumentHelp(
      "A Windows or Linux kernel: exercises on what it makes of entries and of faults.",
      valueName: "id"))
  var os: String?

  @Option(
    help: ArgumentHelp(
      "One kind of exercise only: translate, rights, fault, updates (accessed and dirty bits), dump"
        + " (an image with holes); of Windows fault, kernel, frames; of Linux fault, kernel, cost,"
        + " signal.", valueName: "kind"))
  var kind: String?

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
      "1: where an address lies; 2: large pages and rights; 3: reserved bits and registers. Of"
        + " Windows, 1: four states of entries; 2: guards and refusals too; 3: copy-on-write,"
        + " prototypes and the PFN database too. Of Linux, 1: untouched pages, files and swap; 2:"
        + " copy-on-write, the page of zeros, NUMA hints and refusals too; 3: userfaultfd, guards,"
        + " migration, stacks and the kernel's own accesses too. A toy has one level.",
      valueName: "1|2|3"),
    transform: Numbers.number)
  var level: UInt64 = 1

  @Flag(
    name: [.customShort("c"), .customLong("solve")], help: "Work the answers out, step by step.")
  var solve = false

  @Option(
    help: ArgumentHelp(
      "Mark the answers in this file, which may be a pipe; - is standard input.", valueName: "file"),
    completion: .file())
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
    let subject = try subject()
    guard let kind else { return Quiz(subject, seed: seed, level: level) }
    guard let kind = subject.kinds.first(where: { $0.rawValue == kind }) else {
      let choices = subject.kinds.map(\.rawValue).joined(separator: ", ")
      throw Failure.usage("no exercises `\(kind)` on \(subject.name); there are \(choices)")
    }
    return Quiz(subject, seed: seed, level: level, kind: kind)
  }

  private func subject() throws -> QuizSubject {
    if mode.hasPrefix("toy:") {
      do throws(ToyGeometry.Problem) { return .toy(try ToyGeometry(mode)) } catch {
        throw Failure.usage("\(error)")
      }
    }
    let mode = try Choice.of(PagingMode.self, "mode", mode)
    guard let os, os != "none" else { return .processor(mode) }
    if LinuxKernel.isID(os) {
      return .linux(mode, id: try LinuxKernel(id: os, mode: mode).id)
    }
    guard os.lowercased().hasPrefix("windows") else {
      throw Failure.usage(OperatingSystem.unknown(os))
    }
    // What no kernel has is said here, not of the scenario of an exercise.
    _ = try WindowsKernel(named: os, mode: mode)
    return .windows(mode, id: os)
  }

  private func mark(_ path: String, _ quiz: Quiz) throws {
    let sheet: AnswerSheet
    let isInput = path == "-"
    let name = isInput ? "standard input" : path
    let bytes = try isInput ? FileContents.standardInput() : FileContents.anyBytes(of: path)
    guard bytes.count <= TextCheck.maximumBytes, let text = String(validating: bytes, as: UTF8.self)
    else {
      throw Failure.malformed("\(name): a sheet of answers is UTF-8 text of at most 4 MiB")
    }
    let exercises = try (1...count).map { try quiz.exercise($0) }
    do throws(AnswerSheet.Problem) {
      sheet = try AnswerSheet(
        text, path: name, exerciseCount: exercises.count,
        choices: exercises.first?.choices ?? [])
    } catch {
      throw Failure.malformed("\(error)")
    }
    let report = MarksReport(sheet, exercises)
    try output.write { stream in
      output.json
        ? report.writeJSON(to: &stream.buffer) : report.writeText(to: &stream.buffer)
    }
  }
}
