import Glibc
import Golden
import Paging
import PhysicalMemory

/// Compares the library with C loops on synthetic images, and prints the ratios.
@main
struct Benchmark {
  /// Fewer rounds, and no image of 1 GiB.
  let quick: Bool
  /// One JSON object a line.
  let json: Bool
  private var exceeded: [String] = []

  static func main() async throws {
    let arguments = Set(CommandLine.arguments.dropFirst())
    if arguments == ["cube", "--record"] { return print(try Cube.recording(), terminator: "") }
    if arguments == ["cube"] { exit(try Cube.run() ? 0 : 1) }
    guard arguments.isSubset(of: ["timelines", "--quick", "--json"]) else {
      print("usage: mmubench-benchmark [timelines] [--quick] [--json] | cube [--record]")
      return
    }
    var benchmark = Benchmark(
      quick: arguments.contains("--quick"), json: arguments.contains("--json"))
    if !arguments.contains("timelines") { try await benchmark.images() }
    try benchmark.timelines()
    try benchmark.growth()
    benchmark.conclude()
  }

  init(quick: Bool, json: Bool) {
    self.quick = quick
    self.json = json
  }

  private mutating func images() async throws {
    let capacity = await capacity()
    report(capacity: capacity)
    for (name, size) in [("2 MiB", 2 << 20), ("64 MiB", 64 << 20), ("1 GiB", 1 << 30)] {
      if quick && size > 64 << 20 { continue }
      let image = try SyntheticImage(byteCount: size, frames: .mixed, seed: 1)
      try walks(name, image)
      enumeration(name, image)
      if size == 64 << 20 {
        for frames in [SyntheticImage.Frames.contiguous, .scattered] {
          enumeration(
            "\(name) \(frames.rawValue)",
            try SyntheticImage(byteCount: size, frames: frames, seed: 1))
        }
      }
      digest(name, image)
      try reverse(name, image)
      if size == 64 << 20 { try windowsStates(name) }
      report("\(name): map", growth: residentGrowth { _ = enumerate(image.state, image.flat) })
      report("\(name): digest", growth: residentGrowth { _ = pages(image) })
    }
    try folded()
    try sparseReverse()
  }

  private func conclude() {
    guard !json else { return }
    print(exceeded.isEmpty ? "All ratios are within their limits." : "")
    for name in exceeded { print("Beyond its limit: \(name)") }
  }

  func rounds(_ image: SyntheticImage) -> Int {
    let rounds = image.bytes.count <= 2 << 20 ? 200 : image.bytes.count <= 64 << 20 ? 30 : 8
    return quick ? max(5, rounds / 4) : rounds
  }

  /// Random walks, against C and over the segments of a dump.
  private mutating func walks(_ name: String, _ image: SyntheticImage) throws {
    let count = image.bytes.count <= 2 << 20 ? 1 << 15 : 1 << 19
    let addresses = image.addresses(count, seed: 2)
    let loops = CLoops(image: image)
    let flat = image.flat
    let runs = try image.segmented(300, seed: 3)
    let state = image.state
    func walk(_ memory: MemoryImage) -> WalkSummary {
      var summary = WalkSummary()
      state.translate(addresses.span, in: memory, into: &summary)
      return summary
    }
    report(
      Contest("\(name): random walks", count: count, limit: 1.5, rounds: rounds(image)) {
        loops.walk(addresses)
      } subject: {
        walk(flat)
      })
    report(
      Contest(
        "\(name): walks in 300 segments", count: count, limit: 2, rounds: rounds(image),
        names: ("flat", "runs"), warmsUp: true
      ) {
        walk(flat)
      } subject: {
        walk(runs)
      })
    guard image.bytes.count <= 64 << 20 else { return }
    let paged = try image.paged()
    report(
      Contest(
        "\(name): walks in decoded pages", count: count, limit: 10, rounds: rounds(image),
        names: ("flat", "paged"), warmsUp: true
      ) {
        walk(flat)
      } subject: {
        walk(paged)
      })
  }

  private mutating func enumeration(_ name: String, _ image: SyntheticImage) {
    let loops = CLoops(image: image)
    let flat = image.flat
    let state = image.state
    let entries = image.bytes.count / 2 / 8
    report(
      Contest("\(name): enumeration", count: entries, limit: 1.5, rounds: rounds(image)) {
        loops.enumerate()
      } subject: {
        var operation = RunCount()
        return state.perform(&operation, on: flat)
      })
    report(
      Contest("\(name): map", count: entries, limit: 1.5, rounds: rounds(image)) {
        loops.enumerate()
      } subject: {
        enumerate(state, flat)
      })
  }

  private mutating func digest(_ name: String, _ image: SyntheticImage) {
    let flat = image.flat
    let state = image.state
    report(
      Contest(
        "\(name): digest", count: image.bytes.count / 2 / 8, limit: 2.5, rounds: rounds(image),
        names: ("bare", "digest")
      ) {
        var operation = PageCount()
        return state.perform(&operation, on: flat)
      } subject: {
        pages(image)
      })
  }

  /// 512 to the 4 pages on four tables: the time is that of the tables.
  private mutating func folded() throws {
    let image = try foldedImage()
    var pieces = 0
    let map = leastTime {
      pieces = 0
      image.state.map(image.memory) { _ in
        pieces += 1
        return true
      }
    }
    report("map of 2^48 addresses on four tables", microseconds: map / 1000, pieces)
    let digest = leastTime {
      var digester = Digester(memory: image.memory, state: image.state)
      let digest = digester.digest(root: image.state.cr3)
      precondition(digest.mappings == 1 << 36, "digest: \(digest.mappings) pages, not 2^36")
    }
    report("digest of 2^48 addresses on four tables", microseconds: digest / 1000, 1)
  }

  func leastTime(_ rounds: Int = 100, _ body: () throws -> Void) rethrows -> Double {
    var times = Times()
    for _ in 0..<rounds {
      let start = processorTime()
      try body()
      times.add(processorTime() - start)
    }
    return times.least
  }

  mutating func report(_ contest: Contest) {
    if !contest.isWithinLimit { exceeded.append(contest.name) }
    report(contest, json: json)
  }
}

/// The map of the address space as a user of the library gets it.
private func enumerate(_ state: PagingState, _ memory: MemoryImage) -> RunSummary {
  var summary = RunSummary()
  state.map(memory, into: &summary)
  return summary
}

/// The number of pages that a digest counts.
private func pages(_ image: SyntheticImage) -> UInt64 {
  var digester = Digester(memory: image.flat, state: image.state)
  return digester.digest(root: image.state.cr3).mappings
}
