import Paging
import PhysicalMemory

/// Gives pieces of a map with their memory types, which are looked up for many runs in one go.
final class TypedPieces {
  private static let largestBatch = 1024
  /// How many pieces are looked up together: few at first, so that a reader has something soon.
  private var batchSize = 1

  private let paging: PagingState
  private let memory: MemoryImage
  private let emit: (MapPiece, MemoryType?) -> Bool
  private var pieces: [MapPiece] = []
  private var wantsMore = true

  /// Gives the pieces of a map to `emit` until it returns false.
  init(
    _ paging: PagingState, _ memory: MemoryImage, _ emit: @escaping (MapPiece, MemoryType?) -> Bool
  ) {
    self.paging = paging
    self.memory = memory
    self.emit = emit
  }

  /// Takes the next piece; false when no more are wanted.
  func add(_ piece: MapPiece) -> Bool {
    pieces.append(piece)
    return pieces.count < batchSize || flush()
  }

  /// Gives the pieces that are held back; false when no more are wanted.
  @discardableResult
  func flush() -> Bool {
    let runs = pieces.compactMap { piece -> MappingRun? in
      if case .run(let run) = piece { run } else { nil }
    }
    var types = paging.memoryTypes(of: runs, in: memory).makeIterator()
    for piece in pieces where wantsMore {
      var type: MemoryType?
      if case .run = piece { type = types.next() ?? nil }
      wantsMore = emit(piece, type)
    }
    pieces.removeAll(keepingCapacity: true)
    batchSize = min(batchSize * 2, Self.largestBatch)
    return wantsMore
  }
}
