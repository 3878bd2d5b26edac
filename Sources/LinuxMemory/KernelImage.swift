import Paging
import PhysicalMemory

/// The stretches of memory that hold the kernel itself: its text, its read-only data and its
/// variables.
///
/// On x86-64 that is what is mapped from __START_KERNEL_map on (Linux
/// arch/x86/include/asm/page_64_types.h); elsewhere what is mapped together around the kernel's text.
struct KernelImage {
  /// A stretch, and its address for the kernel.
  struct Piece {
    var start: VirtualAddress
    var memory: ClosedRange<UInt64>
  }

  private(set) var pieces: [Piece] = []
  private let memory: MemoryImage

  /// The most bytes that are looked through; no kernel image is larger.
  private static let byteLimit: UInt64 = 256 << 20
  /// The most pieces that are looked at, so that tables which lie cannot keep a search busy.
  private static let pieceLimit = 1 << 16

  /// Finds the image by the tables of a state.
  init(_ memory: MemoryImage, _ paging: PagingState, _ vmcoreinfo: Vmcoreinfo?) {
    self.memory = memory
    guard let range = Self.range(paging, vmcoreinfo) else { return }
    var pieces: [Piece] = []
    var room = Self.byteLimit
    paging.map(memory, range: range, expandingCopies: true) { piece in
      guard case .run(let run) = piece else { return true }
      let start = max(run.start.rawValue, range.lowerBound)
      let end = min(run.end.rawValue, range.upperBound)
      guard start <= end else { return true }
      let physical = run.address.rawValue &+ (start &- run.start.rawValue)
      let count = min(end - start + 1, room)
      guard count > 0, physical <= UInt64.max - count else { return false }
      room -= count
      // Rights and page sizes part what lies together, and what is looked for may lie across.
      if let last = pieces.last, last.memory.upperBound &+ 1 == physical,
        last.start.rawValue &+ UInt64(last.memory.count) == start
      {
        pieces[pieces.count - 1].memory = last.memory.lowerBound...(physical + count - 1)
      } else {
        pieces.append(
          Piece(start: VirtualAddress(start), memory: physical...(physical + count - 1)))
      }
      return room > 0 && pieces.count < Self.pieceLimit
    }
    self.pieces = pieces
  }

  private static func range(
    _ paging: PagingState, _ vmcoreinfo: Vmcoreinfo?
  ) -> ClosedRange<UInt64>? {
    switch paging.mode {
    case .x86_64, .la57: return 0xffff_ffff_8000_0000...0xffff_ffff_bfff_ffff
    case .x86, .pae:
      guard let text = vmcoreinfo?.symbol("_stext"), text <= paging.mode.lastAddress else {
        return 0xc000_0000...0xcfff_ffff
      }
      return text...min(text | (byteLimit - 1), paging.mode.lastAddress)
    case .arm64:
      guard let text = vmcoreinfo?.symbol("_stext"), text <= UInt64.max - byteLimit else {
        return nil
      }
      return text...(text + byteLimit - 1)
    }
  }

  /// Whether the dump holds the image, by a look at some of its frames.
  var isMostlyPresent: Bool {
    let samples = pieces.flatMap { piece in
      let step = max(frameSize, UInt64(piece.memory.count) / 16)
      return stride(
        from: piece.memory.lowerBound, to: piece.memory.upperBound, by: UInt64.Stride(step))
    }.prefix(256)
    return samples.count { memory.holdsFrame(of: PhysicalAddress($0)) } * 2 > samples.count
  }

  /// Gives the kernel addresses at which a pattern begins, until `found` returns false.
  func search(_ pattern: BytePattern, _ found: (VirtualAddress) -> Bool) {
    let search = MemorySearch(pattern)
    var wantsMore = true
    for piece in pieces where wantsMore {
      search.run(memory, in: piece.memory) { place in
        wantsMore = found(piece.start.advanced(by: place.rawValue - piece.memory.lowerBound))
        return wantsMore
      }
    }
  }
}
