import Foundation
import TestSupport
import Testing

/// What the program says of itself: help with examples that work, manual pages, completions.
@Suite struct HelpTests {
  private let place: Workplace
  init() throws {
    place = try Workplace()
    try FileManager.default.createSymbolicLink(
      at: place.url.appending(path: "Scenarios"),
      withDestinationURL: Repository.file("Scenarios"))
  }

  /// Runs a line of the shell in a folder with the scenarios.
  private func shell(_ line: String) throws -> Command.Outcome {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-c", "set -o pipefail; \(line)"]
    process.currentDirectoryURL = place.url
    process.environment = [
      "PATH": "\(Command.program.deletingLastPathComponent().path):/usr/bin:/bin", "TERM": "dumb",
    ].merging(place.caching) { $1 }
    let (output, errors) = (place.url.appending(path: ".out"), place.url.appending(path: ".err"))
    for file in [output, errors] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    return Command.Outcome(
      status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }

  private struct Help: Decodable {
    struct Verb: Decodable {
      var commandName: String
      var aliases: [String]?
      var discussion: String?
    }
    struct Root: Decodable { var subcommands: [Verb] }
    var command: Root
  }

  private func verbs() throws -> [Help.Verb] {
    let help = try Command.run(["--experimental-dump-help"], in: place)
    let all = try JSONDecoder().decode(Help.self, from: Data(help.output.utf8)).command.subcommands
    return all.filter { $0.commandName != "help" }
  }

  /// The command lines after `Examples:`, continued ones in one piece.
  private func examples(_ verb: Help.Verb) -> [String] {
    guard let start = verb.discussion?.range(of: "Examples:\n") else { return [] }
    let lines = (verb.discussion ?? "")[start.upperBound...].split(separator: "\n")
    var examples: [String] = []
    for line in lines where !line.hasPrefix("  #") {
      if line.hasPrefix("    "), let last = examples.popLast() {
        examples.append("\(last)\n\(line)")
      } else {
        examples.append(String(line))
      }
    }
    return examples
  }

  /// Those that find something end with 1, as the interface has it.
  private static let finders: Set = ["diff", "check"]

  @Test func examplesOfEveryVerbWork() throws {
    for verb in try verbs() {
      let examples = examples(verb)
      #expect(!examples.isEmpty, "\(verb.commandName) has no example")
      // They run until they are interrupted, and have tests of their own.
      for example in examples where !["mount", "explore"].contains(verb.commandName) {
        #expect(example.contains("mmubench"), "\(example)")
        let outcome = try shell(example)
        let expected: Int32 = Self.finders.contains(verb.commandName) ? 1 : 0
        #expect(outcome.status == expected, "\(example): \(outcome)")
        #expect(!outcome.errors.contains("error:"), "\(example): \(outcome.errors)")
        #expect(
          !outcome.output.isEmpty || example.contains("--output") || example.contains("--sqlite"),
          "\(example) says nothing")
      }
    }
  }

  /// `mount` serves until it is unmounted.
  @Test(.enabled(if: LiveMount.refusal == nil, "\(LiveMount.refusal ?? "")"))
  func theExampleOfMountWorks() throws {
    let mount = try #require(try verbs().first { $0.commandName == "mount" })
    let example = try #require(examples(mount).first)
    let outcome = try shell(
      """
      (\(example)) & served=$!
      for _ in {1..2000}; do [ -e machine/pid ] && break; sleep 0.01; done
      cat machine/pid/1/virt2phys/virt.txt && umount machine && wait $served && ls changed.raw
      """)
    #expect(outcome.status == 0, "\(outcome)")
    #expect(outcome.output == "0000000000000000changed.raw\n", "\(outcome)")
  }

  @Test func helpFitsATerminal() throws {
    for verb in try verbs() {
      let long = examples(verb).flatMap { $0.split(separator: "\n") }.filter { $0.count > 80 }
      #expect(long == [], "\(verb.commandName)")
    }
    // What `help` prints of one verb is made as of all.
    let help = try Command.run(["help", "walk"], in: place)
    #expect(help.status == 0 && help.output.contains("Examples:"))
  }

  private static let hasPython = FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")

