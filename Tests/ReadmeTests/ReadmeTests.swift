import Foundation
import Testing

/// The README, the course and the articles show what the program prints: every `console` block is run and
/// compared, and every `yaml` block that is a scenario passes.
@Suite struct ReadmeTests {
  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  struct Session: CustomTestStringConvertible {
    var command: String
    var output: [String]
    var testDescription: String { command }
  }

  /// The lines of a document's blocks in one language.
  private static func blocks(_ language: String, in file: String) -> [[String]] {
    let text = try? String(contentsOf: root.appending(path: file), encoding: .utf8)
    var blocks: [[String]] = []
    var isInside = false
    for line in (text ?? "").components(separatedBy: "\n") {
      if line.hasPrefix("```") {
        isInside = line == "```\(language)"
        if isInside { blocks.append([]) }
      } else if isInside {
        blocks[blocks.count - 1].append(line)
      }
    }
    return blocks
  }

  /// The commands of a document's `console` blocks, each with the lines that follow it.
  static func sessions(in file: String) -> [Session] {
    var sessions: [Session] = []
    for line in blocks("console", in: file).joined() {
      if line.hasPrefix("$ ") {
        sessions.append(Session(command: String(line.dropFirst(2)), output: []))
      } else if !sessions.isEmpty {
        sessions[sessions.count - 1].output.append(line)
      }
    }
    return sessions
  }

  struct Example: CustomTestStringConvertible {
    var name: String
    var lines: [String]
    var testDescription: String { name }
  }

  /// The `yaml` blocks with a machine, the goldens left out; those without a head get one.
  static func examples(in file: String) -> [Example] {
    blocks("yaml", in: file).filter { lines in lines.contains { $0.hasPrefix("machine:") } }
      .enumerated().map { index, lines in
        let name = "example-\(index + 1)"
        let hasHead = lines.contains { $0.hasPrefix("mmubench:") }
        let head = ["mmubench: 1", "title: An example", "source: \(file)"]
        let rest = lines.filter { !$0.hasPrefix("scenario:") && !$0.hasPrefix("golden:") }
        return Example(
          name: name,
          lines: (hasHead ? [] : head) + rest + ["scenario: \(name)", "golden: false"])
      }
  }

  @Test func theLanguageIsShownByExamples() {
    #expect(Self.examples(in: "README.md").count == 1)
    #expect(Self.examples(in: "Scenarios/README.md").count >= 6)
  }

  @Test(arguments: ["README.md", "Scenarios/README.md"].flatMap { examples(in: $0) })
  func everyExamplePasses(example: Example) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "\(example.name).yaml")
    try Data(example.lines.joined(separator: "\n").utf8).write(to: file)
    let outcome = try Self.run(["run", file.path])
    #expect(outcome.status == 0, "\(outcome.output)")
  }

  @Test func readmeHasSessions() { #expect(Self.sessions(in: "README.md").count >= 2) }

  /// The lessons of the course, in order.
  private static var lessons: [String] {
    let folder = "Scenarios/course"
    let names = try? FileManager.default.contentsOfDirectory(
      atPath: root.appending(path: folder).path)
    return (names ?? []).filter { $0.hasSuffix(".md") }.sorted().map { "\(folder)/\($0)" }
  }

  @Test func everyArticleIsFound() { #expect(Self.articles.count >= 20) }

  @Test func everyLessonHasAScenarioAndCommands() {
    let lessons = Self.lessons.filter { !$0.hasSuffix("README.md") }
    #expect(lessons.count == 10)
    for lesson in lessons {
      let scenario = lesson.dropLast("md".count) + "yaml"
      #expect(FileManager.default.fileExists(atPath: Self.root.appending(path: scenario).path))
      #expect(Self.sessions(in: lesson).count >= 3, "\(lesson)")
    }
  }

  /// The articles of the libraries' documentation.
  private static var articles: [String] {
    let files = try? FileManager.default.subpathsOfDirectory(
      atPath: root.appending(path: "Sources").path)
    return (files ?? []).filter { $0.hasSuffix(".md") }.sorted().map { "Sources/\($0)" }
  }

  @Test(
    arguments: (["README.md", "Scenarios/README.md"] + lessons + articles)
      .flatMap { sessions(in: $0) })
  func sessionPrintsWhatIsShown(session: Session) throws {
    let words = session.command.split(separator: " ").map(String.init)
    #expect(words.first == "mmubench")
    let output = try Self.run(Array(words.dropFirst())).output
    #expect(output.components(separatedBy: "\n").dropLast() == session.output[...])
  }

  private static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = root
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  /// The program lies beside the test bundle in the build folder.
  private static var executable: URL {
    var folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    while folder.path.count > 1 {
      let program = folder.appending(path: "mmubench")
      if FileManager.default.isExecutableFile(atPath: program.path),
        !program.hasDirectoryPath
      {
        return program
      }
      folder.deleteLastPathComponent()
    }
    return URL(filePath: "/nonexistent/mmubench")
  }
}
