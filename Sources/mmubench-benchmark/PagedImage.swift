import PhysicalMemory

/// The frames of a flat image, as a source that copies each when it is asked for.
private struct CopiedFrames: FrameSource {
  let bytes: ByteMapping

  func decode(_ frame: UInt64, _ take: (PhysicalAddress, RawSpan) -> Void) {
    _ = bytes.withBytes(at: frame * frameSize, count: Int(frameSize)) {
      take(PhysicalAddress(frame * frameSize), $0)
    }
  }

  func holds(_ frame: UInt64) -> Bool { frame < UInt64(bytes.count) / frameSize }

  var runs: [MemoryRun] {
    [MemoryRun(start: PhysicalAddress(0), byteCount: UInt64(bytes.count))]
  }

  var damage: [String] { [] }
}

extension SyntheticImage {
  /// The image as the memory of a compressed dump, with room for all of its frames.
  func paged() throws -> MemoryImage {
    let cache = try FrameCache(frames: bytes.count / Int(frameSize))
    return .paged(PagedMemory(CopiedFrames(bytes: bytes), cache: cache))
  }
}
