package import Machine
import Paging
package import PhysicalMemory
import ScenarioFile
import Simulator
package import Workbench

/// A timeline at its end, or after one of its steps, whose entries are damaged one at a time so that the invariants see it.
package struct DamagedTimeline {
  /// Why nothing can be said.
  package enum Problem: Error {
    /// The scenario has no timeline.
    case noTimeline
    /// Invariants do not hold though nothing is damaged.
    case broken([String])
    /// The walk does not come to the entry.
    case noEntry(page: UInt64, level: Int)
  }

  /// The timeline.
  package let run: TimelineRun
  private let base: UInt64
  private let pid: UInt64

  /// Runs a timeline.
  ///
  /// - Parameters:
  ///   - text: the scenario, which is named `moment`.
  ///   - base: the address of the page that is number 0.
  ///   - pid: the process whose tables are meant; the machine's own where it has no such process.
  ///   - steps: how many steps are done; nil for all.
  /// - Throws: what is wrong with the scenario, or `Problem`.
  package init(_ text: String, base: UInt64, pid: UInt64 = 100, after steps: Int? = nil) throws {
    let reading = ScenarioParser.read(text: text, path: "moment.yaml")
    guard let run = try TimelineRun(reading) else { throw Problem.noTimeline }
    (self.run, self.base, self.pid) = (run, base, pid)
    if let steps {
      for _ in 0..<steps { _ = try run.step() }
    } else {
      try run.run()
    }
    try requireWhole()
  }

  private func requireWhole() throws {
    guard run.violations.isEmpty else { throw Problem.broken(run.violations) }
  }

  /// The address space of the process.
  package var space: AddressSpace? { run.machine.addressSpaces.first { $0.pid == pid } }

  /// The entry of a page, and where it is.
  package func entry(
    _ page: UInt64, level: Int = 1
  ) throws -> (place: PhysicalAddress, entry: UInt64) {
    let walk = run.machine.walk(VirtualAddress(base + page * frameSize), in: space)
    guard let step = walk.steps.first(where: { $0.level == level }), let entry = step.entry else {
      throw Problem.noEntry(page: page, level: level)
    }
    return (step.entryAddress, entry)
  }

  /// Writes an entry as a mistaken model would leave it.
  package func damage(_ place: PhysicalAddress, with entry: UInt64) {
    run.simulation.damage(place, with: entry)
  }

  /// What is found while an entry is another; afterwards it is what it was, and nothing is found.
  package func found(
    _ page: UInt64, level: Int = 1, _ change: (UInt64) -> UInt64
  ) throws -> [String] {
    let (place, entry) = try entry(page, level: level)
    damage(place, with: change(entry))
    let found = run.violations
    damage(place, with: entry)
    try requireWhole()
    return found
  }

  /// What is found after the next step, where a page has the entry of another before it.
  package func foundByNextStep(_ page: UInt64, withEntryOf other: UInt64) throws -> [String] {
    damage(try entry(page).place, with: try entry(other).entry)
    _ = try run.step()
    return run.violations
  }
}
