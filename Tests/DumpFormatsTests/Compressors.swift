import CLZ4
import CLZMA
import CZlib
import CZstd
import CSnappy
import Testing

/// Compresses by the C libraries, which the package itself only uses to decompress.
enum Compressors {
  static func xz(_ bytes: [UInt8]) throws -> [UInt8] {
    var output = [UInt8](repeating: 0, count: lzma_stream_buffer_bound(bytes.count))
    var position = 0
    let result = unsafe lzma_easy_buffer_encode(
      6, LZMA_CHECK_CRC64, nil, bytes, bytes.count, &output, &position, output.count)
    try #require(result == LZMA_OK)
    return Array(output[..<position])
  }

  static func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
    var stream = unsafe z_stream()
    // 16 more than the greatest window ask for the gzip wrapper.
    let size = unsafe Int32(MemoryLayout<z_stream>.size)
    try #require(
      unsafe deflateInit2_(
        &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK)
    defer { unsafe deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 8 + 64)
    let result = unsafe input.withUnsafeMutableBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        unsafe stream.next_in = source.baseAddress
        unsafe stream.avail_in = UInt32(source.count)
        unsafe stream.next_out = target.baseAddress
        unsafe stream.avail_out = UInt32(target.count)
        return unsafe deflate(&stream, Z_FINISH)
      }
    }
    try #require(result == Z_STREAM_END)
    return unsafe Array(output[..<(output.count - Int(stream.avail_out))])
  }

  /// zlib's own wrapper, in which kdump has pages.
  static func zlib(_ bytes: [UInt8]) throws -> [UInt8] {
    var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 8 + 64)
    var count = uLongf(output.count)
    try #require(unsafe compress2(&output, &count, bytes, uLong(bytes.count), 6) == Z_OK)
    return Array(output[..<Int(count)])
  }

  /// Raw snappy.
  static func snappy(_ bytes: [UInt8]) throws -> [UInt8] {
    var output = [CChar](repeating: 0, count: snappy_max_compressed_length(bytes.count))
    var count = output.count
    let input = bytes.map { CChar(bitPattern: $0) }
    try #require(unsafe snappy_compress(input, input.count, &output, &count) == SNAPPY_OK)
    return output[..<count].map { UInt8(bitPattern: $0) }
  }

  static func lz4(_ bytes: [UInt8]) throws -> [UInt8] {
    var output = [UInt8](repeating: 0, count: LZ4F_compressFrameBound(bytes.count, nil))
    let count = unsafe LZ4F_compressFrame(&output, output.count, bytes, bytes.count, nil)
    try #require(LZ4F_isError(count) == 0)
    return Array(output[..<count])
  }

  static func zstd(_ bytes: [UInt8]) throws -> [UInt8] {
    let context = unsafe try #require(ZSTD_createCCtx())
    defer { unsafe _ = ZSTD_freeCCtx(context) }
    var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
    let count = unsafe ZSTD_compress2(context, &output, output.count, bytes, bytes.count)
    try #require(ZSTD_isError(count) == 0)
    return Array(output[..<count])
  }
}
