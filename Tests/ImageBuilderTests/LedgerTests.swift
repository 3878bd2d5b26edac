import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Testing

/// What the ledger says is what the walker finds, and it says all that is mapped.
@Suite struct LedgerTests {
  @Test func rulesOfAllKindsTranslateAsMeant() throws {
    let image = try Fixture.build(
      """
      map:
        - va: 0x0040_0000..0x005f_ffff
          to: 0x5000
          upper: { PDE: { RW: 0 } }
        - { va: 0x1_0000_0000..0x1_007f_ffff, to: { from: 0x1_0000_0000, stride: 8 KiB } }
        - { va: 0x2_0000_0000..0x2_007f_ffff, to: { from: 0x200_0000, order: shuffled, seed: 3 } }
        - { va: 0x3_0000_0000..0x3_00ff_ffff, to: { random: 0x10_0000..0x1f_ffff, seed: 3 }, every: 8 KiB }
        - { va: 0x4_0000_0000..0x4_0000_ffff, to: auto, alternate: [ { write: false }, { user: false } ] }
        - { va: 0x80_0000..0x9f_ffff, to: identity }
      """, machine: "{ mode: x86-64, memory: 1 GiB }")
    #expect(image.disagreements() == [])
    #expect(image.ledger.pageCount() == 512 + 2048 * 2 + 2048 + 16 + 512)
    #expect(image.mappedPages() == image.ledger.pageCount())
  }

  @Test func rightsOfUpperEntriesReachAllPagesBelow() throws {
    let image = try Fixture.build(
      """
      map:
        - { va: 0x40_0000, to: 0x5000, upper: { PDE: { RW: 0 }, PML4E: { XD: 1 } } }
        - { va: 0x40_1000, to: 0x6000, upper: { PDE: { US: 0, RW: 0 } } }
        - { va: 0x60_0000, to: 0x7000 }
      """)
    var rights: [UInt64: String] = [:]
    image.ledger.forEachPage { page in
      rights[page.va.rawValue] = page.rights.description
      return true
    }
    #expect(rights == [0x40_0000: "---", 0x40_1000: "---", 0x60_0000: "wu-"])
    #expect(image.disagreements() == [])
  }

  @Test func sharedRangesTranslateLikeTheirModel() throws {
    // The model's own PML4E is not on the way of the copy, and the copy's is.
    let image = try Fixture.build(
      """
      processes:
        - pid: 1
          map:
            - { va: 0x40_0000..0x40_7fff, to: { from: 0x10_0000 }, upper: { PML4E: { RW: 0 }, PDE: { XD: 1 } } }
            - { va: 0x60_0000, to: 0x5000 }
        - pid: 2
          map:
            - { va: 0x7f80_0000_0000, to: 0x6000, upper: { PML4E: { US: 0 } } }
          share:
            - { va: 0x7f80_4000_0000, level: PDPTE, with: 0x40_0000, process: 1 }
            - { va: 0x1000, level: PTE, with: 0x7f80_4040_2000 }
      """)
    var pages: [UInt64: String] = [:]
    image.ledger.forEachPage(in: 1) { page in
      pages[page.va.rawValue] = "\(page.pa) \(page.rights)"
      return true
    }
    #expect(pages.count == 11)
    #expect(pages[0x7f80_4040_2000] == "0x102000 w--")
    #expect(pages[0x7f80_4060_0000] == "0x5000 w-x")
    #expect(pages[0x1000] == "0x102000 wux")
    #expect(image.disagreements() == [])
    #expect(image.mappedPages() == image.ledger.pageCount())
  }

