import Golden
import Machine
import Paging
import TestSupport
import Testing

@Suite struct GoldenComparisonTests {
  private func lines(_ sketch: TableSketch) throws -> [String] {
    let machine = try sketch.machine()
    var digester = Digester(memory: machine.memory, state: machine.paging)
    let space = try #require(machine.addressSpaces.first)
    return SpaceGolden(space, of: machine, digester: &digester).lines
  }

  private func entry(_ a: TableSketch, _ b: TableSketch) throws -> String? {
    GoldenComparison.firstDifference(
      expected: try lines(a), got: try lines(b), machine: try b.machine())?.entry
  }

  @Test func goldenShowsRunsWithTheirRights() throws {
    let lines = try lines(.onePage())
    #expect(lines.count == 3)
    #expect(lines[0] == "space root=0x1000 task1 (1)")
    #expect(lines[2] == "  map 0x403000..0x403fff 0x5000 4K wux")
  }

  @Test func equalGoldensHaveNoDifference() throws {
    let lines = try lines(.onePage())
    let machine = try TableSketch.onePage().machine()
    let difference = GoldenComparison.firstDifference(
      expected: lines, got: lines, machine: machine)
    #expect(difference == nil)
  }

  @Test(
    arguments: [
      (0x5005, "write 1→0"), (0x6007, "frame 0x5000→0x6000"),
      (0x8000_0000_0000_5003, "user 1→0, execute 1→0"), (0, "0x5000 4K wux→not present"),
    ] as [(UInt64, String)])
  func mismatchNamesTheEntryAndWhatChanged(entry word: UInt64, change: String) throws {
    var other = TableSketch.onePage()
    other.put(word, in: 0x4000, at: 3)
    let path = "PML4E[0x0] → PDPTE[0x0] → PDE[0x2] → PTE[0x3]"
    #expect(try entry(.onePage(), other) == "\(path): \(change)")
  }

  @Test func mismatchInsideARunNamesThePageThatChanged() throws {
    var sketch = TableSketch.onePage()
    for index in 0..<64 as Range<UInt64> {
      sketch.put(0x10_0000 + index << 12 | TableSketch.page, in: 0x4000, at: index)
    }
    var other = sketch
    other.put(0x10_0000 + 40 << 12 | 0x05, in: 0x4000, at: 40)
    #expect(try entry(sketch, other)?.hasSuffix("PTE[0x28]: write 1→0") == true)
  }

  /// 512 pages on one frame: too many pieces for a golden to show.
  private func large() -> TableSketch {
    var sketch = TableSketch.onePage()
    for index in 0..<512 as Range<UInt64> {
      sketch.put(0x10_0000 | TableSketch.page, in: 0x4000, at: index)
    }
    return sketch
  }

  @Test(
    arguments: [
      (0x11_0007, "frame 0x100000→0x110000"), (0x10_0005, "write 1→0"),
      (0x8000_0000_0010_0007, "execute 1→0"), (0, "0x100000 4K wux→not present"),
      (0x4000_0000_0000_0007, "frame 0x100000→0x0"),
      (0x000f_ffff_ffff_f007, "frame 0x100000→0xffffffffff000"),
    ] as [(UInt64, String)])
  func singleChangeOfALargeMapIsFoundFromTheSums(word: UInt64, change: String) throws {
    var other = large()
    other.put(word, in: 0x4000, at: 77)
    let path = "PML4E[0x0] → PDPTE[0x0] → PDE[0x2] → PTE[0x4d]"
    #expect(try entry(large(), other) == "\(path): \(change)")
  }

  @Test func newLargePageBesideALargeMapIsFoundAtItsOwnLevel() throws {
    var other = large()
    other.put(0x20_0000 | TableSketch.large, in: 0x3000, at: 0x1ff)
    let path = "PML4E[0x0] → PDPTE[0x0] → PDE[0x1ff]"
    #expect(try entry(large(), other) == "\(path): not present→0x200000 2M wux")
  }

  @Test func severalChangesOfALargeMapNameTheTable() throws {
    var other = large()
    for index in 77..<80 as Range<UInt64> {
      other.put(0x11_0000 * index | TableSketch.page, in: 0x4000, at: index)
    }
    let path = "PML4E[0x0] → PDPTE[0x0]"
    #expect(try entry(large(), other) == "\(path): what is under this entry differs")
  }

  @Test(arguments: [
    "map 0x500000..0x400fff 0x5000 4K wux", "map 0xfffffffffffff800..0xffffffffffffffff 0x0 4K -",
    "map 0xfffffffffffff000..0xffffffffffffffff 0xffffffffffffffff 1G wux", "map 0x..0x 0x 4K wux",
    "map 0x0..0xffffffffffffffff 0xffffffffffffffff 256T wux", "table", "locator 0x0",
  ])
  func damagedGoldenIsADifferenceLikeAnyOther(line: String) throws {
    let golden = try lines(.onePage())
    let machine = try TableSketch.onePage().machine()
    let difference = GoldenComparison.firstDifference(
      expected: golden + ["  " + line], got: golden, machine: machine)
    #expect(difference?.line == golden.count + 1)
  }

  /// Sums that say a page was mapped by an entry of level 0 or 7, where no tables are.
  @Test(arguments: [0, 7] as [UInt64])
  func sumsThatNameNoEntryAreNoChange(level: UInt64) throws {
    let got = try lines(large())
    let index = try #require(got.firstIndex { $0.hasPrefix("  locator ") })
    let sums = got[index].split(separator: "0x").dropFirst().compactMap {
      UInt64($0.filter { $0 != " " }, radix: 16)
    }
    let word = 0x400 | level << 3
    var golden = got
    golden[index] =
      "  locator 0x\(String(sums[0] + word, radix: 16)) 0x\(String(sums[1] + word, radix: 16))"
    let difference = GoldenComparison.firstDifference(
      expected: golden, got: got, machine: try large().machine())
    #expect(difference?.line == index + 1)
    #expect(difference?.entry == nil)
  }
}
