import ArgumentParser
import Golden
import Machine
import Paging
import PhysicalMemory
import Report

/// `diff`: where two machines translate differently.
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Show where the translations of two machines differ, down to the entry.",
    discussion: """
      The machine options hold for both. Roots are paired by process where both machines know \
      processes, and by their order otherwise. Exit status 1 when anything differs.
      """ + Examples.of("diff"))

  @Argument(
    help: ArgumentHelp("A scenario or a memory dump.", valueName: "a"), completion: .file())
  var first: String

  @Argument(
    help: ArgumentHelp("What to compare it with.", valueName: "b"), completion: .file())
  var second: String

  @Option(
    help: ArgumentHelp("At most so many differences.", valueName: "n"), transform: Numbers.number)
  var limit: UInt64?

  @OptionGroup(title: "Machine options") var options: MachineOptions
  @OptionGroup(title: "Output options") var output: OutputOptions

  func run() throws {
    let a = try options.open(first)
    let b = try options.open(second)
    guard a.paging.mode == b.paging.mode else {
      throw Failure.usage(
        "\(first) is \(a.paging.mode.rawValue) and \(second) is \(b.paging.mode.rawValue);"
          + " only machines of one mode are compared")
    }
    let pairs = RootPairs(a, b)
    var isEqual = pairs.unpaired.isEmpty
    try output.write { stream in
      if !output.json { writeHeaders(a, b, to: &stream.buffer) }
      var report = DifferenceReport(a.paging.mode)
      var isWhole = true
      for (spaceA, spaceB) in pairs.pairs {
        report.flush(to: &stream.buffer)
        if !output.json, pairs.pairs.count > 1 {
          stream.buffer.write("root \(spaceA.register.hex) and \(spaceB.register.hex)", .bold)
          stream.buffer.write(spaceA.owner.map { "  \($0)\n" } ?? "\n")
        }
        var comparison = try comparison(
          TreeComparison.Side(a, root: spaceA.register),
          TreeComparison.Side(b, root: spaceB.register))
        let isAlike = comparison.differences { difference in
          guard report.count < limit ?? UInt64.max else {
            isWhole = false
            return false
          }
          if output.json {
            report.writeJSON(difference, to: &stream.buffer)
          } else {
            report.writeText(difference, to: &stream.buffer)
          }
          return stream.drain()
        }
        isEqual = isEqual && isAlike
      }
      for text in pairs.unpaired { Notice.warn(text) }
      if !output.json { report.writeTotal(isWhole: isWhole, to: &stream.buffer) }
    }
    if !isEqual { throw ExitCode(1) }
  }

  private func comparison(
    _ a: TreeComparison.Side, _ b: TreeComparison.Side
  ) throws -> TreeComparison {
    guard let comparison = TreeComparison(a, b) else {
      throw Failure.usage(
        "\(first) and \(second) have granules or address sizes that differ (TCR_EL1);"
          + " compare their maps")
    }
    return comparison
  }

  private func writeHeaders(_ a: Machine, _ b: Machine, to out: inout TextBuffer) {
    out.write("--- \(first)\n", .red)
    MachineHeader(a, scope: .allRoots).write(to: &out)
    out.write("+++ \(second)\n", .green)
    MachineHeader(b, scope: .allRoots).write(to: &out)
  }
}

/// The roots of two machines, two by two.
struct RootPairs {
  private(set) var pairs: [(AddressSpace, AddressSpace)] = []
  /// What is said about roots that only one of them has.
  private(set) var unpaired: [String] = []

  init(_ a: Machine, _ b: Machine) {
    guard a.addressSpaces.count > 1 || b.addressSpaces.count > 1 else {
      pairs = Array(zip(a.addressSpaces, b.addressSpaces))
      return
    }
    let haveOwners = (a.addressSpaces + b.addressSpaces).allSatisfy { $0.owner != nil }
    guard haveOwners else {
      pairs = Array(zip(a.addressSpaces, b.addressSpaces))
      let difference = a.addressSpaces.count - b.addressSpaces.count
      if difference != 0 {
        unpaired = [
          "\(abs(difference)) roots of the \(difference > 0 ? "first" : "second") machine"
            + " have no counterpart"
        ]
      }
      return
    }
    var rest = b.addressSpaces
    for space in a.addressSpaces {
      if let match = rest.firstIndex(where: { $0.pid == space.pid && $0.process == space.process })
      {
        pairs.append((space, rest.remove(at: match)))
      } else {
        unpaired.append("only the first machine has \(space.owner ?? "")")
      }
    }
    unpaired += rest.map { "only the second machine has \($0.owner ?? "")" }
  }
}
