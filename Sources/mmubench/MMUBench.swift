import ArgumentParser
import Glibc

/// The command line: one executable with verbs.
@main
struct MMUBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mmubench",
    abstract: "A test bench for address translation, over scenarios and memory dumps.",
    discussion: """
      MACHINE is a scenario (a .yaml file, built in memory) or a memory dump, recognised by content.
      Numbers are decimal or 0x hexadecimal, `_` between digits allowed, or WinDbg's fffff800`12345678.

      Exit status: 0 all is well, 1 something differs or was found, 64 usage, 65 malformed input,
      66 input cannot be opened, 73 output cannot be created, 74 I/O error, 77 skipped.
      """,
    version: "mmubench \(version)",
    subcommands: [
      RunCommand.self, BuildCommand.self, InfoCommand.self, WalkCommand.self, TranslateCommand.self,
      MapCommand.self, DigestCommand.self, DiffCommand.self, CheckCommand.self,
    ])

  static let version = "0.1.0"

  static func main() {
    // A reader that goes away is seen as EPIPE, where the output is written.
    _ = signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      Failure.exit(with: error)
    }
  }
}
