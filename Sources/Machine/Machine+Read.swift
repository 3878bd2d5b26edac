public import Paging
public import PhysicalMemory
public import WindowsMemory

/// Which addresses a reader means.
public enum AddressKind: Sendable {
  /// Virtual addresses under the root that questions are about.
  case virtual
  /// Physical addresses.
  case physical
}

/// Bytes that lie together in one frame, or the lack of them.
public struct MemoryPiece: Hashable, Sendable {
  /// What is at the addresses.
  public enum Content: Hashable, Sendable {
    /// These bytes.
    case bytes([UInt8])
    /// Nothing is known: the image does not hold the frame.
    case absent
    /// No page is mapped there, for this reason.
    case unmapped(WalkStop)
  }

  /// The first address, of the kind that was asked about.
  public var address: UInt64
  /// The physical address of the first byte; nil where none is mapped.
  public var physical: PhysicalAddress?
  /// The number of bytes, at least 1.
  public var count: UInt64
  /// What is there.
  public var content: Content
  /// What Windows makes of the page, where the processor would fault: one in transition is there.
  public var state: PTEState?

  /// The last address, inclusive.
  public var last: UInt64 { address &+ (count &- 1) }
}

extension Machine {
  /// Gives what is at the addresses in `range`, piece by piece in ascending order, until `emit` returns
  /// false.
  ///
  /// No piece of bytes crosses a boundary of 4 KiB. Where an entry far above the page says that nothing is
  /// mapped, one piece stands for all that the entry would translate.
  public func read(
    _ range: ClosedRange<UInt64>, _ kind: AddressKind, _ emit: (MemoryPiece) -> Bool
  ) {
    let classifier = kind == .virtual ? classifier() : nil
    var address = range.lowerBound
    while true {
      let frameEnd = address | (frameSize - 1)
      let end: UInt64
      switch kind {
      case .physical:
        end = min(frameEnd, range.upperBound)
        guard give(address...end, at: PhysicalAddress(address), emit) else { return }
      case .virtual:
        let walk = paging.walk(VirtualAddress(address), in: memory).result
        switch walk {
        case .mapped(let page):
          end = min(frameEnd, range.upperBound)
          guard give(address...end, at: page.address, emit) else { return }
        case .stopped(let stop):
          let finding = stop.leavesPages ? classifier?.finding(of: VirtualAddress(address)) : nil
          if case .memory(let place) = finding?.content {
            end = min(frameEnd, range.upperBound)
            guard give(address...end, at: place, state: finding?.ownState, emit) else { return }
            break
          }
          // A table in transition has entries of its own for each page.
          let isSmall = finding.map { $0.level < stop.level } ?? false
          end = min(isSmall ? frameEnd : coverage(of: stop, at: address), range.upperBound)
          var piece = MemoryPiece(
            address: address, physical: nil, count: end - address + 1, content: .unmapped(stop))
          piece.state = finding?.state ?? finding?.ownState
          guard emit(piece) else { return }
        }
      }
      guard end < range.upperBound else { return }
      address = end + 1
    }
  }

  /// The last address for which a walk ends as it did at `address`.
  private func coverage(of stop: WalkStop, at address: UInt64) -> UInt64 {
    let half = paging.half(of: VirtualAddress(address))
    guard stop.level > 0 else {
      // Between the halves no table is read: all up to the next canonical address is alike.
      let sign: UInt64 = 1 << (half.translatedBits < 64 ? half.translatedBits - 1 : 63)
      let upper = ~(sign - 1)
      return !half.isARM64 && address < upper ? upper - 1 : address | (frameSize - 1)
    }
    return address | ((1 << half.pageShift(stop.level)) - 1)
  }

  /// Gives a stretch of one frame: in one piece where all of it is present or absent.
  private func give(
    _ range: ClosedRange<UInt64>, at physical: PhysicalAddress, state: PTEState? = nil,
    _ emit: (MemoryPiece) -> Bool
  ) -> Bool {
    let count = range.upperBound - range.lowerBound + 1
    if let whole = memory.withBytes(at: physical, count: Int(count), { $0.copied() }) {
      return emit(
        MemoryPiece(
          address: range.lowerBound, physical: physical, count: count, content: .bytes(whole),
          state: state))
    }
    let bytes = memory.bytes(at: physical, count: Int(count))
    var start = 0
    while start < bytes.count {
      let isPresent = bytes[start] != nil
      let end = bytes[start...].firstIndex { ($0 != nil) != isPresent } ?? bytes.count
      let piece = MemoryPiece(
        address: range.lowerBound + UInt64(start), physical: physical.advanced(by: UInt64(start)),
        count: UInt64(end - start),
        content: isPresent ? .bytes(bytes[start..<end].compactMap(\.self)) : .absent,
        state: state)
      guard emit(piece) else { return false }
      start = end
    }
    return true
  }
}

extension WalkStop {
  /// Whether the memory manager may know of pages where the processor stops: those of one entry, or of a
  /// table that is in memory.
  fileprivate var leavesPages: Bool {
    guard case .notPresent = cause else { return false }
    return level == 1 || (level > 1 && entry != 0)
  }
}

extension PageFinding {
  /// What the entry says by itself: that it is a prototype, rather than where that leads.
  fileprivate var ownState: PTEState? { reading?.state }
}
