import Machine
import Paging
import PhysicalMemory

/// Page tables written word by word, as a person would on paper; 4-level paging, hexadecimal words
/// from the manual, no layouts.
struct TableSketch {
  private var words: [UInt64: UInt64] = [:]
  private var absentFrames: Set<UInt64> = []

  static let table: UInt64 = 0x07
  static let page: UInt64 = 0x07
  static let large: UInt64 = 0x87

  /// Puts an entry into a table.
  mutating func put(_ entry: UInt64, in table: UInt64, at index: UInt64) {
    words[table + index * 8] = entry
  }

  /// Leaves a frame out of the image.
  mutating func removeFrame(_ frame: UInt64) { absentFrames.insert(frame) }

  /// Memory of 4 MiB with these words, and zeros elsewhere.
  var memory: MemoryImage {
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

  /// The machine over this memory with one root.
  func machine(root: UInt64 = 0x1000) throws -> Machine {
    Machine(
      memory: try memory, paging: PagingState(mode: .x86_64, cr3: root),
      addressSpaces: [AddressSpace(register: root, foundBy: "test")], format: "test",
      size: 4 << 20)
  }

  /// One page: tables at the four given frames, va 0x40_3000 on frame 0x5000.
  static func onePage(_ frames: [UInt64] = [0x1000, 0x2000, 0x3000, 0x4000]) -> TableSketch {
    var sketch = TableSketch()
    sketch.put(frames[1] | table, in: frames[0], at: 0)
    sketch.put(frames[2] | table, in: frames[1], at: 0)
    sketch.put(frames[3] | table, in: frames[2], at: 2)
    sketch.put(0x5000 | page, in: frames[3], at: 3)
    return sketch
  }
}
