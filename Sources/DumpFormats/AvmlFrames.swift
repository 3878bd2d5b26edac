import PhysicalMemory
import Synchronization

/// Decompresses the blocks of an AVML file as they are needed.
final class AvmlFrames: FrameSource {
  /// A chunk of a block: where it is in the file, and how far into the block its memory begins.
  private struct Place {
    var offset: UInt64
    var position: UInt64
  }

  private let bytes: ByteMapping
  /// By address, disjoint.
  private let blocks: [AvmlBlock]
  private let log = DamageLog()
  /// The chunks of the blocks that were touched so far.
  private let indexes = Mutex<[Int: [Place]]>([:])
  /// Where the chunks are that cannot be decoded, so that nobody tries it for each of their bytes.
  private let damaged = Mutex<Set<UInt64>>([])
  /// A chunk that turned out to be zeros: what has the same bytes is zero too.
  private let zeroChunk = Mutex<SnappyFrame.Chunk?>(nil)
  /// The chunk that was decoded last, for frames that it holds a part of, which nobody else keeps.
  private let recent = Mutex<(offset: UInt64, bytes: [UInt8])?>(nil)

  init(_ bytes: ByteMapping, _ blocks: [AvmlBlock]) {
    self.bytes = bytes
    self.blocks = blocks
  }

  var damage: [String] { log.list }

  var runs: [MemoryRun] {
    var runs: [MemoryRun] = []
    for block in blocks {
      if let last = runs.last, last.start.rawValue &+ last.byteCount == block.start {
        runs[runs.count - 1].byteCount += block.byteCount
      } else {
        runs.append(
          MemoryRun(start: PhysicalAddress(block.start), byteCount: block.byteCount))
      }
    }
    return runs
  }

  func holds(_ frame: UInt64) -> Bool {
    let (start, last) = addresses(of: frame)
    var next = start
    for index in firstBlock(reaching: start)..<blocks.count {
      guard blocks[index].start <= next else { return false }
      guard blocks[index].last < last else { return true }
      next = blocks[index].last + 1
    }
    return false
  }

  func decode(_ frame: UInt64, _ take: (PhysicalAddress, RawSpan) -> Void) {
    let (start, last) = addresses(of: frame)
    for index in firstBlock(reaching: start)..<blocks.count {
      let block = blocks[index]
      guard block.start <= last else { return }
      let from = max(start, block.start) - block.start
      let to = min(last, block.last) - block.start
      if block.isCompressed {
        decode(index, from: from, to: to, take)
      } else {
        _ = bytes.withBytes(at: block.data + from, count: Int(to - from) + 1) {
          take(PhysicalAddress(block.start + from), $0)
        }
      }
    }
  }

  private func addresses(of frame: UInt64) -> (start: UInt64, last: UInt64) {
    (frame * frameSize, frame * frameSize + (frameSize - 1))
  }

  /// The index of the first block that ends at `address` or later.
  private func firstBlock(reaching address: UInt64) -> Int {
    blocks.partitioningIndex { $0.last >= address }
  }

  /// Decodes the chunks that hold the positions `from` to `to` of a block.
  private func decode(
    _ index: Int, from: UInt64, to: UInt64, _ take: (PhysicalAddress, RawSpan) -> Void
  ) {
    let block = blocks[index]
    let places = places(in: index)
    var number = Self.lastPlace(in: places, at: from)
    while number < places.count, places[number].position <= to {
      let place = places[number]
      number += 1
      guard !damaged.withLock({ $0.contains(place.offset) }) else { continue }
      do throws(DumpDefect) {
        let chunk = try decodedChunk(at: place.offset, limit: block.dataEnd)
        let count = min(UInt64(chunk.count), block.byteCount - place.position)
        unsafe take(
          PhysicalAddress(block.start + place.position),
          chunk.span.bytes.extracting(first: Int(count)))
      } catch {
        log.add(error, memory: "memory at \((block.start + place.position).hex)")
        damaged.withLock { _ = $0.insert(place.offset) }
      }
    }
  }

  private func decodedChunk(at offset: UInt64, limit: UInt64) throws(DumpDefect) -> [UInt8] {
    if let recent = recent.withLock({ $0 }), recent.offset == offset { return recent.bytes }
    let chunk = try SnappyFrame.chunk(bytes, at: offset, limit: limit)
    let decoded = try SnappyFrame.decode(chunk, bytes)
    recent.withLock { $0 = (offset, decoded) }
    zeroChunk.withLock { zeros in
      if zeros == nil, decoded.allSatisfy({ $0 == 0 }) { zeros = chunk }
    }
    return decoded
  }

  /// The rest of the chunk that holds `address`, where it has the bytes of one that is all zero.
  func knownZeroCount(at address: PhysicalAddress) -> UInt64 {
    let index = firstBlock(reaching: address.rawValue)
    guard let zeros = zeroChunk.withLock({ $0 }), index < blocks.count, blocks[index].isCompressed,
      address.rawValue >= blocks[index].start
    else { return 0 }
    let block = blocks[index]
    let position = address.rawValue - block.start
    let places = places(in: index)
    let number = Self.lastPlace(in: places, at: position)
    guard number < places.count,
      let chunk = try? SnappyFrame.chunk(bytes, at: places[number].offset, limit: block.dataEnd),
      chunk.hasBytes(of: zeros, in: bytes)
    else { return 0 }
    let end = min(places[number].position + UInt64(chunk.decompressedCount), block.byteCount)
    return end > position ? end - position : 0
  }

  private static func lastPlace(in places: [Place], at position: UInt64) -> Int {
    max(places.partitioningIndex { $0.position > position } - 1, 0)
  }

  private func places(in index: Int) -> [Place] {
    if let places = indexes.withLock({ $0[index] }) { return places }
    let places = findPlaces(in: blocks[index])
    indexes.withLock { $0[index] = places }
    return places
  }

  /// Goes through the headers of a block's chunks, up to the first defect.
  private func findPlaces(in block: AvmlBlock) -> [Place] {
    // Chunks have 64 KiB; smaller ones are taken too, but not so many that the list grows large.
    let most = block.byteCount / frameSize + 16
    var places: [Place] = []
    var offset = block.data
    var position: UInt64 = 0
    do throws(DumpDefect) {
      while position < block.byteCount {
        let chunk = try SnappyFrame.chunk(bytes, at: offset, limit: block.dataEnd)
        if chunk.decompressedCount > 0 {
          guard places.count < most else {
            throw DumpDefect(
              "chunk", at: offset, expected: "chunks of 64 KiB",
              found: "more than \(most) small ones")
          }
          places.append(Place(offset: offset, position: position))
        }
        position += UInt64(chunk.decompressedCount)
        offset = chunk.end
      }
    } catch {
      log.add(error, memory: "memory from \((block.start + position).hex) to \(block.last.hex)")
    }
    return places
  }
}
