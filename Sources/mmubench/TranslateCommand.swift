import ArgumentParser
import Glibc
import Machine
import Paging
import PhysicalMemory
import Report

/// `translate`: addresses in bulk from standard input.
struct TranslateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "translate",
    abstract: "Translate addresses from standard input, one a line in, one result a line out.",
    discussion: """
      Blank lines and what follows a # are skipped. With --json each result is the object of `walk`
      without its entries; otherwise mode and root are said on standard error.
      """ + Examples.of("translate"))

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"), completion: .file())
  var machine: String

  @OptionGroup(title: "Machine options") var options: MachineOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  func run() throws {
    let machine = try options.open(machine)
    if !output.json { Notice.write { MachineHeader(machine).write(to: &$0) } }
    var lines = QuestionLines(
      descriptor: STDIN_FILENO, name: "standard input",
      AddressReader(lastAddress: machine.paging.mode.lastAddress))
    try output.write { stream in
      var translation = BulkTranslation(machine, asJSON: output.json)
      while let addresses = try lines.next() {
        guard translation.translate(addresses, to: stream) else { return }
        // Whoever asks one question at a time waits for the answer.
        stream.flush()
      }
    }
  }
}
