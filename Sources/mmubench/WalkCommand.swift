import ArgumentParser
import Machine
import Paging
import PhysicalMemory
import Report

/// `walk`: one walk each, every entry shown.
struct WalkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "walk", abstract: "Walk the page tables for addresses and show every entry.",
    discussion: Examples.of("walk"),
    aliases: ["vtop"])

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"), completion: .file())
  var machine: String

  @Argument(help: ArgumentHelp("Virtual addresses.", valueName: "va"), transform: Numbers.address)
  var addresses: [UInt64]

  @Flag(help: "Say what each entry means, and what would change the answer.")
  var explain = false

  @Option(
    help: ArgumentHelp(
      "Write as another program does: \(WalkStyle.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "name"),
    completion: Choice.completion(WalkStyle.self),
    transform: { try Choice.of(WalkStyle.self, "style", $0) })
  var style: WalkStyle = .plain

  @OptionGroup(title: "Machine options") var options: MachineOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  func validate() throws {
    guard style != .plain, explain || output.json else { return }
    throw ValidationError(
      "--style \(style.rawValue) is text of another program; leave \(explain ? "--explain" : "--json") out"
    )
  }

  func run() throws {
    let machine = try options.open(machine)
    for address in addresses { try machine.require(address) }
    if style != .plain { return try write(machine, in: style) }
    try output.write { stream in
      let json = WalkJSON(machine.paging)
      let text = WalkText(machine.paging)
      if !output.json { MachineHeader(machine).write(to: &stream.buffer) }
      for (index, address) in addresses.enumerated() {
        let walk = machine.walk(VirtualAddress(address))
        let explanation =
          explain ? Explanation(walk, of: machine.paging, in: machine.memory) : nil
        if output.json {
          json.write(walk, explanation, to: &stream.buffer)
        } else {
          if index > 0 { stream.buffer.endLine() }
          text.write(walk, to: &stream.buffer)
          explanation?.writeText(to: &stream.buffer)
        }
        guard stream.drain() else { return }
      }
    }
  }

  /// Writes nothing but the walks to standard output, so that it can be compared byte for byte.
  private func write(_ machine: Machine, in style: WalkStyle) throws {
    if let refusal = style.refusal(of: machine.paging.mode) { throw Failure.usage(refusal) }
    Notice.write { MachineHeader(machine).write(to: &$0) }
    try output.write { stream in
      for address in addresses {
        _ = style.write(machine.walk(VirtualAddress(address)), of: machine, to: &stream.buffer)
        guard stream.drain() else { return }
      }
    }
  }
}
