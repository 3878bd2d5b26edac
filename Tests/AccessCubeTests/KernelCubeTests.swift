import AccessCube
import Paging
import Testing

/// The access test of kvm-unit-tests, thinned; the benchmark runs the whole of it.
@Suite struct KernelCubeTests {
  /// The counts of legal combinations that the test itself has.
  @Test(
    arguments: [
      (32, true, 28_999_680), (36, true, 28_999_680), (36, false, 2_899_968),
      (37, true, 19_169_280), (51, true, 19_169_280), (40, false, 1_916_928),
      (52, true, 9_338_880), (52, false, 933_888),
    ] as [(Int, Bool, Int)])
  func legalCombinationsAreExactlyThose(physicalBits: Int, hasKeys: Bool, count: Int) {
    var cube = KernelCube(physicalBits: physicalBits, hasKeys: hasKeys)
    #expect(cube.count == count)
    guard physicalBits == 36, hasKeys else { return }
    cube.forcesEmulation = true
    #expect(cube.count == 57_999_360)
  }

  @Test func conditionsHave31NamesAndBits() {
    let all = KernelCube.Condition.allCases
    #expect(all.count == 31)
    #expect(Set(all.map(\.name)).count == 31)
    #expect(all.map(\.bit).reduce(0, |) == 0x7fff_ffff)
    #expect(KernelCube.describe(0x2000_0021) == "pte.rw pte.p cr4.pke")
  }

  /// Blocks and entries are joined freely; the rule between them must not need both in full.
  @Test func aBlockTakesTheEntriesThatTheRuleAllowsBesideIt() {
    let cube = KernelCube(physicalBits: 36, hasKeys: true)
    let (with, without) = (
      Set(cube.entries(in: KernelCube.Condition.nxe.bit)), Set(cube.entries(in: 0))
    )
    let blocks = Set(cube.blocks)
    var seed: UInt64 = 0x5eed
    for _ in 0..<50_000 {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let flags = UInt32(truncatingIfNeeded: seed >> 33)
      let entries = flags & 0x7_ffff
      let block = flags & ~0x7_ffff
      let hasNX = flags & KernelCube.Condition.nxe.bit != 0
      let isMember = blocks.contains(block) && (hasNX ? with : without).contains(entries)
      #expect(isMember == cube.isLegal(flags), "\(KernelCube.describe(flags))")
    }
  }

  @Test(arguments: [PagingMode.x86_64, .la57])
  func everyCombinationFaultsAsTheManualSays(mode: PagingMode) throws {
    for cube in RecordedCubes.kernel {
      let tally = try cube.run(stride: RecordedCubes.kernelStride, mode: mode)
      #expect(tally.failureCount == 0, "\(tally.failures.joined(separator: "\n"))")
      let name = RecordedCubes.name(cube, stride: RecordedCubes.kernelStride)
      #expect(RecordedCubes.lines(name) == tally.lines)
    }
  }
}
