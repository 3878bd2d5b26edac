import PhysicalMemory

extension DumpWriter {
  /// The most memory in a block, as AVML itself has it.
  private static var blockSize: UInt64 { 16 << 20 }

  /// A chunk of zeros, of which large memories may have more than of anything else.
  private static let zeroChunk = unsafe SnappyFrame.encode(
    [UInt8](repeating: 0, count: SnappyFrame.chunkSize).span.bytes)

  /// Writes AVML, version 2: blocks of at most 16 MiB, each a header, a snappy stream, its length.
  func writeAvml(
    _ memory: some PhysicalMemory, _ runs: [MemoryRun], to file: OutputFile
  ) throws(DumpError) {
    for run in runs {
      var address = run.start
      var left = run.byteCount
      while left > 0 {
        let count = min(left, Self.blockSize)
        try writeBlock(of: memory, MemoryRun(start: address, byteCount: count), to: file)
        address = address.advanced(by: count)
        left -= count
      }
    }
  }

  private func writeBlock(
    of memory: some PhysicalMemory, _ run: MemoryRun, to file: OutputFile
  ) throws(DumpError) {
    try file.write(AvmlHeader(start: run.start.rawValue, last: run.last.rawValue).encoded)
    let stream = file.position
    try file.write(SnappyFrame.streamIdentifier)
    var chunk: [UInt8] = []
    chunk.reserveCapacity(SnappyFrame.chunkSize)
    var offset: UInt64 = 0
    while offset < run.byteCount {
      let address = run.start.advanced(by: offset)
      if chunk.isEmpty, run.byteCount - offset >= SnappyFrame.chunkSize,
        memory.knownZeroCount(at: address) >= SnappyFrame.chunkSize
      {
        try file.write(Self.zeroChunk)
        offset += UInt64(SnappyFrame.chunkSize)
        continue
      }
      let toFrame = frameSize - address.rawValue % frameSize
      let room = UInt64(SnappyFrame.chunkSize - chunk.count)
      let count = min(run.byteCount - offset, toFrame, room)
      try chunk.append(memory, at: address, count: Int(count))
      offset += count
      if chunk.count == SnappyFrame.chunkSize || offset == run.byteCount {
        unsafe try file.write(SnappyFrame.encode(chunk.span.bytes))
        chunk.removeAll(keepingCapacity: true)
      }
    }
    try file.write((file.position - stream).littleEndianBytes)
  }
}

extension [UInt8] {
  /// Appends bytes of one frame of `memory`.
  mutating func append(
    _ memory: some PhysicalMemory, at address: PhysicalAddress, count: Int
  ) throws(DumpError) {
    let found: Void? = memory.withBytes(at: address, count: count) { bytes in
      unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }
    if found == nil { try append(contentsOf: memory.scatteredBytes(at: address, count: count)) }
  }
}