  @Test func copiesOfCopiesAndCopiesWithinCopies() throws {
    let image = try Fixture.build(
      """
      map:
        - { va: 0x0..0x1f_ffff, to: 0x5000 }
      share:
        - { va: 0x20_0000, level: PDE, with: 0x0 }
        - { va: 0x40_0000, level: PDE, with: 0x20_0000 }
        - { va: 0x4000_0000, level: PDPTE, with: 0x0 }
        - { va: 0x4060_0000, level: PDE, with: 0x4040_0000 }
      """)
    // The last copy is made in the page directory that both gigabytes use.
    #expect(image.ledger.pageCount() == 2 * 4 * 512)
    #expect(image.disagreements() == [])
    #expect(image.mappedPages() == image.ledger.pageCount())
  }

  @Test func rightsOnTheWayReachCopiesWithinCopies() throws {
    // Process 2 reaches the pages of 0x40_0000 by two copied entries, below its own PML4E.
    let image = try Fixture.build(
      """
      processes:
        - pid: 1
          map:
            - { va: 0x40_0000, to: 0x5000 }
            - { va: 0x80_0000_0000, to: 0x6000, upper: { PDPTE: { RW: 0 } } }
          share:
            - { va: 0x80_0040_0000, level: PDE, with: 0x40_0000 }
        - pid: 2
          map:
            - { va: 0x100_4000_0000, to: 0x7000, upper: { PML4E: { US: 0 } } }
          share:
            - { va: 0x100_0000_0000, level: PDPTE, with: 0x80_0000_0000, process: 1 }
      """)
    var rights: [UInt64: String] = [:]
    image.ledger.forEachPage(in: 1) { page in
      rights[page.va.rawValue] = page.rights.description
      return true
    }
    #expect(
      rights == [0x100_4000_0000: "w-x", 0x100_0000_0000: "--x", 0x100_0040_0000: "--x"])
    #expect(image.disagreements() == [])
  }

  @Test func onlyPagesThatBeginInASharedRangeAreShared() throws {
    // 0x20_0000 is no multiple of 12 KiB: the last page before it is not in the copy.
    let image = try Fixture.build(
      """
      map:
        - { va: 0..0x5f_ffff, every: 12 KiB, to: { from: 0x100_0000 } }
      share:
        - { va: 0x8000_0000, level: PDE, with: 0x20_0000 }
        - { va: 0x8020_0000, level: PDE, with: 0x40_0000 }
      """)
    #expect(image.ledger.pageCount() == 512 + 171 + 170)
    #expect(image.mappedPages() == image.ledger.pageCount())
    #expect(image.disagreements() == [])
  }

  @Test func fannedOutSharesAreCountedWithoutAList() throws {
    let shares = (1..<512).map { "- { va: \($0 << 21), level: PDE, with: 0 }" }
    let image = try Fixture.build(
      "map: [{ va: 0, to: 0x5000 }]\nshare:\n" + shares.map { "  \($0)\n" }.joined())
    #expect(image.ledger.pageCount() == 512)
    #expect(image.disagreements() == [])
  }

  @Test func editedAndRecursiveAddressesAreLeftOut() throws {
    let image = try Fixture.build(
      """
      map:
        - { va: 0x40_0000..0x40_3fff, to: { from: 0x10_0000 } }
        - { va: 0x80_0000..0x80_3fff, to: { from: 0x20_0000 } }
        - { va: 0xc0_0000, to: 0x5000 }
      share:
        - { va: 0x8000_0000, level: PDE, with: 0x40_0000 }
      self-map: { slot: 0x100 }
      entries:
        - { va: 0x8000_1000, level: PTE, value: 0 }
        - { va: 0x80_0000, level: PDE, set: { P: 0 } }
      """)
    #expect(image.ledger.exclusions.map(\.reason) == [.selfMap, .edited, .edited])
    #expect(image.ledger.exclusions.map(\.mark?.line) == [12, 14, 15])
    // Page 1 is gone from the model and from its copy, and the 2 MiB at 0x80_0000 as a whole.
    #expect(image.ledger.pageCount() == 3 + 3 + 1)
    #expect(image.disagreements() == [])
  }

  @Test func anEditOfTheModelsEntryLeavesTheCopyAsItIs() throws {
    let image = try Fixture.build(
      """
      map: [{ va: 0x40_0000..0x40_3fff, to: { from: 0x10_0000 } }]
      share: [{ va: 0x80_0000, level: PDE, with: 0x40_0000 }]
      entries: [{ va: 0x40_0000, level: PDE, value: 0 }]
      """)
    #expect(image.ledger.pageCount() == 4)
    #expect(image.disagreements() == [])
  }

  @Test func anEntryCanBeEditedAfterTheWayToItIsCut() throws {
    let image = try Fixture.build(
      """
      map: [{ va: 0x40_0000, to: 0x5000 }]
      entries:
        - { va: 0x40_0000, level: PML4E, set: { P: 0 } }
        - { va: 0x40_0000, level: PTE, set: { P: 0 } }
      """)
    #expect(image.words(8)[0x4000] == 0x5006)
  }

  /// Windows has both top tables in the page of the root; elsewhere the upper half is one for all.
  @Test func eachProcessOfWindowsOnARM64HasAnUpperHalfOfItsOwn() throws {
    let layout = """
      processes:
        - pid: 1
          root: 0x1_0000
          map: [{ va: 0x40_0000, to: 0x5000 }, { va: 0xffff_9000_0000_0000, to: 0x6000 }]
        - pid: 2
          root: 0x2_0000
          map: [{ va: 0x40_0000, to: 0x7000 }]
          share: [{ va: 0xffff_a000_0000_0000, level: L0, with: 0xffff_9000_0000_0000, process: 1 }]
      """
    let windows = try Fixture.build(
      layout, machine: "{ mode: arm64, memory: 1 MiB, os: windows-26100 }")
    #expect(windows.disagreements() == [])
    let words = windows.words(8)
    let entry = try #require(words[0x1_0900])
    #expect(words[0x2_0a00] == entry && words[0x2_0900] == nil)
    let anyone = try Fixture.build(layout, machine: "{ mode: arm64, memory: 1 MiB }")
    #expect(anyone.disagreements() == [])
    let upper = VirtualAddress(0xffff_9000_0000_0000)
    for (image, expected) in [(windows, [true, false]), (anyone, [true, true])] {
      let spaces = image.machine.addressSpaces.prefix(2)
      #expect(
        spaces.map { image.machine.walk(upper, in: $0).result.translation != nil } == expected)
    }
  }

  @Test func thePageOfBothTopTablesIsAWholeOne() {
    let machine = "{ mode: arm64, memory: 1 MiB, os: windows-26100 }"
    #expect(
      Fixture.faults("processes: [{ pid: 1, root: 0x1_0800 }]", machine: machine)
        == ["E0302 6:29"])
    // Its first half has no slots of the kernel's.
    #expect(
      Fixture.faults("self-map: { slot: 0xff }", machine: machine) == ["E0303 6:19"])
    #expect(Fixture.faults("self-map: { slot: 0x100 }", machine: machine) == [])
  }

  @Test func spacesWithOneRootShareTheirPages() throws {
    let image = try Fixture.build(
      """
      processes:
        - { pid: 1, root: 0x1000, map: [{ va: 0x40_0000, to: 0x5000 }] }
        - { pid: 2, root: 0x1000, map: [{ va: 0x40_1000, to: 0x6000 }] }
      """)
    #expect(image.ledger.pageCount(in: 0) == 2)
    #expect(image.ledger.pageCount(in: 1) == 2)
    #expect(image.disagreements() == [])
    #expect(
      Fixture.faults(
        """
        processes:
          - { pid: 1, root: 0x1000, map: [{ va: 0x40_0000, to: 0x5000 }] }
          - { pid: 2, root: 0x1000, map: [{ va: 0x40_0000, to: 0x6000 }] }
        """) == ["E0301 8:35"])
  }
}
