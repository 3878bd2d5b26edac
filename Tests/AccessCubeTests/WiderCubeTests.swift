import AccessCube
import Testing

/// What the kernel's cube leaves out, thinned; the benchmark runs the whole of it.
@Suite struct WiderCubeTests {
  @Test(arguments: RecordedCubes.wider.map(\.name))
  func everyCaseEndsAsTheManualSays(name: String) throws {
    let cube = try #require(RecordedCubes.wider.first { $0.name == name })
    let tally = try cube.run(stride: cube.thinStride)
    #expect(tally.failureCount == 0, "\(tally.failures.joined(separator: "\n"))")
    #expect(RecordedCubes.lines(RecordedCubes.name(cube, stride: cube.thinStride)) == tally.lines)
  }

  @Test func cubesHaveNamesOfTheirOwn() {
    #expect(Set(RecordedCubes.wider.map(\.name)).count == RecordedCubes.wider.count)
  }
}