  @Test(.enabled(if: hasPython, "Tools/man/generate.py needs python3"))
  func manualPagesAreFresh() throws {
    let script = Repository.file("Tools/man/generate.py").path
    let outcome = try shell("python3 '\(script)' '\(Command.program.path)' --check")
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test func everyVerbHasAManualPage() throws {
    let folder = Repository.file("Tools/man")
    for verb in try verbs() {
      let page = try String(
        contentsOf: folder.appending(path: "mmubench-\(verb.commandName).1"), encoding: .utf8)
      #expect(page.contains(".SH EXAMPLES"), "\(verb.commandName)")
      // The debugger's verbs with `!` are names of no files.
      for alias in verb.aliases ?? [] where !alias.hasPrefix("!") {
        let link = try String(
          contentsOf: folder.appending(path: "mmubench-\(alias).1"), encoding: .utf8)
        #expect(link == ".so man1/mmubench-\(verb.commandName).1\n")
      }
    }
  }

  /// What bash offers for the last word of a line.
  private func completions(_ words: [String]) throws -> [String] {
    let script = try Command.run(["--generate-completion-script", "bash"], in: place)
    try place.write(script.output, to: "completion")
    let line = ["mmubench"] + words
    let text = line.joined(separator: " ")
    // Beside these variables bash gives the function the command, the word and the one before it.
    let completed = try shell(
      "source ./completion && COMP_WORDS=(\(text)) COMP_CWORD=\(words.count) COMP_LINE='\(text)'"
        + " COMP_POINT=\(text.count) && _mmubench mmubench '\(line[line.count - 1])'"
        + " '\(line[line.count - 2])' && printf '%s\\n' \"${COMPREPLY[@]}\"")
    #expect(completed.status == 0, "\(completed)")
    return completed.output.split(separator: "\n").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
  }

  @Test(
    arguments: [
      (["walk", "plain.y"], "plain.yaml"), (["info", "pla"], "plain.yaml"),
      (["diff", "plain.yaml", "pla"], "plain.yaml"), (["run", "pla"], "plain.yaml"),
      (["map", "plain.yaml", "--sqlite", "pla"], "plain.yaml"),
      (["fault", "plain.yaml", "0", "--maps", "pla"], "plain.yaml"),
      (["export", "plain.yaml", "0", "--output", "Sce"], "Scenarios"),
      (["walk", "plain.yaml", "0", "--style", "rek"], "rekall"),
      (["walk", "plain.yaml", "0", "--mode", "la"], "la57"),
      (["build", "plain.yaml", "--format", "kd"], "kdump"),
      (["fault", "plain.yaml", "0", "--access", "wr"], "write"),
      (["fault", "plain.yaml", "0", "--as", "us"], "user"),
      (["map", "plain.yaml", "--accept", "pdpte-a"], "pdpte-accessed"),
      // The other names of verbs.
      (["vto"], "vtop"), (["pas2"], "pas2vas"), (["vtop", "plain.y"], "plain.yaml"),
      (["vtop", "plain.yaml", "0", "--style", "rek"], "rekall"),
      (["db", "plain.yaml", "0", "--len"], "--length"), (["ptov", "pla"], "plain.yaml"),
      (["pas2vas", "plain.yaml", "0", "--style", "memp"], "memprocfs"),
      (["!pfn", "plain.y"], "plain.yaml"),
    ])
  func filesAndChoicesAreCompleted(words: [String], expected: String) throws {
    #expect(try completions(words) == [expected])
  }

  @Test(arguments: [("fish", "F"), ("zsh", "_files")])
  func otherShellsAreToldOfFilesToo(name: String, action: String) throws {
    let script = try Command.run(["--generate-completion-script", name], in: place).output
    let lines = script.split(separator: "\n").filter { $0.contains("JUnit") }
    #expect(lines.contains { $0.contains(action) }, "\(lines)")
  }

  private static let hasFish = FileManager.default.isExecutableFile(atPath: "/usr/bin/fish")

  /// What fish offers for the last word of a line, without what it says of it.
  private func fishCompletions(_ line: String) throws -> [Substring] {
    let script = try Command.run(["--generate-completion-script", "fish"], in: place)
    try place.write(script.output, to: "completion.fish")
    let completed = try shell(
      "fish --no-config -c 'source completion.fish; complete -C \"\(line)\"'")
    #expect(completed.status == 0, "\(completed)")
    return completed.lines.compactMap { $0.split(separator: "\t").first }
  }

  @Test(
    .enabled(if: hasFish, "there is no fish"),
    arguments: [
      ("mmubench pas2", "pas2vas"), ("mmubench vtop plain.y", "plain.yaml"),
      ("mmubench vtop plain.yaml 0 --style rek", "rekall"),
      ("mmubench ptov --ver", "--verify-cache"),
      ("mmubench !db plain.yaml --phys", "--physical"),
    ])
  func fishCompletesOtherNamesOfVerbs(line: String, expected: Substring) throws {
    #expect(try fishCompletions(line).contains(expected))
  }

  /// Words come to bash and zsh as they were typed.
  @Test(arguments: ["bash", "zsh"]) func quotedNamesOfVerbsAreVerbs(name: String) throws {
    let script = try Command.run(["--generate-completion-script", name], in: place).output
    #expect(
      script.contains(
        """
        '!pfn'|"'!pfn'"|'\\!pfn')
        """), "\(name)")
    #expect(script.contains("'pas2vas')"))
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func completionsAreGenerated(name: String) throws {
    let script = try Command.run(["--generate-completion-script", name], in: place)
    #expect(script.status == 0)
    for word in ["reverse", "--pfn-database", "--filter"] {
      #expect(script.output.contains(name == "fish" ? word.replacing("--", with: "") : word))
    }
    guard name == "bash" else { return }
    // The shell itself says what it completes.
    try place.write(script.output, to: "completion")
    let completed = try shell(
      "source ./completion && COMP_WORDS=(mmubench rev) COMP_CWORD=1 COMP_LINE='mmubench rev' COMP_POINT=12"
        + " && _mmubench && printf '%s\\n' \"${COMPREPLY[@]}\"")
    #expect(completed.output.contains("reverse"), "\(completed)")
  }
}
