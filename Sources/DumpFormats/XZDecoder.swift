import CLZMA

/// Decodes `.xz` files of any number of streams, with padding between and after them.
@safe final class XZDecoder: Decoder {
  /// `LZMA_CONCATENATED` of lzma/container.h, which is a macro that Swift does not see.
  private static let concatenated: UInt32 = 0x08

  private var stream = unsafe lzma_stream()

  init(memoryLimit: UInt64) throws(DecodingFailure) {
    let result = unsafe lzma_stream_decoder(&stream, memoryLimit, Self.concatenated)
    guard result == LZMA_OK else {
      throw DecodingFailure(consumed: 0, reason: .unavailable("liblzma error \(result.rawValue)"))
    }
  }

  deinit { unsafe lzma_end(&stream) }

  func decode(
    _ input: RawSpan, atEnd: Bool, into output: inout [UInt8]
  ) throws(DecodingFailure) -> DecodingProgress {
    let capacity = output.count
    let result = unsafe input.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBytes { target in
        unsafe stream.next_in = source.bindMemory(to: UInt8.self).baseAddress
        unsafe stream.avail_in = source.count
        unsafe stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
        unsafe stream.avail_out = target.count
        return unsafe lzma_code(&stream, atEnd ? LZMA_FINISH : LZMA_RUN)
      }
    }
    let consumed = unsafe input.byteCount - stream.avail_in
    let produced = unsafe capacity - stream.avail_out
    switch result {
    // No progress is no error here: whoever feeds the decoder sees that it is stuck.
    case LZMA_OK, LZMA_BUF_ERROR:
      return DecodingProgress(consumed: consumed, produced: produced)
    case LZMA_STREAM_END:
      return DecodingProgress(consumed: consumed, produced: produced, state: .finished)
    case LZMA_MEMLIMIT_ERROR:
      let needed = unsafe lzma_memusage(&stream)
      throw DecodingFailure(consumed: consumed, reason: .needsMemory(needed))
    default:
      throw DecodingFailure(
        consumed: consumed, produced: produced, reason: .corrupt(Self.words(result)))
    }
  }

  private static func words(_ result: lzma_ret) -> String {
    switch result {
    case LZMA_FORMAT_ERROR: "no xz stream"
    case LZMA_OPTIONS_ERROR: "a filter or option that liblzma does not know"
    case LZMA_DATA_ERROR: "data that do not match their checksum or their coding"
    case LZMA_MEM_ERROR: "no memory left for the decoder"
    default: "liblzma error \(result.rawValue)"
    }
  }
}
