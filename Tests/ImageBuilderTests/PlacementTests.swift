import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Testing

/// Where automatic tables and pages go, and what the image holds.
@Suite struct PlacementTests {
  /// The frames that hold anything.
  private func frames(_ image: BuiltImage) -> [UInt64] {
    Set(image.words(8).keys.map { $0 >> 12 }).sorted()
  }

  @Test func tablesAvoidWhatTheScenarioNames() throws {
    let image = try Fixture.build(
      """
      processes:
        - { pid: 1, map: [{ va: 0x40_0000, to: 0x1000 }] }
        - { pid: 2, root: 0x3000, map: [{ va: 0x40_0000, to: { from: 0x6000 } }], entries: [{ at: 0x5008, value: 1 }] }
      contents:
        - { pa: 0x7ff8, words: [1, 2] }
      """)
    // 1, 3, 5, 6, 7 and 8 are taken; a root at 2, then 4, 9, a for pid 1, b, c, d for pid 2.
    #expect(frames(image) == [2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13])
    #expect(image.machine.addressSpaces.map(\.register) == [0x2000, 0x3000])
    #expect(image.machine.paging.cr3 == 0x2000)
  }

  @Test func tablesLeaveOutTheLegacyHole() throws {
    let image = try Fixture.build(
      "map: [{ va: 0x40_0000, to: 0x20_0000 }]",
      machine: "{ mode: x86-64, memory: 2 MiB, tables: { from: 0x9_f000 } }")
    #expect(frames(image) == [0x9f, 0x100, 0x101, 0x102])
    let within = try Fixture.build(
      "map: [{ va: 0x40_0000, to: 0x20_0000 }]",
      machine: "{ mode: x86-64, memory: 2 MiB, tables: { from: 0xa_0000 } }")
    #expect(frames(within) == [0xa0, 0xa1, 0xa2, 0xa3])
  }

  @Test func theLegacyHoleIsUsedWhenNothingElseIsLeft() throws {
    let image = try Fixture.build(
      "map: [{ va: 0x40_0000, to: 0x20_0000 }]",
      machine: "{ mode: x86-64, memory: [0x9_e000..0xa_1fff] }")
    #expect(frames(image) == [0x9e, 0x9f, 0xa0, 0xa1])
  }

  @Test func tablesMayLieUnderALargePageIfNothingElseIsLeft() throws {
    let image = try Fixture.build("map: [{ va: 0, to: 0, page: 1 GiB }]")
    #expect(image.words(8) == [0x1000: 0x2007, 0x2000: 0x87])
  }

  @Test func tablesAreNotPutOnAbsentFramesUnlessAskedFor() throws {
    let map = "map: [{ va: 0x40_0000, to: 0x20_0000 }]"
    let avoided = try Fixture.build(
      map, machine: "{ mode: x86-64, memory: 1 MiB, absent: [0x3000..0x3fff] }")
    #expect(frames(avoided) == [1, 2, 4, 5])
    #expect(avoided.disagreements() == [])
    let asked = try Fixture.build(
      map,
      machine: "{ mode: x86-64, memory: 1 MiB, absent: [0x3000..0x3fff], tables: { from: 0x1000 } }"
    )
    let walk = asked.machine.walk(VirtualAddress(0x40_0000))
    #expect(walk.result.stop?.cause == .missing)
    #expect(walk.result.stop?.entryAddress == PhysicalAddress(0x3010))
    #expect(asked.ledger.pageCount() == 0)
    #expect(asked.ledger.exclusions.map(\.reason) == [.absent])
  }

  @Test func halfATableCanBeAbsent() throws {
    let image = try Fixture.build(
      "map: [{ va: 0x40_0000..0x5f_ffff, to: 0x20_0000 }]",
      machine:
        "{ mode: x86-64, memory: 1 MiB, absent: [0x4800..0x4fff], tables: { from: 0x1000 } }")
    #expect(image.ledger.pageCount() == 256)
    #expect(image.disagreements() == [])
    #expect(image.machine.walk(VirtualAddress(0x50_0000)).result.outcome == .missing)
    #expect(image.machine.memory.runs.map(\.byteCount) == [0x4800, 0xf_b000])
  }

