import CZlib
import CZstd
import PhysicalMemory

/// Takes single pages apart, which are compressed each by itself.
enum PageCompression {
  /// The `capacity` bytes of a page; nil where they are damaged or of another number.
  static func decompress(
    _ data: RawSpan, _ compression: KdumpCompression, capacity: Int
  ) -> [UInt8]? {
    let page: [UInt8]? =
      switch compression {
      case .none: unsafe data.withUnsafeBytes { unsafe [UInt8]($0) }
      case .zlib: inflate(data, capacity: capacity)
      case .snappy: Snappy.decompress(data, count: capacity)
      case .zstd: zstd(data, capacity: capacity)
      case .lzo:
        try? Lzo1x.decompress(
          unsafe data.withUnsafeBytes { unsafe [UInt8]($0) }, capacity: capacity)
      }
    return page?.count == capacity ? page : nil
  }

  private static func inflate(_ data: RawSpan, capacity: Int) -> [UInt8]? {
    var result = Z_OK
    let page = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
      var produced = uLongf(capacity)
      unsafe data.withUnsafeBytes { source in
        let bytes = unsafe source.bindMemory(to: UInt8.self)
        result = unsafe uncompress(
          target.baseAddress, &produced, bytes.baseAddress, uLong(bytes.count))
      }
      count = result == Z_OK ? Int(produced) : 0
    }
    return result == Z_OK ? page : nil
  }

  private static func zstd(_ data: RawSpan, capacity: Int) -> [UInt8]? {
    var result = 0
    let page = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
      unsafe data.withUnsafeBytes { source in
        result = unsafe ZSTD_decompress(
          target.baseAddress, capacity, source.baseAddress, source.count)
      }
      count = ZSTD_isError(result) == 0 ? result : 0
    }
    return ZSTD_isError(result) == 0 ? page : nil
  }

  /// The bytes as zlib's fastest makes them, where that is smaller.
  static func deflate(_ data: RawSpan) -> [UInt8]? {
    let capacity = data.byteCount - 1
    var result = Z_OK
    let page = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
      var produced = uLongf(capacity)
      unsafe data.withUnsafeBytes { source in
        let bytes = unsafe source.bindMemory(to: UInt8.self)
        result = unsafe compress2(
          target.baseAddress, &produced, bytes.baseAddress, uLong(bytes.count), Z_BEST_SPEED)
      }
      count = result == Z_OK ? Int(produced) : 0
    }
    return result == Z_OK ? page : nil
  }
}
