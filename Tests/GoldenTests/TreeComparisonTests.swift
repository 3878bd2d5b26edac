import Golden
import Machine
import Paging
import PhysicalMemory
import TestSupport
import Testing

@Suite struct TreeComparisonTests {
  private func differences(
    _ a: TableSketch, _ b: TableSketch
  ) throws -> (isEqual: Bool, found: [TranslationDifference]) {
    let (left, right) = (try a.machine(), try b.machine())
    var comparison = try #require(
      TreeComparison(
        TreeComparison.Side(left, root: 0x1000), TreeComparison.Side(right, root: 0x1000)))
    var found: [TranslationDifference] = []
    let isEqual = comparison.differences { difference in
      found.append(difference)
      return found.count < 100
    }
    return (isEqual, found)
  }

  @Test func equalTranslationsHaveNoDifference() throws {
    let result = try differences(.onePage(), .onePage())
    #expect(result.isEqual && result.found.isEmpty)
  }

  @Test func differenceIsNamedDownToTheEntry() throws {
    var other = TableSketch.onePage()
    other.put(0x5000 | 0x05, in: 0x4000, at: 3)
    let result = try differences(.onePage(), other)
    let difference = try #require(result.found.first)
    #expect(!result.isEqual && result.found.count == 1)
    #expect(difference.pathText == "PML4E[0x0] → PDPTE[0x0] → PDE[0x2] → PTE[0x3]")
    #expect(difference.address == VirtualAddress(0x40_3000))
    #expect(difference.a == .page(PhysicalAddress(0x5000), shift: 12, .all))
    #expect(difference.b == .page(PhysicalAddress(0x5000), shift: 12, [.user, .execute]))
  }

  @Test func rightTakenAwayAboveIsNamedAtThePageItConcerns() throws {
    var other = TableSketch.onePage()
    other.put(0x2000 | 0x03, in: 0x1000, at: 0)
    let difference = try #require(try differences(.onePage(), other).found.first)
    #expect(difference.pathText.hasSuffix("PTE[0x3]"))
    #expect(difference.b == .page(PhysicalAddress(0x5000), shift: 12, [.write, .execute]))
  }

  @Test func largePageAgainstTableIsOneDifference() throws {
    var other = TableSketch.onePage()
    other.put(0x20_0000 | TableSketch.large, in: 0x3000, at: 2)
    let result = try differences(other, .onePage())
    #expect(result.found.count == 1)
    #expect(result.found.first?.b == .table(mappings: 1))
  }

  @Test func missingTableDiffersFromOneThatMapsNothing() throws {
    var empty = TableSketch.onePage()
    empty.put(0x8000 | TableSketch.table, in: 0x3000, at: 7)
    var absent = empty
    absent.removeFrame(0x8000)
    let result = try differences(empty, absent)
    #expect(result.found.first?.a == .notPresent)
    #expect(result.found.first?.b == .missing)
  }

  @Test func sharedTablesAreComparedOnce() throws {
    func shared(_ page: UInt64) -> TableSketch {
      var sketch = TableSketch()
      for index in 0..<512 as Range<UInt64> {
        sketch.put(0x2000 | TableSketch.table, in: 0x1000, at: index)
        sketch.put(0x3000 | TableSketch.table, in: 0x2000, at: index)
        sketch.put(0x4000 | TableSketch.table, in: 0x3000, at: index)
      }
      sketch.put(page | TableSketch.page, in: 0x4000, at: 9)
      return sketch
    }
    let result = try differences(shared(0x5000), shared(0x6000))
    #expect(result.found.count == 1)
  }

  @Test func differentModesAreNotComparable() throws {
    let a = try TableSketch.onePage().machine()
    var b = a
    b.paging = PagingState(mode: .pae, cr3: 0x1000)
    #expect(
      TreeComparison(TreeComparison.Side(a, root: 0x1000), .init(b, root: 0x1000)) == nil)
  }
}
