import Machine
import Paging
import PhysicalMemory
import TestSupport
import Testing

@Suite struct TableCheckTests {
  /// A page with no finding: read-only, so that it is not writable and executable at once.
  private static func quiet() -> TableSketch {
    var sketch = TableSketch.onePage()
    sketch.put(0x5005, in: 0x4000, at: 3)
    return sketch
  }

  private final class Findings {
    var list: [Finding] = []
  }

  private func findings(_ machine: Machine) -> [Finding] {
    let findings = Findings()
    machine.check { finding in
      findings.list.append(finding)
      return true
    }
    return findings.list
  }

  private func findings(_ sketch: TableSketch) throws -> [Finding] {
    findings(try sketch.machine())
  }

  @Test func soundTablesHaveNoFindings() throws {
    #expect(try findings(Self.quiet()).isEmpty)
  }

  @Test func reservedBitIsFoundWithItsEntry() throws {
    var sketch = Self.quiet()
    sketch.put(0x0020_2087, in: 0x3000, at: 9)
    let found = try findings(sketch)
    #expect(found.map(\.kind) == [.reservedBits])
    #expect(found.first?.address == VirtualAddress(0x120_0000))
    #expect(found.first?.entryAddress == PhysicalAddress(0x3048))
    #expect(found.first?.value == 0x0020_2087)
  }

  @Test func pagePastTheEndOfMemoryIsFound() throws {
    var sketch = Self.quiet()
    sketch.put(0x40_0005, in: 0x4000, at: 8)
    #expect(try findings(sketch).map(\.kind) == [.beyondMemory])
  }

  @Test func lastFrameOfMemoryIsNotBeyondIt() throws {
    var sketch = Self.quiet()
    sketch.put(0x3f_f005, in: 0x4000, at: 8)
    #expect(try findings(sketch).isEmpty)
  }

  @Test func largePageThatEndsBeyondMemoryIsFound() throws {
    var sketch = Self.quiet()
    sketch.put(0x40_0085, in: 0x3000, at: 5)
    #expect(try findings(sketch).map(\.kind) == [.beyondMemory])
  }

  @Test func absentTableIsOneFindingHoweverManyEntriesItHas() throws {
    var sketch = Self.quiet()
    sketch.put(0x9007, in: 0x3000, at: 5)
    sketch.removeFrame(0x9000)
    let found = try findings(sketch)
    #expect(found.map(\.kind) == [.absentTable])
    #expect(found.first?.entryAddress == PhysicalAddress(0x9000))
  }

  @Test func tableThatIsItsOwnAncestorIsACycle() throws {
    var sketch = Self.quiet()
    sketch.put(0x2007, in: 0x3000, at: 5)
    #expect(try findings(sketch).contains { $0.kind == .cycle })
  }

  @Test func selfMapOfTheRootIsNoCycle() throws {
    var sketch = Self.quiet()
    sketch.put(0x8000_0000_0000_1003, in: 0x1000, at: 0x1ed)
    #expect(try findings(sketch).isEmpty)
  }

  @Test func selfMapOfAnotherRootIsFound() throws {
    var sketch = Self.quiet()
    sketch.put(0x8000_0000_0000_9003, in: 0x1000, at: 0x1ed)
    sketch.put(0x8000_0000_0000_9003, in: 0x9000, at: 0x1ed)
    let found = try findings(sketch)
    #expect(found.contains { $0.kind == .selfMap && $0.entryAddress == PhysicalAddress(0x1f68) })
  }

  @Test func neighbouringPagesAreOneFinding() throws {
    var sketch = TableSketch.onePage()
    for index in 3..<20 as Range<UInt64> { sketch.put(0x5007, in: 0x4000, at: index) }
    let found = try findings(sketch)
    #expect(found.map(\.kind) == [.writableExecutable])
    #expect(found.first?.detail == "17 pages may be written and executed")
  }

  @Test func withoutNoExecuteNothingIsWritableAndExecutable() throws {
    var machine = try TableSketch.onePage().machine()
    machine.paging.efer = 0
    #expect(findings(machine).isEmpty)
  }

  @Test func tablesSharedByTwoRootsAreReportedOnce() throws {
    var sketch = TableSketch.onePage()
    sketch.put(0x2007, in: 0x8000, at: 0)
    let machine = try sketch.machine(further: [0x8000])
    #expect(findings(machine).count == 1)
  }

  @Test func findingsAscendThoughRowsOverlap() throws {
    var sketch = TableSketch.onePage()
    for index in 3..<200 as Range<UInt64> {
      let frame: UInt64 = index % 7 == 0 ? 0x4000_0000 : 0x5000
      sketch.put(frame | 0x07, in: 0x4000, at: index)
    }
    sketch.put(0x0020_2087, in: 0x3000, at: 3)
    let addresses = try findings(sketch).compactMap(\.address?.rawValue)
    #expect(addresses.count > 20)
    #expect(addresses == addresses.sorted())
  }

  @Test func fourDirectoriesThatMapThemselvesAreNoCycle() throws {
    var sketch = TableSketch()
    for index in 0..<4 as Range<UInt64> {
      sketch.put(0x2001 + index << 12, in: 0x1000, at: index)
      sketch.put(0x8000_0000_0000_2003 + index << 12, in: 0x5000, at: index)
    }
    #expect(try findings(sketch.machine(mode: .pae)).isEmpty)
    sketch.put(0x8000_0000_0000_5003, in: 0x5000, at: 4)
    #expect(try findings(sketch.machine(mode: .pae)).map(\.kind) == [.cycle])
  }

  @Test func answerNoEndsTheSweep() throws {
    var sketch = Self.quiet()
    for index in 20..<40 as Range<UInt64> { sketch.put(0x0020_2087, in: 0x3000, at: index) }
    let findings = Findings()
    try sketch.machine().check { finding in
      findings.list.append(finding)
      return findings.list.count < 3
    }
    #expect(findings.list.count == 3)
  }
}