  @Test func rootsOf32BitRegistersLieBelow4GiB() throws {
    let image = try Fixture.build(
      "map: [{ va: 0x40_0000, to: auto }]",
      machine:
        "{ mode: pae, memory: [0..0xffff, 0x1_0000_0000..0x1_000f_ffff], tables: { order: shuffled, seed: 1 } }"
    )
    #expect(image.machine.paging.cr3 < 1 << 32)
    #expect(image.disagreements() == [])
    #expect(
      Fixture.faults(
        "map: [{ va: 0x40_0000, to: 0x5000 }]",
        machine: "{ mode: pae, memory: 8 GiB, tables: { from: 0x1_0000_0000 } }") == ["E0316 5:31"])
  }

  @Test func automaticPagesAreAlignedAndApart() throws {
    let image = try Fixture.build(
      """
      map:
        - { va: 0x40_0000..0x7f_ffff, to: auto, page: 2 MiB }
        - { va: 0x80_0000..0x80_ffff, to: auto }
      """, machine: "{ mode: x86-64, memory: 16 MiB, tables: { order: shuffled, seed: 9 } }")
    #expect(image.disagreements() == [])
    var taken: Set<UInt64> = []
    image.ledger.forEachPage { page in
      for frame in page.pa.frame..<(page.pa.frame + page.pageSize >> 12) {
        #expect(taken.insert(frame).inserted)
      }
      return true
    }
    #expect(taken.isDisjoint(with: frames(image)))
    #expect(taken.count == 1040)
  }

  @Test func shuffledOrdersDifferBySeedOnly() throws {
    func image(_ seed: Int) throws -> BuiltImage {
      try Fixture.build(
        "map: [{ va: 0x40_0000, to: auto }]",
        machine: "{ mode: x86-64, memory: 1 MiB, tables: { order: shuffled, seed: \(seed) } }")
    }
    #expect(try image(1).checksum == image(1).checksum)
    #expect(try image(1).checksum != image(2).checksum)
  }

  @Test func theSameScenarioGivesTheSameBytesEverywhere() throws {
    let image = try Fixture.build(
      """
      map:
        - { va: 0x40_0000..0x7f_ffff, to: { from: 0x40_0000, order: shuffled, seed: 7 } }
        - { va: 0x1_0000_0000..0x1_000f_ffff, to: { random: 0x10_0000..0x1f_ffff, seed: 7 } }
        - { va: 0x2_0000_0000..0x2_0000_ffff, to: auto }
      contents:
        - { pa: 0xf_0000, random: 7, size: 4099 }
      """, machine: "{ mode: x86-64, memory: 2 MiB, tables: { order: shuffled, seed: 7 } }")
    #expect(image.checksum == 0xb0b3_a1bc_8f39_b346)
  }

  @Test func emptySpaceCostsNothing() throws {
    let image = try Fixture.build(
      "map: [{ va: 0x40_0000, to: 0xf_ffff_f000 }]", machine: "{ mode: x86-64, memory: 64 GiB }")
    #expect(image.machine.size == 64 << 30)
    #expect(image.machine.memory.runs.map(\.byteCount) == [64 << 30])
    #expect(image.machine.walk(VirtualAddress(0x40_0000)).isInImage)
    #expect(image.machine.memory.load(UInt64.self, at: PhysicalAddress(0xf_ffff_fff8)) == 0)
  }

  @Test func theMachineSaysWhereItsStateComesFrom() throws {
    let image = try Fixture.build(
      "processes: [{ pid: 4, name: System, map: [{ va: 0, to: 0x5000 }] }]",
      machine:
        "{ mode: x86-64, memory: 16 MiB, registers: { efer: { NXE: 0 } }, physical-bits: 40 }")
    let machine = image.machine
    #expect(machine.format == "scenario")
    #expect(machine.system.id == "none")
    #expect(machine.addressSpaces.map(\.owner) == ["System (4)"])
    #expect(machine.addressSpaces.map(\.foundBy) == ["scenario"])
    #expect(machine.paging.physicalBits == 40)
    #expect(!machine.paging.noExecute)
    let said = machine.provenance.map { "\($0.subject) \($0.value) \($0.source)" }
    #expect(
      said == [
        "mode x86-64 scenario", "EFER 0x500 scenario", "MAXPHYADDR 40 scenario", "NXE 0 scenario",
        "root 0x1000 builder",
      ])
  }
}
