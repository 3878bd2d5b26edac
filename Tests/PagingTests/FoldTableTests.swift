import Paging
import PhysicalMemory
import TestSupport
import Testing

/// The memo of tables behaves as a dictionary does.
@Suite struct FoldTableTests {
  @Test func whatWasStoredLastIsFoundAndNothingElse() {
    let seed: UInt64 = 0x666f_6c64
    var random = SeededGenerator(seed: seed)
    var table = FoldTable<UInt64>(empty: 0)
    var dictionary: [TableKey: UInt64] = [:]
    for round in 0..<20_000 as Range<UInt64> {
      let key = TableKey(
        PhysicalAddress((random.next() % 5000) << 12), level: Int(random.next() % 5) + 1,
        rights: Rights(rawValue: UInt8(random.next() % 8)))
      if table.value(for: key) != dictionary[key] {
        Issue.record("seed \(seed), round \(round)")
        return
      }
      guard !random.chance(3) else { continue }
      table.store(round, for: key)
      dictionary[key] = round
    }
    #expect(table.count == dictionary.count)
    #expect(dictionary.allSatisfy { table.value(for: $0.key) == $0.value })
  }

  @Test func keysDifferByTableLevelAndRights() {
    var keys: Set<TableKey> = []
    for level in 1...5 {
      for rights in 0..<8 as Range<UInt8> {
        // The lowest and the highest table, and the PDPT of PAE, which no frame begins with.
        for table in [0, 0x20, 0x1000, 0x000f_ffff_ffff_f000] as [UInt64] {
          keys.insert(
            TableKey(PhysicalAddress(table), level: level, rights: Rights(rawValue: rights)))
        }
      }
    }
    #expect(keys.count == 5 * 8 * 4)
  }
}
