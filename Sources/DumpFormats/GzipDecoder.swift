import CZlib

/// Decodes gzip files of any number of members; zeros may fill the end.
@safe final class GzipDecoder: Decoder {
  private var stream = unsafe z_stream()
  private var isBetweenMembers = false

  init() throws(DecodingFailure) {
    // 15 window bits, the greatest; 16 more ask for the gzip wrapper and nothing else.
    let size = unsafe Int32(MemoryLayout<z_stream>.size)
    let result = unsafe inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, size)
    guard result == Z_OK else {
      throw DecodingFailure(consumed: 0, reason: .unavailable("zlib error \(result)"))
    }
  }

  deinit { unsafe inflateEnd(&stream) }

  func decode(
    _ input: RawSpan, atEnd: Bool, into output: inout [UInt8]
  ) throws(DecodingFailure) -> DecodingProgress {
    var skipped = 0
    if isBetweenMembers {
      skipped = countZeros(input)
      let rest = input.extracting(droppingFirst: skipped)
      if rest.byteCount < 2 {
        let state: DecodingProgress.State = rest.isEmpty ? .finished : .finishedBeforeGarbage
        return DecodingProgress(
          consumed: skipped, produced: 0, state: atEnd ? state : .betweenMembers)
      }
      guard unsafe rest.unsafeLoadUnaligned(as: UInt16.self).littleEndian == 0x8b1f else {
        return DecodingProgress(consumed: skipped, produced: 0, state: .finishedBeforeGarbage)
      }
      unsafe inflateReset(&stream)
      isBetweenMembers = false
    }
    var progress = try inflate(input.extracting(droppingFirst: skipped), into: &output)
    progress.consumed += skipped
    return progress
  }

  private func inflate(
    _ input: RawSpan, into output: inout [UInt8]
  ) throws(DecodingFailure) -> DecodingProgress {
    let capacity = output.count
    let result = unsafe input.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBytes { target in
        unsafe stream.next_in = UnsafeMutablePointer(
          mutating: source.bindMemory(to: UInt8.self).baseAddress)
        unsafe stream.avail_in = UInt32(source.count)
        unsafe stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
        unsafe stream.avail_out = UInt32(target.count)
        return unsafe CZlib.inflate(&stream, Z_NO_FLUSH)
      }
    }
    let consumed = unsafe input.byteCount - Int(stream.avail_in)
    let produced = unsafe capacity - Int(stream.avail_out)
    switch result {
    case Z_OK, Z_BUF_ERROR:
      return DecodingProgress(consumed: consumed, produced: produced)
    case Z_STREAM_END:
      isBetweenMembers = true
      return DecodingProgress(consumed: consumed, produced: produced, state: .betweenMembers)
    default:
      let words = unsafe stream.msg.map { unsafe String(cString: $0) }
      let reason = DecodingFailure.Reason.corrupt(words ?? "zlib error \(result)")
      throw DecodingFailure(consumed: consumed, produced: produced, reason: reason)
    }
  }
}
