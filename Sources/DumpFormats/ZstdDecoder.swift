import CZstd

/// Decodes zstd files of any number of frames, skippable ones too; zeros may fill the end.
@safe final class ZstdDecoder: FrameDecoder {
  private let context: OpaquePointer
  var isBetweenFrames = false

  init(memoryLimit: UInt64) throws(DecodingFailure) {
    guard let context = unsafe ZSTD_createDCtx() else {
      throw DecodingFailure(consumed: 0, reason: .unavailable("no memory left for the decoder"))
    }
    unsafe self.context = unsafe context
    // The window is the greatest power of two within the limit; the library knows 2^10 to 2^31.
    let limit = Int32(UInt64.bitWidth - 1 - max(memoryLimit, 1).leadingZeroBitCount)
    _ = unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, min(max(limit, 10), 31))
  }

  deinit { unsafe _ = ZSTD_freeDCtx(context) }

  func decompress(
    _ input: RawSpan, into output: inout [UInt8]
  ) throws(DecodingFailure) -> DecodingProgress {
    var consumed = 0
    var produced = 0
    let result = unsafe input.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBytes { target in
        var from = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
        var to = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
        let result = unsafe ZSTD_decompressStream(context, &to, &from)
        unsafe (consumed, produced) = (from.pos, to.pos)
        return result
      }
    }
    guard ZSTD_isError(result) == 0 else {
      // The library counts no good bytes up to an error.
      let isTooLarge = ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge
      let words = unsafe String(cString: ZSTD_getErrorName(result))
      throw DecodingFailure(consumed: 0, reason: isTooLarge ? .needsMemory(0) : .corrupt(words))
    }
    isBetweenFrames = result == 0
    return DecodingProgress(
      consumed: consumed, produced: produced,
      state: isBetweenFrames ? .betweenMembers : .decoding)
  }
}
