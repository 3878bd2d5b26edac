import Paging
import PhysicalMemory
import Testing

/// The groups of the Contiguous bit (ARM ARM D8.7.1), with descriptors typed as numbers.
@Suite struct ARM64ContiguousTests {
  private typealias Flaw = ARM64ContiguousGroup.Flaw
  /// Bit 52, AF, AP[1], a page.
  private static let page: UInt64 = 0x0010_0000_0000_0443

  /// An L3 table at 0x3000 below an L2 table at 0x2000; 25 address bits, granule of 4 KiB.
  private func flaw(
    tcr: UInt64 = 0x5_8027_0027, index: UInt64 = 0x12,
    _ change: (TestImage, inout PagingState) -> Void = { _, _ in }
  ) throws -> Flaw? {
    let image = try TestImage(frames: 8)
    var state = PagingState(mode: .arm64, cr3: 0x2000)
    state.tcr = tcr
    image.write(0x3003, at: 0x2000)
    for other in 0..<16 as Range<UInt64> {
      image.write(Self.page | 0x2_0000 + other << 12 | 3, at: 0x3080 + other * 8)
    }
    change(image, &state)
    let walk = state.walk(VirtualAddress(index << 12), in: image.memory)
    let step = try #require(walk.steps.last)
    let group = try #require(ARM64ContiguousGroup(of: step, in: state))
    #expect(group.count == 16)
    return group.flaw(in: image.memory)
  }

  @Test func aGroupOfAdjacentPagesIsAsItShouldBe() throws {
    for index in 0x10...0x1f as ClosedRange<UInt64> { #expect(try flaw(index: index) == nil) }
  }

  /// D8.7.1.1: invalid descriptors, and those of other groups, are no misprogramming.
  @Test func descriptorsThatAreNotValidBreakNothing() throws {
    let found = try flaw { image, _ in
      image.write(0, at: 0x3088)
      image.write(0x7_7000, at: 0x30f8)
      image.write(0x9_9443, at: 0x3078)
      image.write(0x9_9443, at: 0x3100)
    }
    #expect(found == nil)
  }

  @Test func aNeighbourWithoutTheBitBreaksTheGroup() throws {
    #expect(try flaw { image, _ in image.write(0x2_f443, at: 0x30f8) } == .withoutBit(index: 0x1f))
  }

  @Test func aNeighbourThatLeadsElsewhereBreaksTheGroup() throws {
    let found = try flaw { image, _ in image.write(Self.page | 0x2_4000, at: 0x3098) }
    #expect(
      found
        == .elsewhere(
          index: 0x13, page: PhysicalAddress(0x2_4000), expected: PhysicalAddress(0x2_3000)))
  }

  @Test func aGroupBeginsAtAMultipleOfItsSize() throws {
    let found = try flaw { image, _ in
      for other in 0..<16 as Range<UInt64> {
        image.write(Self.page + 0x2_1000 + other << 12, at: 0x3080 + other * 8)
      }
    }
    #expect(found == .misaligned)
  }

  /// AttrIndx, AP, SH, nG, DBM, PXN, UXN are common; AF and software's bits are each one's own.
  @Test(
    arguments: [
      (4, true), (0x20, true), (0x80, true), (0x200, true), (0x800, true), (1 << 51, true),
      (1 << 53, true), (1 << 54, true), (0x400, false), (1 << 55, false), (1 << 58, false),
    ] as [(UInt64, Bool)])
  func attributesAreCommonToAGroup(bits: UInt64, breaks: Bool) throws {
    let found = try flaw { image, _ in image.write(Self.page ^ bits | 0x2_5000, at: 0x30a8) }
    #expect(found == (breaks ? .otherAttributes(index: 0x15) : nil))
  }

  /// D8.5.5: what the processor writes itself may differ.
  @Test func theDirtyStateIsEachOnesOwnWhereTheProcessorKeepsIt() throws {
    for isKept in [false, true] {
      let found = try flaw { image, state in
        if isKept { state.tcr |= 1 << 39 | 1 << 40 }
        for other in 0..<16 as Range<UInt64> {
          let clean: UInt64 = other % 2 == 0 ? 0x80 : 0
          image.write(
            Self.page | 1 << 51 | clean | 0x2_0000 + other << 12, at: 0x3080 + other * 8)
        }
      }
      #expect(found == (isKept ? nil : .otherAttributes(index: 0x11)))
    }
  }

  /// Table D8-104, and the blocks that have no group.
  @Test(
    arguments: [
      (0, 2, 3, 16), (0, 2, 2, 16), (0, 2, 1, 16), (0, 2, 0, nil), (2, 1, 3, 128), (2, 1, 2, 32),
      (2, 1, 1, nil), (1, 3, 3, 32), (1, 3, 2, 32), (1, 3, 1, nil),
    ] as [(UInt64, UInt64, Int, UInt64?)])
  func theSizeOfAGroupIsThatOfTheTable(tg0: UInt64, tg1: UInt64, level: Int, count: UInt64?) {
    var state = PagingState(mode: .arm64)
    // T0SZ=16, 52-bit descriptors.
    state.tcr = 1 << 59 | 6 << 32 | tg1 << 30 | 16 << 16 | tg0 << 14 | 16
    let entry: UInt64 = 0x0010_0000_0000_0401 | (level == 3 ? 2 : 0)
    let step = WalkStep(
      level: 4 - level, index: 0, entryAddress: PhysicalAddress(0x1000), entry: entry, rights: .all)
    #expect(ARM64ContiguousGroup(of: step, in: state)?.count == count)
  }

  /// D8.7.1.3: a group of L1 blocks needs 34 address bits.
  @Test func aGroupIsNotLargerThanItsHalf() throws {
    let image = try TestImage(frames: 4)
    for (size, isBroken) in [(31, true), (30, false)] as [(UInt64, Bool)] {
      var state = PagingState(mode: .arm64, cr3: 0x1000)
      state.tcr = 5 << 32 | 2 << 30 | 16 << 16 | size
      for other in 0..<16 as Range<UInt64> {
        image.write(0x0010_0000_0000_0401 | other << 30, at: 0x1000 + other * 8)
      }
      let step = try #require(state.walk(VirtualAddress(0), in: image.memory).steps.last)
      let group = try #require(ARM64ContiguousGroup(of: step, in: state))
      #expect(group.flaw(in: image.memory) == (isBroken ? .largerThanHalf : nil))
    }
  }
}
