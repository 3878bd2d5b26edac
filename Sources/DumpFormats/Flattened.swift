import PhysicalMemory

/// Puts together what makedumpfile has written to a pipe: pieces of a file, each with its place.
enum Flattened {
  /// Whether the bytes begin as such pieces do.
  static func recognises(_ bytes: ByteMapping) -> Bool {
    bytes.begins(with: FlattenedLayout.signature)
      && bytes.load(UInt64.self, at: FlattenedLayout.typeOffset)?.byteSwapped == 1
  }

  /// Writes the pieces to their places in `file`.
  ///
  /// - Returns: a warning where the end is not there.
  static func rearrange(
    _ bytes: ByteMapping, path: String, into file: TemporaryFile
  ) throws(DumpError) -> String? {
    let fileEnd = UInt64(bytes.count)
    var offset = FlattenedLayout.headerSize
    while let place = bytes.load(UInt64.self, at: offset)?.byteSwapped,
      let size = bytes.load(UInt64.self, at: offset + 8)?.byteSwapped
    {
      if place == FlattenedLayout.end { return nil }
      let data = offset + FlattenedLayout.pieceHeaderSize
      guard place <= UInt64(Int64.max) else {
        throw .malformed(
          path: path,
          DumpDefect("piece offset", at: offset, expected: "an offset in a file", found: place.hex))
      }
      guard size <= fileEnd - data else {
        if size > UInt64(Int64.max) || offset == FlattenedLayout.headerSize {
          throw .malformed(
            path: path,
            DumpDefect(
              "piece size", at: offset + 8, expected: "at most \(fileEnd - data) bytes",
              found: size.hex))
        }
        try copy(bytes, data..<fileEnd, to: place, in: file)
        return "the flattened file ends within the piece at byte \(offset.hex)"
      }
      try copy(bytes, data..<data + size, to: place, in: file)
      offset = data + size
    }
    return "the flattened file ends without its last piece, at byte \(min(offset, fileEnd).hex)"
  }

  private static func copy(
    _ bytes: ByteMapping, _ range: Range<UInt64>, to place: UInt64, in file: TemporaryFile
  ) throws(DumpError) {
    let written = bytes.withBytes(at: range.lowerBound, count: range.count) { piece in
      Result { () throws(DumpError) in try file.write(piece, at: place) }
    }
    try written?.get()
  }
}
