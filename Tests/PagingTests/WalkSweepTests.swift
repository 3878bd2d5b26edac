import Paging
import PhysicalMemory
import TestSupport
import Testing

/// The library's walks against the reference's, over random tables in all modes and features.
@Suite struct WalkSweepTests {
  static let seed: UInt64 = 0x6d6d_7562_656e_6368

  @Test(arguments: ReferenceProcessor.Mode.allCases)
  func walksOfRandomTablesAreThoseOfTheManual(mode: ReferenceProcessor.Mode) throws {
    var random = SeededGenerator(seed: Self.seed)
    var failures = 0
    var outcomes: [String: Int] = [:]
    for processor in ReferenceProcessor.all where processor.mode == mode {
      let image = try TestImage(frames: 16)
      image.fillWithTables(for: processor, &random)
      for _ in 0..<8 {
        var processor = processor
        processor.cr3 = randomRoot(for: processor, &random)
        let state = processor.state
        let addresses = (0..<60).map { _ in randomAddress(in: mode, &random) }
        var results = ResultList()
        let batch = addresses.map { VirtualAddress($0) }
        state.translate(batch.span, in: image.memory, into: &results)
        for (address, batched) in zip(addresses, results.list) {
          let expected = processor.walk(address) { image.read($0, of: processor) }
          let got = state.walk(VirtualAddress(address), in: image.memory)
          outcomes["\(expected.outcome) \(expected.level)", default: 0] += 1
          if ReferenceProcessor.Answer(got.result) != expected || batched != got.result {
            record(processor, address, expected, got.result, &failures)
          }
        }
      }
    }
    // The sweep proves nothing where an outcome never occurs.
    let levels = mode == .x86 ? 1...2 : mode == .pae ? 1...3 : 1...4
    for outcome in ["mapped", "not-present", "reserved-bits", "missing"] {
      for level in levels where expectsOutcome(outcome, level: level, mode: mode) {
        #expect(outcomes["\(outcome) \(level)", default: 0] > 0, "\(outcome) at level \(level)")
      }
    }
    #expect(outcomes["non-canonical 0", default: 0] > 0)
  }

  @Test(arguments: ReferenceProcessor.Mode.allCases)
  func everySingleAndDoubleBitFlipOfAWalkIsThatOfTheManual(
    mode: ReferenceProcessor.Mode
  ) throws {
    var failures = 0
    for processor in [
      ReferenceProcessor(mode: mode, maxPhysicalAddress: 40),
      ReferenceProcessor(mode: mode, nxe: false, pse36: false, page1G: false),
    ] {
      for leaf in processor.leafLevels {
        let path = try ValidWalk(processor, leaf: leaf)
        let width = Int(processor.entrySize * 8)
        for (level, address, entry) in path.entries {
          for first in 0..<width {
            // The second flip only where the processor is the ordinary one: 2016 pairs an entry.
            let seconds = processor.nxe ? Array(first..<width) : [first]
            for second in seconds {
              let flipped = entry ^ 1 << UInt64(first) ^ (second == first ? 0 : 1 << UInt64(second))
              path.image.write(flipped, at: address, of: processor)
              let expected = path.expected()
              let got = path.walk()
              if ReferenceProcessor.Answer(got) != expected {
                record(processor, flipped, expected, got, &failures, "level \(level)")
              }
            }
          }
          path.image.write(entry, at: address, of: processor)
        }
      }
    }
  }

  @Test(arguments: ReferenceProcessor.all)
  func everySingleBitFlipOfAnEntryMeansWhatTheManualSays(processor: ReferenceProcessor) {
    let state = processor.state
    let width = Int(processor.entrySize * 8)
    for level in 1...state.mode.levelCount {
      for base in [0, 1, 0x81, 0x7, 0x87] as [UInt64] {
        for bit in 0..<width {
          let entry = base ^ 1 << UInt64(bit)
          let expected: EntryMeaning =
            switch processor.meaning(entry, level: level) {
            case .notPresent: .notPresent
            case .reserved(let bits): .reserved(bits.reduce(0) { $0 | 1 << UInt64($1) })
            case .table(let address): .table(PhysicalAddress(address))
            case .page(let address, _): .page(PhysicalAddress(address))
            }
          #expect(state.meaning(of: entry, level: level) == expected, "\(processor) \(level)")
        }
      }
    }
  }

  @Test func stepsOfAWalkAreItsEntriesTopDown() throws {
    for mode in ReferenceProcessor.Mode.allCases {
      let processor = ReferenceProcessor(mode: mode)
      let path = try ValidWalk(processor, leaf: 1)
      let steps = path.state.walk(VirtualAddress(path.address), in: path.image.memory).steps
      #expect(steps.map(\.level) == path.entries.map(\.level))
      #expect(steps.map(\.entryAddress.rawValue) == path.entries.map(\.address))
      #expect(steps.map(\.entry) == path.entries.map(\.entry))
    }
  }

  private func record(
    _ processor: ReferenceProcessor, _ value: UInt64, _ expected: ReferenceProcessor.Answer,
    _ got: WalkResult, _ failures: inout Int, _ note: String = ""
  ) {
    failures += 1
    guard failures <= 10 else { return }
    Issue.record(
      """
      seed \(Self.seed), \(processor), 0x\(String(value, radix: 16)) \(note)
      expected \(expected)
      got      \(got)
      """)
  }

  /// A page in a PML4E does not exist, and nothing is missing in a table whose page is there.
  private func expectsOutcome(_ outcome: String, level: Int, mode: ReferenceProcessor.Mode) -> Bool
  {
    switch (outcome, mode) {
    case ("mapped", .pae): level < 3
    case ("mapped", _): level < 4
    case ("reserved-bits", .x86): level == 2
    case ("missing", _): level < (mode == .x86 ? 2 : mode == .pae ? 3 : 4)
    default: true
    }
  }
}

private struct ResultList: WalkSink {
  var list: [WalkResult] = []
  mutating func receive(_ result: WalkResult, for address: VirtualAddress) { list.append(result) }
}

/// A root in the image with bits of CR3 around it that are no address.
func randomRoot(for processor: ReferenceProcessor, _ random: inout SeededGenerator) -> UInt64 {
  let frame = (random.next() % 16) << 12
  switch processor.mode {
  case .x86, .fourLevel, .fiveLevel: return frame | random.next() & 0xfff
  case .pae: return frame | random.next() & 0xfff
  }
}

/// An address of the mode; a few are none that it translates.
func randomAddress(
  in mode: ReferenceProcessor.Mode, _ random: inout SeededGenerator
) -> UInt64 {
  let value = random.next()
  if random.chance(16) { return value }
  switch mode {
  case .x86, .pae: return value & 0xffff_ffff
  case .fourLevel: return UInt64(bitPattern: Int64(bitPattern: value) >> 16)
  case .fiveLevel: return UInt64(bitPattern: Int64(bitPattern: value) >> 7)
  }
}
