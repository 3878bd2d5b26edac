import ArgumentParser
import DumpFormats
import Glibc
import Machine
import Paging
import PhysicalMemory
import Report
import ScenarioFile
import Workbench

/// `report`: a page to look at.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Draw walks, faults, a timeline and the address space on one page.",
    discussion: """
      The page is one HTML file that needs no network. It has the walks of the addresses that are \
      given, or those that a scenario expects something of; --access and --as ask about accesses, with \
      the verdicts of processor and kernel. A timeline can be played step by step. Without addresses, a \
      dump is shown by its first mapped page. Of more than 1000 walks, the page names those that it has \
      not.
      """ + Examples.of("report"))

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"), completion: .file())
  var machine: String

  @Argument(help: ArgumentHelp("Virtual addresses.", valueName: "va"), transform: Numbers.address)
  var addresses: [UInt64] = []

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The file to write; - is standard output.", valueName: "file"),
    completion: .file())
  var output: String

  @OptionGroup var access: AccessOptions

  @Flag(help: "Replace an existing file.")
  var force = false

  @OptionGroup var areas: AreaOptions
  @OptionGroup(title: "Machine options") var options: MachineOptions

  func run() throws {
    let isStandardOutput = output == "-"
    if !isStandardOutput { try TakenFiles(machine: machine, areas).require(output) }
    let file = isStandardOutput ? nil : try OutputFile(output, force: force)
    let exhibit = try options.exhibit(machine, areas)
    var report = HTMLReport(exhibit.machine, title: exhibit.scenario?.title.value ?? machine)
    report.scenario = exhibit.scenario
    report.questions = try questions(exhibit)
    report.steps = exhibit.steps
    var out = TextBuffer()
    report.write(to: &out)
    if let file {
      try file.write(out.bytes)
      try file.commit()
    } else {
      let stream = ReportStream(descriptor: STDOUT_FILENO, name: "standard output")
      stream.buffer = out
      stream.flush()
      if let failure = stream.failure { throw failure }
    }
    warn(ofUnanswered: report.unanswered)
  }

  private func warn(ofUnanswered questions: [String]) {
    guard let first = questions.first else { return }
    Notice.warn(
      "the page answers \(HTMLReport.questionLimit) questions and names \(questions.count) more,"
        + " from \(first) on")
  }

  private func questions(_ exhibit: Exhibit) throws -> [MachineQuestion] {
    let machine = exhibit.machine
    for address in addresses { try machine.require(address) }
    if let access = access.access { try machine.require(access) }
    if !addresses.isEmpty {
      return addresses.map { MachineQuestion(VirtualAddress($0), access.access) }
    }
    guard exhibit.questions.isEmpty || options.changesMachine(of: exhibit.scenario) else {
      return exhibit.questions
    }
    guard exhibit.steps.isEmpty else { return [] }
    return HTMLReport.example(of: machine).map { [MachineQuestion($0, access.access)] } ?? []
  }
}

/// The access that an address is asked about.
struct AccessOptions: ParsableArguments {
  @Option(
    name: .customLong("access"),
    help: ArgumentHelp(
      "read, write, execute, shadow-stack-read or shadow-stack-write (read if only --as is given).",
      valueName: "access"),
    completion: Choice.completion(Access.Kind.self),
    transform: { try Choice.of(Access.Kind.self, "access", $0) })
  var kind: Access.Kind?

  @Option(
    name: .customLong("as"),
    help: ArgumentHelp(
      "user, supervisor or supervisor-implicit (user if only --access is given).",
      valueName: "who"),
    completion: Choice.completion(Access.Privilege.self),
    transform: { try Choice.of(Access.Privilege.self, "accessor", $0) })
  var privilege: Access.Privilege?

  /// The access; nil where none is asked about.
  var access: Access? {
    kind == nil && privilege == nil ? nil : Access(kind ?? .read, as: privilege ?? .user)
  }
}
