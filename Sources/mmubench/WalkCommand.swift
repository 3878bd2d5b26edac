import ArgumentParser
import Machine
import Paging
import PhysicalMemory
import Report

/// `walk`: one walk each, every entry shown.
struct WalkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "walk", abstract: "Walk the page tables for addresses and show every entry.",
    aliases: ["vtop"])

  @Argument(help: ArgumentHelp("A scenario or a memory dump.", valueName: "machine"))
  var machine: String

  @Argument(help: ArgumentHelp("Virtual addresses.", valueName: "va"), transform: Numbers.number)
  var addresses: [UInt64]

  @Flag(help: "Say what each entry means, and what would change the answer.")
  var explain = false

  @OptionGroup(title: "Machine options") var options: MachineOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  func run() throws {
    let machine = try options.open(machine)
    for address in addresses { try machine.require(address) }
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
}
