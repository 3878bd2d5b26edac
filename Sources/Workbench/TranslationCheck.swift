import Machine
import Paging
import PhysicalMemory

/// Compares two machines address by address, whatever the sizes of their pages.
enum TranslationCheck {
  /// The most stretches that are compared, so that tables which repeat themselves end too.
  private static let stretchLimit = 1 << 20

  /// The first addresses where the first address spaces of two machines translate differently.
  static func differences(_ a: Machine, _ b: Machine) -> [Difference] {
    let (runsA, runsB) = (stretches(a), stretches(b))
    let count = max(runsA.count, runsB.count)
    guard count < stretchLimit else {
      return [("fewer than \(stretchLimit) stretches of addresses", "more: compare digests")]
    }
    guard runsA != runsB else { return [] }
    for index in 0..<count {
      let (mine, theirs) = (runsA.dropFirst(index).first, runsB.dropFirst(index).first)
      guard mine != theirs else { continue }
      return [(theirs?.description ?? "nothing more", mine?.description ?? "nothing more")]
    }
    return []
  }

  /// Addresses that translate to consecutive addresses with equal rights.
  private struct Stretch: Equatable, CustomStringConvertible {
    var start: UInt64
    var end: UInt64
    var address: UInt64
    var rights: Rights

    var description: String { "\(start.hex)..\(end.hex) at \(address.hex) \(rights)" }
  }

  private final class Collector {
    var stretches: [Stretch] = []

    func add(_ run: MappingRun) {
      if let last = stretches.last, last.end &+ 1 == run.start.rawValue, last.rights == run.rights,
        last.address &+ (run.start.rawValue &- last.start) == run.address.rawValue
      {
        stretches[stretches.count - 1].end = run.end.rawValue
      } else {
        stretches.append(
          Stretch(
            start: run.start.rawValue, end: run.end.rawValue, address: run.address.rawValue,
            rights: run.rights))
      }
    }
  }

  private static func stretches(_ machine: Machine) -> [Stretch] {
    let collector = Collector()
    let state = machine.addressSpaces.first.map(machine.paging(of:)) ?? machine.paging
    state.map(machine.memory, expandingCopies: true) { piece in
      if case .run(let run) = piece { collector.add(run) }
      return collector.stretches.count < stretchLimit
    }
    return collector.stretches
  }
}
