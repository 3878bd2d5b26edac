import Machine
import Testing
import VirtualFiles

/// Tables that several entries lead to: the list reads each once, and must say what reading all of them says.
@Suite struct SharedTableTests {
  /// The tables of a random image, by address: a PML4 table, and three of each level below.
  private struct Tables {
    var words: [UInt64: [UInt64]] = [:]
    static let root: UInt64 = 0x1000

    init(seed: UInt64) {
      var random = Random(state: seed)
      for level in 1...4 {
        for number in 0..<(level == 4 ? 1 : 3) {
          words[Self.table(level, number)] = Self.random(level, &random)
        }
      }
    }

    static func table(_ level: Int, _ number: Int) -> UInt64 {
      root + UInt64((4 - level) * 0x4000 + number * 0x1000)
    }

    private static func random(_ level: Int, _ random: inout Random) -> [UInt64] {
      var words = [UInt64](repeating: 0, count: 512)
      // Entries stand beside each other, so that pages of one table join those of another.
      let runs = level == 1 ? 40 : 2
      for _ in 0..<runs {
        let start = [0, 500, 511, Int(random.next() % 512)][Int(random.next() % 4)]
        for index in start..<min(512, start + 1 + Int(random.next() % (level == 1 ? 30 : 4))) {
          words[index] = word(level, &random)
        }
      }
      return words
    }

    private static func word(_ level: Int, _ random: inout Random) -> UInt64 {
      let rights = [0x6, 0x4, 0x8000_0000_0000_0004, 0x2][Int(random.next() % 4)] as UInt64
      guard level == 1 else { return table(level - 1, Int(random.next() % 3)) | rights | 3 | 4 }
      return random.next() % 3 == 0 ? 0xdead_0000_0000_0002 : 0x5000 | rights | 1
    }
  }

  /// A generator of its own, so that a seed is the same images everywhere.
  private struct Random {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
  }

  /// A line, and what MemProcFS compares pages by.
  private struct Line: Equatable {
    var start: UInt64
    var pages: UInt64
    var rights: UInt64
  }

  /// All entries in order, one by one.
  private static func listed(_ tables: Tables) -> [Line] {
    var lines: [Line] = []
    func add(_ word: UInt64, _ address: UInt64) {
      let isGuess = word & 1 == 0
      let rights = isGuess ? 0x8000_0000_0000_0004 : word & 0x8000_0000_0000_0006
      if let last = lines.last, last.start + last.pages << 12 == address,
        isGuess || last.rights == rights
      {
        lines[lines.count - 1].pages += 1
      } else {
        lines.append(Line(start: address, pages: 1, rights: rights))
      }
    }
    func visit(_ table: UInt64, _ level: UInt64, _ address: UInt64) {
      for (index, word) in (tables.words[table] ?? []).enumerated() where word != 0 {
        let start = address + UInt64(index) << (3 + 9 * level)
        if level == 1 { add(word, start) } else { visit(word & 0xff_f000, level - 1, start) }
      }
    }
    visit(Tables.root, 4, 0)
    return lines
  }

  @Test(arguments: 1...12) func copiesOfTablesAreWhatReadingThemGives(seed: UInt64) throws {
    var tables = Tables(seed: seed)
    // The lower half alone: addresses are those that are counted.
    tables.words[Tables.root] = tables.words[Tables.root]?.enumerated()
      .map { $0 < 256 ? $1 : 0 }
    tables.words[Tables.root]?[3] = Tables.table(3, 0) | 7
    let tree = try Fixture.tree("x86/x64-4k-basic")
    let memory = try tree.open("memory.pmem", forWriting: true)
    for (address, words) in tables.words {
      let bytes = words.flatMap { word in
        (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
      }
      _ = try memory.write(bytes, at: address)
    }
    let lines = try tree.text("pid/1/memmap/pte.txt").split(separator: "\n").dropFirst(2)
    let found = lines.map { line -> Line in
      let words = line.split(separator: " ")
      let flags = words[4]
      return Line(
        start: UInt64(words[3].prefix(16), radix: 16) ?? 0,
        pages: UInt64(words[2], radix: 16) ?? 0,
        rights: (flags.hasPrefix("-") ? 4 : 0) | (flags.contains("w") ? 2 : 0)
          | (flags.contains("x") ? 0 : 1 << 63))
    }
    let expected = Self.listed(tables)
    #expect(found.count == expected.count && expected.count > 10)
    let first = zip(found, expected).first { $0 != $1 }
    #expect(first == nil, "\(String(describing: first))")
  }
}
