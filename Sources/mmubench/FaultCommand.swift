import ArgumentParser
import Glibc
import Machine
import Paging
import PhysicalMemory
import Report
import WindowsMemory

/// `fault`: what the processor does with an access.
struct FaultCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fault",
    abstract: "Say what the processor does with an access: the translation, or the exception.",
    discussion: """
      A translation comes with the accessed and dirty bits that the processor sets, a page fault \
      with its error code. With --batch, lines `VA ACCESS AS` are read from standard input (blank \
      lines and what follows a # are skipped), and a line is written for each.
      """ + Examples.of("fault"))

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"), completion: .file())
  var machine: String

  @Argument(help: ArgumentHelp("Virtual addresses.", valueName: "va"), transform: Numbers.address)
  var addresses: [UInt64] = []

  @Option(
    help: ArgumentHelp(
      "read, write, execute, shadow-stack-read or shadow-stack-write (read if not given).",
      valueName: "access"),
    completion: Choice.completion(Access.Kind.self),
    transform: { try Choice.of(Access.Kind.self, "access", $0) })
  var access: Access.Kind?

  @Option(
    name: .customLong("as"),
    help: ArgumentHelp(
      "user, supervisor or supervisor-implicit (user if not given).", valueName: "who"),
    completion: Choice.completion(Access.Privilege.self),
    transform: { try Choice.of(Access.Privilege.self, "accessor", $0) })
  var privilege: Access.Privilege?

  @Option(
    help: ArgumentHelp(
      "The interrupt request level (IRQL) of Windows (0 if not given); from 2 on no page is brought in.",
      valueName: "level"),
    transform: { InterruptLevel(rawValue: try Numbers.byte($0)) })
  var irql: InterruptLevel?

  @Flag(help: "Say what each entry means, which rule decided, and what would change the answer.")
  var explain = false

  @Flag(help: "Read accesses from standard input.")
  var batch = false

  @OptionGroup var areas: AreaOptions
  @OptionGroup(title: "Machine options") var options: MachineOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  func validate() throws {
    if batch, explain { throw ValidationError("--explain is for single accesses, not for --batch") }
    if batch, !addresses.isEmpty || access != nil || privilege != nil {
      throw ValidationError("with --batch, addresses and accesses come from standard input")
    }
    if batch, irql != nil {
      throw ValidationError("--irql is for single accesses, not for --batch")
    }
    if !batch, addresses.isEmpty {
      throw ValidationError("give an address, or --batch to read accesses from standard input")
    }
  }

  func run() throws {
    let machine = try options.open(machine, areas)
    if batch { try runBatch(machine) } else { try runEach(machine) }
  }

  private func runEach(_ machine: Machine) throws {
    let access = Access(access ?? .read, as: privilege ?? .user)
    for address in addresses { try machine.require(address) }
    try machine.require(access)
    try machine.require(irql, for: access)
    try output.write { stream in
      let json = AccessJSON()
      let text = AccessText(machine.paging)
      if !output.json { MachineHeader(machine, registers: true).write(to: &stream.buffer) }
      for (index, address) in addresses.enumerated() {
        let answer = machine.access(
          VirtualAddress(address), access, interruptLevel: irql ?? .passive)
        let explanation = explain ? Explanation(answer, in: machine.memory) : nil
        if output.json {
          json.write(answer, explanation, to: &stream.buffer)
        } else {
          if index > 0 { stream.buffer.endLine() }
          text.write(answer, to: &stream.buffer)
          explanation?.writeText(to: &stream.buffer)
        }
        guard stream.drain() else { return }
      }
    }
  }

  private func runBatch(_ machine: Machine) throws {
    if !output.json {
      Notice.write { MachineHeader(machine, registers: true).write(to: &$0) }
    }
    var lines = QuestionLines(
      descriptor: STDIN_FILENO, name: "standard input", AccessReader(machine.paging))
    try output.write { stream in
      var accesses = BulkAccess(machine, asJSON: output.json)
      while let questions = try lines.next() {
        guard accesses.decide(questions, to: stream) else { return }
        // Whoever asks one question at a time waits for the answer.
        stream.flush()
      }
    }
  }
}
