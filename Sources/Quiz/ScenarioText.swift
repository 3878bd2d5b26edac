import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// The scenario of an exercise, written as its author would, so that whoever solved it can try it.
struct ScenarioText {
  private let name: String
  private var lines: [String]
  private var sections: [(key: String, items: [String])] = []

  /// Starts the scenario of an exercise whose machine is described by `machine`.
  ///
  /// Tables of a scenario that says from where on they are stay where they are whatever is absent.
  init(exercise number: UInt64, machine: String, from: UInt64? = nil, seed: UInt64) {
    let from = from.map { "from: \($0.hex), " } ?? ""
    name = "exercise-\(number)"
    lines = [
      "mmubench: 1", "scenario: \(name)", "title: Exercise \(number) of a quiz",
      "source: mmubench quiz",
      "machine: { \(machine), tables: { \(from)order: shuffled, seed: \(seed) } }",
    ]
  }

  /// Adds an item to the list `key`.
  mutating func add(_ item: String, to key: String) {
    if let index = sections.firstIndex(where: { $0.key == key }) {
      sections[index].items.append(item)
    } else {
      sections.append((key, [item]))
    }
  }

  /// Adds a line of its own.
  mutating func add(_ line: String) { lines.append(line) }

  private var text: String {
    let items = sections.flatMap { ["\($0.key):"] + $0.items.map { "  - { \($0) }" } }
    return (lines + items).joined(separator: "\n") + "\n"
  }

  /// Builds the machine, and finds the tables that walks of `addresses` read.
  func setting(_ addresses: [UInt64]) throws(DiagnosticList) -> Exercise.Setting {
    let text = text
    let reading = ScenarioParser.read(text: text, path: "\(name).yaml")
    let machine = try ImageBuilder.build(reading).machine
    return Exercise.Setting(
      machine: machine, tables: Self.tables(of: machine, addresses),
      prototypes: Self.prototypes(of: machine, addresses), scenario: text)
  }

  /// The prototype entries that entries for the addresses lead to.
  private static func prototypes(
    of machine: Machine, _ addresses: [UInt64]
  ) -> [Exercise.Prototype] {
    guard let classifier = machine.classifier() else { return [] }
    let steps = addresses.flatMap { classifier.finding(of: VirtualAddress($0)).steps }
    return steps.compactMap { step in
      guard case .prototype(let address) = step.place, let entry = step.entry else { return nil }
      return Exercise.Prototype(address: address, value: entry)
    }.sorted { $0.address < $1.address }
  }

  private static func tables(of machine: Machine, _ addresses: [UInt64]) -> [Exercise.Table] {
    var found: [Exercise.Table] = []
    for address in addresses {
      for step in machine.walk(VirtualAddress(address)).steps {
        let size = UInt64(machine.paging.entrySize * machine.paging.entryCount(step.level))
        let start = PhysicalAddress(step.entryAddress.rawValue & ~(size - 1))
        guard !found.contains(where: { $0.address == start && $0.level == step.level }) else {
          continue
        }
        found.append(table(start, step.level, machine))
      }
    }
    return found.sorted { $0.level > $1.level }
  }

  private static func table(
    _ start: PhysicalAddress, _ level: Int, _ machine: Machine
  ) -> Exercise.Table {
    let paging = machine.paging
    let entries = (0..<paging.entryCount(level)).compactMap { index -> Exercise.Entry? in
      let entry = paging.entry(of: start, at: index, in: machine.memory)
      return entry.flatMap { $0 == 0 ? nil : Exercise.Entry(index: index, value: $0) }
    }
    let isInImage = paging.entry(of: start, at: 0, in: machine.memory) != nil
    return Exercise.Table(
      level: level, address: start, isInImage: isInImage, entries: entries)
  }
}
