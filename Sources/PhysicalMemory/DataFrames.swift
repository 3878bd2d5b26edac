extension [Range<UInt64>] {
  /// Appends the numbers of the frames that `run` reaches into; it begins behind all before it.
  package mutating func appendFrames(of run: MemoryRun) {
    let frames = run.start.frame..<run.last.frame + 1
    guard let last, last.upperBound >= frames.lowerBound else { return append(frames) }
    self[count - 1] = last.lowerBound..<Swift.max(last.upperBound, frames.upperBound)
  }

  /// Appends the frames into which data of a file reach that begin at `offset` and are the memory of `run`.
  package mutating func appendFrames(of run: MemoryRun, in bytes: ByteMapping, at offset: UInt64) {
    for data in bytes.data(in: offset..<offset + run.byteCount) {
      appendFrames(
        of: MemoryRun(
          start: run.start.advanced(by: data.lowerBound - offset),
          byteCount: data.upperBound - data.lowerBound))
    }
  }

  /// How many frames there are.
  package var frameCount: UInt64 { reduce(0) { $0 + ($1.upperBound - $1.lowerBound) } }
}

extension PhysicalMemory {
  /// The frames of all runs: nothing is known of their bytes.
  public var dataFrames: [Range<UInt64>] {
    runs.reduce(into: []) { $0.appendFrames(of: $1) }
  }
}
