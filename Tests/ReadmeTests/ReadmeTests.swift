import Foundation
import Testing

/// The README, the course and the articles show what the program prints: every `console` block is run and
/// compared.
@Suite struct ReadmeTests {
  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  struct Session: CustomTestStringConvertible {
    var command: String
    var output: [String]
    var testDescription: String { command }
  }

  /// The commands of a document's `console` blocks, each with the lines that follow it.
  static func sessions(in file: String) -> [Session] {
    let text = try? String(contentsOf: root.appending(path: file), encoding: .utf8)
    var sessions: [Session] = []
    var isInside = false
    for line in (text ?? "").components(separatedBy: "\n") {
      if line.hasPrefix("```") {
        isInside = line == "```console"
      } else if isInside, line.hasPrefix("$ ") {
        sessions.append(Session(command: String(line.dropFirst(2)), output: []))
      } else if isInside, !sessions.isEmpty {
        sessions[sessions.count - 1].output.append(line)
      }
    }
    return sessions
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
    let process = Process()
    process.executableURL = Self.executable
    process.arguments = Array(words.dropFirst())
    process.currentDirectoryURL = Self.root
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let lines = String(decoding: data, as: UTF8.self).components(separatedBy: "\n").dropLast()
    #expect(Array(lines) == session.output)
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
