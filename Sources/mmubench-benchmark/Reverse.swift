import DumpFormats
import Machine
import Paging
import PhysicalMemory
import ReverseMap
import ScenarioFile

extension Benchmark {
  /// Builds the index of physical addresses, against C; both write to a file that is there for nobody else.
  mutating func reverse(_ name: String, _ image: SyntheticImage) throws {
    let loops = CLoops(image: image)
    let machine = Machine(
      memory: image.flat, paging: image.state,
      addressSpaces: [AddressSpace(register: image.root.rawValue, foundBy: "benchmark")],
      format: "benchmark", size: UInt64(image.bytes.count))
    let pages = try Self.index(machine).pageCount
    report(
      Contest("\(name): reverse index", count: Int(pages), limit: 1.5, rounds: rounds(image) / 2) {
        Self.withFile { file in loops.reverse(into: try file.mapped(adding: pages * 8)) }
      } subject: {
        Self.withFile { file in
          let bytes = try IndexBuilder(machine).build(into: file)
          let index = try ReverseIndex(bytes, path: "index", isTrusted: true)
          return ReverseSummary(pages: index.pageCount, tables: index.tableCount)
        }
      })
    try questions(name, machine) { $0.next() % machine.size }
  }

  /// The time of a question, opening the index included, and the size of the index.
  private func questions(
    _ name: String, _ machine: Machine, _ address: (inout SplitMix64) -> UInt64
  ) throws {
    let index = try Self.index(machine)
    var random = SplitMix64(seed: 5)
    var times = Times()
    var found = 0
    for _ in 0..<200 {
      let address = address(&random)
      let start = processorTime()
      let map = try ReverseMap(machine, index)
      try map.mappings(of: address...address) { _ in
        found += 1
        return true
      }
      times.add(processorTime() - start)
    }
    let size = Double(index.byteCount) / Double(max(1, index.pageCount))
    report(
      "\(name): reverse question, \(found / 200) mappings each, \(size.text(2)) bytes a mapping",
      microseconds: times.firstQuartile / 1000, found)
  }

  /// An image with hardly any pages for its tables: the index must not be larger than that of others.
  mutating func sparseReverse() throws {
    let image = try sparseImage()
    let machine = Machine(
      memory: image.memory, paging: image.state,
      addressSpaces: [AddressSpace(register: image.state.cr3, foundBy: "benchmark")],
      format: "benchmark", size: image.memory.runs.last?.byteCount ?? 0)
    var pages = 0
    let time = try leastTime(20) { pages = try Int(Self.index(machine).pageCount) }
    report("index of \(pages) pages with tables of their own", microseconds: time / 1000, pages)
    try questions("tables of one page", machine) { ($0.next() % UInt64(pages) + 1) << 31 }
  }

  private static func index(_ machine: Machine) throws -> ReverseIndex {
    try IndexCache(.none).index(of: machine)
  }

  private static func withFile<Result>(_ body: (OutputFile) throws -> Result) -> Result {
    do {
      return try body(OutputFile("/tmp/mmubench-benchmark-index"))
    } catch {
      preconditionFailure("\(error)")
    }
  }
}
