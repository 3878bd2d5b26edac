import AccessCube

/// Runs the whole access cube: every access under every condition, on one core.
struct Cube {
  /// The seconds that the kernel's cube of 28,999,680 cases may take.
  private static let limit = 3.0

  private var isRight = true

  /// Runs all cubes and compares them with their goldens; whether all is as expected.
  static func run() throws -> Bool {
    var cube = Cube()
    for kernel in RecordedCubes.kernel {
      try cube.report(RecordedCubes.name(kernel), limit: limit) { try kernel.run() }
    }
    for wider in RecordedCubes.wider {
      try cube.report(RecordedCubes.name(wider), limit: nil) { try wider.run() }
    }
    print(cube.isRight ? "All cases are as expected." : "Not all cases are as expected.")
    return cube.isRight
  }

  /// The source of the goldens as the library answers now.
  static func recording() throws -> String {
    var sections: [(name: String, lines: [String])] = []
    for kernel in RecordedCubes.kernel {
      for stride in [1, RecordedCubes.kernelStride] {
        let lines = try kernel.run(stride: stride).lines
        sections.append((RecordedCubes.name(kernel, stride: stride), lines))
      }
    }
    for wider in RecordedCubes.wider {
      for stride in [1, wider.thinStride] {
        let lines = try wider.run(stride: stride).lines
        sections.append((RecordedCubes.name(wider, stride: stride), lines))
      }
    }
    return RecordedCubes.source(sections)
  }

  private mutating func report(
    _ name: String, limit: Double?, _ run: () throws -> CubeTally
  ) throws {
    let start = processorTime()
    let tally = try run()
    let seconds = (processorTime() - start) / 1e9
    let milliseconds = Int(seconds * 1000)
    print("\(name): \(tally.count) cases, \(milliseconds) ms, \(perCase(seconds, tally)) ns each")
    for failure in tally.failures { print("  \(failure)") }
    if tally.failureCount > 0 { print("  \(tally.failureCount) cases differ") }
    if RecordedCubes.lines(name) != tally.lines {
      print("  differs from the golden:")
      for line in tally.lines { print("  \(line)") }
      isRight = false
    }
    if let limit, seconds > limit {
      print("  beyond the limit of \(limit) s")
      isRight = false
    }
    if tally.failureCount > 0 { isRight = false }
  }

  private func perCase(_ seconds: Double, _ tally: CubeTally) -> Int {
    Int(seconds * 1e9) / max(1, tally.count)
  }
}
