import CLZ4

/// Decodes lz4 files of any number of frames, skippable ones too; zeros may fill the end.
@safe final class LZ4Decoder: FrameDecoder {
  private let context: OpaquePointer
  var isBetweenFrames = false

  init() throws(DecodingFailure) {
    var context: OpaquePointer?
    let result = unsafe LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))
    guard LZ4F_isError(result) == 0, let context = unsafe context else {
      throw DecodingFailure(consumed: 0, reason: .unavailable("no memory left for the decoder"))
    }
    unsafe self.context = unsafe context
  }

  deinit { unsafe _ = LZ4F_freeDecompressionContext(context) }

  func decompress(
    _ input: RawSpan, into output: inout [UInt8]
  ) throws(DecodingFailure) -> DecodingProgress {
    var consumed = input.byteCount
    var produced = output.count
    let result = unsafe input.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBytes { target in
        unsafe LZ4F_decompress(
          context, target.baseAddress, &produced, source.baseAddress, &consumed, nil)
      }
    }
    guard LZ4F_isError(result) == 0 else {
      // The library counts no good bytes up to an error.
      let words = unsafe String(cString: LZ4F_getErrorName(result))
      throw DecodingFailure(consumed: 0, reason: .corrupt(words))
    }
    isBetweenFrames = result == 0
    return DecodingProgress(
      consumed: consumed, produced: produced,
      state: isBetweenFrames ? .betweenMembers : .decoding)
  }
}
