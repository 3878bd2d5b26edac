import Paging
import PhysicalMemory
import Testing

/// Walks whose every address is known from elsewhere, and the rules around a walk.
@Suite struct WalkVectorTests {
  /// The memory that a transcript shows: a word here and there, all else absent.
  private func memory(_ words: [(address: UInt64, word: UInt64)]) throws -> MemoryImage {
    let bytes = try ByteMapping.zeroed(count: words.count * 8)
    let segments = words.enumerated().map { index, fact in
      bytes.store(fact.word, at: index * 8)
      return RunMemory.Segment(
        start: PhysicalAddress(fact.address), byteCount: 8,
        source: .mapping(offset: UInt64(index * 8)))
    }
    return .runs(RunMemory(bytes, segments))
  }

  /// The example of Rekall's vtop documentation (a 64-bit Windows 7).
  @Test func theWalkOfRekallsVtopExample() throws {
    let memory = try memory([
      (0x271e_c000, 0x0070_0000_0884_4867), (0x0884_4008, 0x0080_0000_0784_5867),
      (0x0784_5d98, 0x07b5_5847), (0x07b5_5600, 0x1a58_f005),
    ])
    let state = PagingState(mode: .x86_64, cr3: 0x271e_c000)
    let walk = state.walk(VirtualAddress(0x766c_0000), in: memory)
    #expect(
      walk.steps.map(\.entryAddress.rawValue)
        == [0x271e_c000, 0x0884_4008, 0x0784_5d98, 0x07b5_5600])
    #expect(walk.result.translation?.address == PhysicalAddress(0x1a58_f000))
    #expect(walk.result.translation?.pageSize == 4096)
    #expect(walk.result.translation?.rights == [.user, .execute])
  }

  @Test func anAbsentTableIsMissingWithTheAddressOfItsEntry() throws {
    let memory = try memory([
      (0x271e_c000, 0x0070_0000_0884_4867), (0x0884_4008, 0x0080_0000_0784_5867),
    ])
    let state = PagingState(mode: .x86_64, cr3: 0x271e_c000)
    let stop = state.walk(VirtualAddress(0x766c_0000), in: memory).result.stop
    #expect(stop?.cause == .missing)
    #expect(stop?.level == 2)
    #expect(stop?.entryAddress == PhysicalAddress(0x0784_5d98))
  }

  /// SDM 1, 3.3.7.1: the addresses at the edges of the canonical halves.
  @Test(
    arguments: [
      (.x86_64, 0x0000_7fff_ffff_ffff, true), (.x86_64, 0x0000_8000_0000_0000, false),
      (.x86_64, 0xffff_7fff_ffff_ffff, false), (.x86_64, 0xffff_8000_0000_0000, true),
      (.x86_64, 0xffff_ffff_ffff_ffff, true), (.x86_64, 0x0001_0000_0000_0000, false),
      (.x86_64, 0x8000_0000_0000_0000, false),
      (.la57, 0x00ff_ffff_ffff_ffff, true), (.la57, 0x0100_0000_0000_0000, false),
      (.la57, 0xfeff_ffff_ffff_ffff, false), (.la57, 0xff00_0000_0000_0000, true),
      (.la57, 0xffff_7fff_ffff_ffff, true), (.la57, 0x8000_0000_0000_0000, false),
      (.x86, 0xffff_ffff, true), (.x86, 0x1_0000_0000, false),
      (.pae, 0xffff_ffff, true), (.pae, 0x1_0000_0000, false),
    ] as [(PagingMode, UInt64, Bool)])
  func addressesAreCanonicalUpToTheEdgesOfTheHalves(
    mode: PagingMode, address: UInt64, isCanonical: Bool
  ) throws {
    let image = try TestImage(frames: 1)
    let walk = PagingState(mode: mode).walk(VirtualAddress(address), in: image.memory)
    #expect((walk.result.outcome != .nonCanonical) == isCanonical)
    #expect(walk.steps.isEmpty == !isCanonical)
  }

  /// Tables 4-3, 4-7 and 4-12: the bits of CR3 that are the root's address.
  @Test(
    arguments: [
      (.x86, 0x1234_5fff, 0x1234_5000, 0xfff), (.x86, 0x1_0000_0000, 0, 0x1_0000_0000),
      (.pae, 0x1234_5fff, 0x1234_5fe0, 0x1f), (.pae, 0x1_0000_0020, 0x20, 0x1_0000_0000),
      (.x86_64, 0xffff_ffff_ffff_ffff, 0x000f_ffff_ffff_f000, 0xfff0_0000_0000_0fff),
      (.x86_64, 0x8000_0001_2345_6003, 0x1_2345_6000, 0x8000_0000_0000_0003),
      (.la57, 0x0000_0001_2345_6018, 0x1_2345_6000, 0x18),
    ] as [(PagingMode, UInt64, UInt64, UInt64)])
  func bitsOfCR3ThatAreNoAddressAreMaskedAndReported(
    mode: PagingMode, cr3: UInt64, root: UInt64, ignored: UInt64
  ) {
    let state = PagingState(mode: mode, cr3: cr3)
    #expect(state.root == PhysicalAddress(root))
    #expect(state.ignoredRootBits == ignored)
  }

  /// 4.6.1: each right must be given at every level; XD at any level takes execution away.
  @Test func rightsAreThoseThatEveryLevelGives() throws {
    for mode in ReferenceProcessor.Mode.allCases {
      let path = try ValidWalk(ReferenceProcessor(mode: mode), leaf: 1)
      #expect(path.walk().translation?.rights == .all)
      for (level, address, entry) in path.entries where mode != .pae || level < 3 {
        for (bit, right) in [(0x2, Rights.write), (0x4, .user)] as [(UInt64, Rights)] {
          path.image.write(entry & ~bit, at: address, of: path.processor)
          #expect(path.walk().translation?.rights == Rights.all.subtracting(right), "\(mode)")
        }
        if mode != .x86 {
          path.image.write(entry | 1 << 63, at: address, of: path.processor)
          #expect(path.walk().translation?.rights == [.write, .user], "\(mode) level \(level)")
        }
        path.image.write(entry, at: address, of: path.processor)
      }
    }
  }

  @Test func reservedBitWinsOverWhatLiesBelow() throws {
    let path = try ValidWalk(ReferenceProcessor(mode: .fourLevel), leaf: 1)
    path.image.write(path.entries[3].entry & ~1, at: path.entries[3].address)
    path.image.write(path.entries[0].entry | 0x80, at: path.entries[0].address)
    #expect(path.walk().stop?.cause == .reservedBits(0x80))
    #expect(path.walk().stop?.level == 4)
  }

  @Test func offsetsReachTheLastByteOfAPage() throws {
    for mode in ReferenceProcessor.Mode.allCases {
      let processor = ReferenceProcessor(mode: mode)
      for leaf in processor.leafLevels {
        let path = try ValidWalk(processor, leaf: leaf)
        let size = path.walk().translation?.pageSize ?? 0
        #expect(size.nonzeroBitCount == 1)
        let last = path.address | (size - 1)
        let page = path.state.walk(VirtualAddress(last), in: path.image.memory).result.translation
        #expect(page?.address == PhysicalAddress(0x4000_0000 + size - 1), "\(mode) \(leaf)")
      }
    }
  }
}
