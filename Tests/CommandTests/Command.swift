import Foundation
import Testing

/// The built program, run as a process.
struct Command {
  /// What came of a run.
  struct Outcome {
    let status: Int32
    let output: String
    let errors: String

    /// The lines of standard output.
    var lines: [Substring] { output.split(separator: "\n") }
  }

  /// The program stands beside the bundle that the tests are in.
  static let program: URL = {
    let here = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let candidates =
      [here, Bundle.main.bundleURL] + CommandLine.arguments.map(URL.init(fileURLWithPath:))
    for candidate in candidates {
      let program = candidate.deletingLastPathComponent().appendingPathComponent("mmubench")
      if FileManager.default.isExecutableFile(atPath: program.path) { return program }
    }
    return URL(fileURLWithPath: "mmubench")
  }()

  /// Runs the program in `folder`, with `input` on standard input.
  static func run(
    _ arguments: [String], input: String = "", in folder: Workplace,
    environment: [String: String] = [:]
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = folder.url
    process.environment = ["PATH": "/usr/bin:/bin", "TERM": "xterm"].merging(environment) { $1 }
    let name = UUID().uuidString
    let inputFile = try folder.write(input, to: ".\(name).in")
    let outputFile = try folder.write("", to: ".\(name).out")
    let errorFile = try folder.write("", to: ".\(name).err")
    process.standardInput = try FileHandle(forReadingFrom: inputFile)
    process.standardOutput = try FileHandle(forWritingTo: outputFile)
    process.standardError = try FileHandle(forWritingTo: errorFile)
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit, "\(arguments) did not end by itself")
    return Outcome(
      status: process.terminationStatus,
      output: try String(contentsOf: outputFile, encoding: .utf8),
      errors: try String(contentsOf: errorFile, encoding: .utf8))
  }
}

/// A folder that is there for one test.
final class Workplace {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory
      .appendingPathComponent("mmubench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    try write(Self.scenario("plain", "map: [{ va: 0x40_0000, to: 0x5000 }]"), to: "plain.yaml")
  }

  /// A folder with the raw image of a scenario, `s.raw`.
  convenience init(rawOf scenario: String, _ options: String...) throws {
    try self.init()
    try write(scenario, to: "s.yaml")
    let build = ["build", "s.yaml", "--format", "raw", "--output", "s.raw"] + options
    let outcome = try Command.run(build, in: self)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  @discardableResult
  func write(_ text: String, to name: String) throws -> URL {
    let file = url.appendingPathComponent(name)
    try Data(text.utf8).write(to: file)
    return file
  }

  func read(_ name: String) throws -> String {
    try String(contentsOf: url.appendingPathComponent(name), encoding: .utf8)
  }

  /// The environment of runs that keep what they keep in a folder here.
  var caching: [String: String] { ["XDG_CACHE_HOME": url.appending(path: "cache").path] }

  /// The names of the files, without those that runs leave.
  var files: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: url.path)
        .filter { !$0.hasPrefix(".") }.sorted()
    }
  }

  /// Writes a scenario of one process whose tables are these words, the top one at 0x1000.
  func writeTables(
    _ name: String, _ words: [(at: UInt64, value: UInt64)], mode: String = "x86-64"
  ) throws {
    let entries = words.map { "\n      - { at: \($0.at), value: \($0.value) }" }.joined()
    try write(
      Self.scenario(
        name, "processes:\n  - name: \(name)\n    root: 0x1000\n    entries:\(entries)", mode: mode),
      to: "\(name).yaml")
  }

  /// A scenario in 4-level paging with these lines.
  static func scenario(_ name: String, _ lines: String, mode: String = "x86-64") -> String {
    """
    mmubench: 1
    scenario: \(name)
    title: A scenario of the tests
    source: the tests
    machine: { mode: \(mode), memory: 1 MiB }
    golden: false
    \(lines)

    """
  }
}
