import ArgumentParser
import Glibc
import ScenarioFile

/// The command line: one executable with verbs.
@main
struct MMUBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mmubench",
    abstract: "A test bench for address translation, over scenarios and memory dumps.",
    discussion: """
      MACHINE is a scenario (a .yaml file, built in memory) or a memory dump, recognised by content.
      Numbers are decimal or 0x hexadecimal, `_` between digits allowed, or WinDbg's fffff800`12345678.
      Addresses and sizes may have a unit: 4K 2M 1G, or 4KiB and so on.

      Exit status: 0 all is well, 1 something differs or was found, 64 usage, 65 malformed input,
      66 input cannot be opened, 73 output cannot be created, 74 I/O error, 77 skipped.
      """,
    version: "mmubench \(version)",
    subcommands: [
      RunCommand.self,
      BuildCommand.self,
      ConvertCommand.self,
      InfoCommand.self,
      WalkCommand.self,
      TranslateCommand.self,
      FaultCommand.self,
      PteCommand.self,
      PfnCommand.self,
      MapCommand.self,
      ReverseCommand.self,
      ReadCommand.self,
      FindCommand.self,
      ExportCommand.self,
      MountCommand.self,
      DigestCommand.self,
      DiffCommand.self,
      CheckCommand.self,
      VerifyCommand.self,
      PagemapCommand.self,
      SimulateCommand.self,
      ReportCommand.self,
      ExploreCommand.self,
      QuizCommand.self,
    ])

  static let version = "0.1.0"

  static func main() {
    // A reader that goes away is seen as EPIPE, where the output is written.
    _ = signal(SIGPIPE, SIG_IGN)
    // A file that grows beyond what the user allows (`ulimit -f`) is seen as EFBIG, where it is written.
    _ = signal(SIGXFSZ, SIG_IGN)
    do {
      try requireVerb(CommandLine.arguments.dropFirst().first)
      var command = try parseAsRoot()
      defer { DamageNotice.write() }
      try command.run()
    } catch {
      Failure.exit(with: error)
    }
  }

  /// Refuses a first word that is no verb, where the parser would complain of its arguments.
  private static func requireVerb(_ word: String?) throws {
    guard let word, !word.hasPrefix("-"), word != "help" else { return }
    let verbs = configuration.subcommands.map { $0.configuration }
    let names = verbs.compactMap(\.commandName) + verbs.flatMap(\.aliases)
    guard !names.contains(word) else { return }
    let near = Suggestion.nearest(to: word, in: names).map { "; did you mean `\($0)`?" } ?? ""
    throw Failure.usage("no verb `\(word)`; there are \(names.joined(separator: ", "))\(near)")
  }
}
