extension PhysicalMemory {
  /// Gives every frame of which all bytes are present and some may not be zero, as 64-bit
  /// little-endian words, in ascending order, until `body` returns false.
  ///
  /// Frames that are known to be zero without a look are left out.
  public func forEachFrame(
    in range: ClosedRange<UInt64> = 0...UInt64.max,
    _ body: (_ frame: PhysicalAddress, _ words: [UInt64]) -> Bool
  ) {
    var words = [UInt64](repeating: 0, count: Int(frameSize) / 8)
    for run in runs {
      var next = run.start.rawValue.roundedUpToFrame
      while next <= run.last.rawValue, run.last.rawValue - next >= frameSize - 1 {
        let frame = PhysicalAddress(next)
        next += max(frameSize, knownZeroCount(at: frame) / frameSize * frameSize)
        guard range.contains(frame.rawValue), knownZeroCount(at: frame) < frameSize else {
          continue
        }
        let copied: Void? = withBytes(at: frame, count: Int(frameSize)) { $0.copy(into: &words) }
        // A frame may be present in several pieces, which no span shows at once.
        if copied == nil, !loadWords(of: frame, into: &words) { continue }
        guard body(frame, words) else { return }
      }
    }
  }
}

extension PhysicalMemory {
  private func loadWords(of frame: PhysicalAddress, into words: inout [UInt64]) -> Bool {
    for index in words.indices {
      guard let word = load(UInt64.self, at: frame.advanced(by: UInt64(index) * 8)) else {
        return false
      }
      words[index] = word
    }
    return true
  }
}

extension UInt64 {
  /// The first multiple of the size of a frame that is not below the number.
  fileprivate var roundedUpToFrame: UInt64 {
    let (sum, overflow) = addingReportingOverflow(frameSize - 1)
    return overflow ? self : sum / frameSize * frameSize
  }
}

extension MemoryImage {
  /// Gives every frame that is present and not known to be zero; see `PhysicalMemory`.
  ///
  /// The kind of memory is asked for once.
  public func forEachFrame(
    in range: ClosedRange<UInt64> = 0...UInt64.max,
    _ body: (_ frame: PhysicalAddress, _ words: [UInt64]) -> Bool
  ) {
    switch self {
    case .flat(let memory): memory.forEachFrame(in: range, body)
    case .runs(let memory): memory.forEachFrame(in: range, body)
    case .paged(let memory): memory.forEachFrame(in: range, body)
    }
  }
}
