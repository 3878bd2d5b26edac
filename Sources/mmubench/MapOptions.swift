import ArgumentParser
import Machine
import Paging
import Report

/// Which pages of a map are shown, with the options of gdb-pt-dump.
struct MapOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Only these virtual addresses, both inclusive.", valueName: "first..last"),
    transform: Numbers.addresses)
  var range: ClosedRange<UInt64>?

  @Option(
    help: ArgumentHelp("Only virtual addresses from this one on.", valueName: "va"),
    transform: Numbers.address)
  var after: UInt64?

  @Option(
    help: ArgumentHelp("Only virtual addresses before this one.", valueName: "va"),
    transform: Numbers.address)
  var before: UInt64?

  @Option(
    help: ArgumentHelp(
      "Only the run that contains this virtual address; repeated, those that contain one of them.",
      valueName: "va"),
    transform: Numbers.address)
  var has: [UInt64] = []

  @Option(
    help: ArgumentHelp(
      "Only pages with memory at these physical addresses.", valueName: "first..last"),
    transform: Numbers.addresses)
  var physical: ClosedRange<UInt64>?

  @Option(
    help: ArgumentHelp(
      "Only pages with all of these: \(MapFilter.terms.joined(separator: " ")).",
      valueName: "terms"),
    transform: Self.filter)
  var filter: [MapFilter] = []

  private static func filter(_ text: String) throws -> MapFilter {
    if let filter = MapFilter(text) { return filter }
    let terms = MapFilter.terms.joined(separator: ", ")
    throw ValidationError("`\(text)` is not a list of: \(terms), each with `_` for its opposite")
  }

  func validate() throws {
    if before == 0 { throw ValidationError("--before 0: there are no addresses before 0") }
    guard addresses == nil else { return }
    throw ValidationError("--range, --after and --before leave no address")
  }

  /// The virtual addresses that all three options leave; nil for none.
  private var addresses: ClosedRange<UInt64>? {
    let first = max(range?.lowerBound ?? 0, after ?? 0)
    let last = min(range?.upperBound ?? .max, before.map { $0 &- 1 } ?? .max)
    return first <= last ? first...last : nil
  }

  /// What the options ask of a machine.
  func query(of machine: Machine) throws -> MapQuery {
    for case let address? in [range?.upperBound, after, before.map { $0 - 1 }] + has {
      try machine.require(address)
    }
    var query = MapQuery()
    query.range = addresses ?? query.range
    query.physical = physical ?? query.physical
    query.filter = filter.reduce(query.filter) { $0.intersection($1) }
    query.contained = has
    if let problem = query.problem(for: machine.paging) { throw Failure.usage(problem) }
    return query
  }
}
