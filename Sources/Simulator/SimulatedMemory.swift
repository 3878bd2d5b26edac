import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// Physical memory that changes.
///
/// The host maps it and gives memory to the frames that are touched, and to no others. All who read,
/// the emulated MMU and the classifiers, see the changes at once.
final class SimulatedMemory {
  /// The memory, for those who read.
  let image: MemoryImage
  /// The frames that are installed, as ranges of frame numbers.
  let installed: [ClosedRange<UInt64>]
  private let mapping: ByteMapping
  /// The bytes of an entry of a page table.
  private let entrySize: Int
  /// How often an entry was written: where it stays the same, all addresses mean what they meant.
  private(set) var entryWrites = 0

  /// Takes over the memory of a machine, whose content is zero.
  init(_ runs: [MemoryRun], entrySize: Int) throws(SystemError) {
    self.entrySize = entrySize
    let end = runs.last.map { $0.start.rawValue + $0.byteCount } ?? 0
    mapping = try ByteMapping.zeroed(count: Int(end))
    installed = runs.compactMap { run in
      let first = (run.start.rawValue + (frameSize - 1)) / frameSize
      let end = (run.start.rawValue + run.byteCount) / frameSize
      return first < end ? first...(end - 1) : nil
    }
    if runs.count == 1, runs[0].start.rawValue == 0 {
      image = .flat(FlatMemory(mapping))
    } else {
      image = .runs(
        RunMemory(
          mapping,
          runs.map {
            .init(
              start: $0.start, byteCount: $0.byteCount,
              source: .mapping(offset: $0.start.rawValue))
          }))
    }
  }

  /// The memory of a machine; where the host cannot map it, `memory:` asks for too much.
  static func of(
    _ machine: Machine, _ scenario: Scenario, entrySize: Int
  ) throws(StepFailure) -> SimulatedMemory {
    do throws(SystemError) {
      return try SimulatedMemory(machine.memory.runs, entrySize: entrySize)
    } catch {
      throw .mistake(.tooLarge, "\(error)", at: scenario.machine.memory.mark)
    }
  }

  /// The memory with its known zeros: all frames but those that `isTouched` names.
  func image(touched: [UInt64]) -> MemoryImage {
    var segments: [RunMemory.Segment] = []
    var next = touched.sorted()[...]
    for range in installed {
      var frame = range.lowerBound
      while frame <= range.upperBound {
        while let first = next.first, first < frame { next.removeFirst() }
        let stop = min(next.first ?? UInt64.max, range.upperBound + 1)
        if frame < stop { add(&segments, frame..<stop, isZero: true) }
        guard stop <= range.upperBound else { break }
        var end = stop
        while next.first == end, end <= range.upperBound {
          next.removeFirst()
          end += 1
        }
        add(&segments, stop..<end, isZero: false)
        frame = end
      }
    }
    return .runs(RunMemory(mapping, segments))
  }

  private func add(
    _ segments: inout [RunMemory.Segment], _ frames: Range<UInt64>, isZero: Bool
  ) {
    let start = frames.lowerBound * frameSize
    segments.append(
      .init(
        start: PhysicalAddress(start), byteCount: UInt64(frames.count) * frameSize,
        source: isZero ? .zero : .mapping(offset: start)))
  }

  /// Whether a frame is installed.
  func has(_ frame: UInt64) -> Bool { installed.contains { $0.contains(frame) } }

  // MARK: - Rows of frames

  /// How many frames a huge page of the host has.
  private static let hugeFrames: UInt64 = 512
  /// The frame that was taken last, and how many were taken before it one after the other.
  private var lastTaken = UInt64.max
  private var row: UInt64 = 0

  /// A frame begins to be used: after a long row of them, the host is told that the next ones follow.
  ///
  /// So a row costs at most as much more as it has cost, and frames here and there cost what they are.
  func noteTaken(_ frame: UInt64) {
    row = frame == lastTaken &+ 1 ? row + 1 : 0
    lastTaken = frame
    guard row >= Self.hugeFrames, frame % Self.hugeFrames == 0 else { return }
    let start = Int(frame * frameSize)
    let size = Int(Self.hugeFrames * frameSize)
    mapping.expectWrites(at: start, count: min(size, mapping.count - start))
  }

  // MARK: - Words

  /// The entry of a page table at an address, which is installed.
  @inline(__always)
  func entry(at place: UInt64) -> UInt64 {
    entrySize == 4
      ? UInt64(mapping.load(UInt32.self, at: place) ?? 0)
      : mapping.load(UInt64.self, at: place) ?? 0
  }

  @inline(__always)
  func store(entry: UInt64, at place: UInt64) {
    entryWrites += 1
    if entrySize == 4 {
      mapping.store(UInt32(truncatingIfNeeded: entry), at: Int(place))
    } else {
      mapping.store(entry, at: Int(place))
    }
  }

  /// Writes a little-endian number of `size` bytes that lie in one frame.
  func store(_ value: UInt64, at place: UInt64, size: Int) {
    switch size {
    case 8: mapping.store(value, at: Int(place))
    case 4: mapping.store(UInt32(truncatingIfNeeded: value), at: Int(place))
    case 2: mapping.store(UInt16(truncatingIfNeeded: value), at: Int(place))
    default:
      for byte in 0..<size {
        mapping.store(
          UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)), at: Int(place) + byte)
      }
    }
  }

  /// The little-endian number of `size` bytes, at most 8, that lie in one frame.
  @inline(__always)
  func number(at place: UInt64, size: Int) -> UInt64 {
    switch size {
    case 8: mapping.load(UInt64.self, at: place) ?? 0
    case 4: UInt64(mapping.load(UInt32.self, at: place) ?? 0)
    case 2: UInt64(mapping.load(UInt16.self, at: place) ?? 0)
    default:
      (0..<UInt64(size)).reversed().reduce(0) {
        $0 << 8 | UInt64(mapping.load(UInt8.self, at: place + $1) ?? 0)
      }
    }
  }

  func store(_ bytes: [UInt8], at place: UInt64) { mapping.store(bytes, at: Int(place)) }

  func fill(_ byte: UInt8, at place: UInt64, count: Int) {
    mapping.store([UInt8](repeating: byte, count: count), at: Int(place))
  }

  // MARK: - Pages

  private static let zeros = [UInt8](repeating: 0, count: Int(frameSize))

  func zero(frame: UInt64) { mapping.store(Self.zeros, at: Int(frame * frameSize)) }

  func page(_ frame: UInt64) -> [UInt8] {
    mapping.withBytes(at: frame * frameSize, count: Int(frameSize)) { span in
      span.copied()
    } ?? []
  }

  /// The content of a page; nil where all of it is zero, which needs no memory.
  func content(of frame: UInt64) -> [UInt8]? {
    let bytes = page(frame)
    return bytes == Self.zeros ? nil : bytes
  }

  func set(_ frame: UInt64, to content: [UInt8]?) {
    mapping.store(content ?? Self.zeros, at: Int(frame * frameSize))
  }

  func copy(_ source: UInt64, to target: UInt64) { set(target, to: page(source)) }

  func bytes(at place: UInt64, count: Int) -> [UInt8] {
    mapping.withBytes(at: place, count: count) { $0.copied() } ?? []
  }
}
