import PhysicalMemory

/// Memory for formats that know whole frames only.
struct FrameRuns {
  /// The stretches, cut to whole frames.
  private(set) var runs: [MemoryRun] = []
  /// The bytes in frames that are only partly present.
  private(set) var lostBytes: UInt64 = 0

  init(_ runs: [MemoryRun]) {
    for run in runs {
      let first = run.start.rawValue.addingClamped(frameSize - 1) / frameSize
      let end = (run.start.rawValue + run.byteCount) / frameSize
      let kept = end > first ? (end - first) * frameSize : 0
      lostBytes += run.byteCount - kept
      if kept > 0 {
        self.runs.append(MemoryRun(start: PhysicalAddress(first * frameSize), byteCount: kept))
      }
    }
  }

  /// The number of frames.
  var count: UInt64 { runs.reduce(0) { $0 + $1.byteCount / frameSize } }

  /// The number of the last frame and one.
  var end: UInt64 { runs.last.map { $0.last.frame + 1 } ?? 0 }

  /// What is lost, for the user.
  var losses: [String] {
    lostBytes == 0
      ? [] : ["\(lostBytes.hex) bytes of frames that are only partly present are left out"]
  }

  /// Writes the bitmap of the frames, with room for `bits` of them, lowest bit first.
  func writeBitmap(bits: UInt64, to file: OutputFile) throws(DumpError) {
    let pieceBits: UInt64 = 4096 * 8
    var index = 0
    for start in stride(from: 0, to: bits, by: Int(pieceBits)) {
      let end = min(start + pieceBits, bits)
      while index < runs.count, runs[index].last.frame < start { index += 1 }
      guard index < runs.count, runs[index].start.frame < end else {
        try file.writeZeros((end - start + 7) / 8)
        continue
      }
      var piece = [UInt8](repeating: 0, count: Int((end - start + 7) / 8))
      for run in runs[index...] {
        guard run.start.frame < end else { break }
        let first = max(run.start.frame, start)
        let last = min(run.last.frame, end - 1)
        for frame in first...last {
          piece[Int((frame - start) / 8)] |= 1 << UInt8((frame - start) % 8)
        }
      }
      try file.write(piece)
    }
  }
}
