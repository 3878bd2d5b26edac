package import Machine
package import Paging
package import PhysicalMemory

/// Page tables written word by word, as a person would on paper.
///
/// Entries are hexadecimal words from the manual, not made from layouts, so that a wrong bit in a
/// layout shows.
package struct TableSketch {
  /// P, RW and US: an entry that leads to a table or maps a 4-KByte page, all rights granted.
  package static let table: UInt64 = 0x07
  /// The same for a page.
  package static let page: UInt64 = 0x07
  /// P, RW, US and PS: an entry that maps a large page.
  package static let large: UInt64 = 0x87

  private var words: [UInt64: UInt64] = [:]
  private var absentFrames: Set<UInt64> = []

  /// Creates memory of 4 MiB that holds zeros.
  package init() {}

  /// Puts an eight-byte entry into a table.
  package mutating func put(_ entry: UInt64, in table: UInt64, at index: UInt64) {
    words[table + index * 8] = entry
  }

  /// Leaves a frame out of the image.
  package mutating func removeFrame(_ frame: UInt64) { absentFrames.insert(frame) }

  /// The memory with these words.
  package var memory: MemoryImage {
    get throws {
      let size = 4 << 20
      let mapping = try ByteMapping.zeroed(count: size)
      for (address, word) in words { mapping.store(word, at: Int(address)) }
      let segments = stride(from: UInt64(0), to: UInt64(size), by: 4096)
        .filter { !absentFrames.contains($0) }
        .map {
          RunMemory.Segment(
            start: PhysicalAddress($0), byteCount: 4096, source: .mapping(offset: $0))
        }
      return .runs(RunMemory(mapping, segments))
    }
  }

  /// The machine over this memory, with these roots.
  package func machine(
    mode: PagingMode = .x86_64, root: UInt64 = 0x1000, further: [UInt64] = []
  ) throws -> Machine {
    Machine(
      memory: try memory, paging: PagingState(mode: mode, cr3: root),
      addressSpaces: ([root] + further).enumerated().map { index, root in
        AddressSpace(
          register: root, pid: UInt64(index + 1), process: "task\(index + 1)", foundBy: "test")
      },
      format: "test", size: 4 << 20)
  }

  /// One page: tables at the four given frames, va 0x40_3000 on frame 0x5000.
  package static func onePage(
    _ frames: [UInt64] = [0x1000, 0x2000, 0x3000, 0x4000]
  ) -> TableSketch {
    var sketch = TableSketch()
    sketch.put(frames[1] | table, in: frames[0], at: 0)
    sketch.put(frames[2] | table, in: frames[1], at: 0)
    sketch.put(frames[3] | table, in: frames[2], at: 2)
    sketch.put(0x5000 | page, in: frames[3], at: 3)
    return sketch
  }
}
