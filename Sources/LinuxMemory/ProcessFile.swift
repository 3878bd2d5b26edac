import Glibc
public import PhysicalMemory

/// A file of `/proc`, whose size is not known before it is read.
public final class ProcessFile {
  private let descriptor: Int32
  private let path: String

  /// Opens a file for reading.
  public init(_ path: String) throws(SystemError) {
    self.path = path
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("open", path, code: errno) }
  }

  deinit { close(descriptor) }

  /// All of the text, of at most `limit` bytes.
  public func text(limit: Int = 64 << 20) throws(SystemError) -> String {
    var bytes: [UInt8] = []
    while bytes.count < limit {
      let piece = try read(count: 1 << 16, at: bytes.count)
      if piece.isEmpty { break }
      bytes += piece
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Up to `count` bytes from `offset` on; fewer at the end.
  func read(count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var got = 0
    repeat {
      got = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe pread(descriptor, buffer.baseAddress, count, offset)
      }
    } while got < 0 && errno == EINTR
    guard got >= 0 else { throw SystemError("read", path, code: errno) }
    bytes.removeLast(count - got)
    return bytes
  }

  /// Up to `count` little-endian words from `offset` on.
  func words(count: Int, at offset: Int) throws(SystemError) -> [UInt64] {
    var words = [UInt64](repeating: 0, count: count)
    var got = 0
    repeat {
      got = unsafe words.withUnsafeMutableBytes { buffer in
        unsafe pread(descriptor, buffer.baseAddress, buffer.count, offset)
      }
    } while got < 0 && errno == EINTR
    guard got >= 0 else { throw SystemError("read", path, code: errno) }
    words.removeLast(count - got / 8)
    return words
  }

  /// Asks PAGEMAP_SCAN for regions of pages of any of the categories `wanted`.
  ///
  /// - Parameters:
  ///   - range: the addresses, of whole pages.
  ///   - wanted: the categories of which a page has at least one.
  ///   - told: the categories that are said of each region.
  /// - Returns: the first regions, and where the scan ended; nil where the kernel does not have it.
  func scan(
    _ range: Range<UInt64>, wanted: PageCategories, told: PageCategories
  ) -> (regions: [(range: Range<UInt64>, categories: PageCategories)], end: UInt64)? {
    // Three words a region: start, end, categories (struct page_region).
    var regions = [UInt64](repeating: 0, count: 3 * Self.regionCount)
    var end = range.lowerBound
    let found = unsafe regions.withUnsafeMutableBytes { buffer -> Int32 in
      let address = UInt64(UInt(bitPattern: buffer.baseAddress))
      // struct pm_scan_arg: size, flags, start, end, walk_end, vec, vec_len, max_pages, and the
      // categories: inverted, mask, any of, returned.
      var argument: [UInt64] = [
        12 * 8, 0, range.lowerBound, range.upperBound, 0, address, UInt64(Self.regionCount), 0,
        0, 0, wanted.rawValue, told.rawValue,
      ]
      let result = unsafe argument.withUnsafeMutableBytes { argument in
        unsafe argument.baseAddress.map { unsafe ioctl(descriptor, Self.pagemapScan, $0) } ?? -1
      }
      end = argument[4]
      return result
    }
    guard found >= 0 else { return nil }
    let list = (0..<Int(found)).map { index in
      let place = index * 3
      return (
        range: regions[place]..<max(regions[place], regions[place + 1]),
        categories: PageCategories(rawValue: regions[place + 2])
      )
    }
    return (list, end)
  }

  private static let regionCount = 1024
  /// `_IOWR('f', 16, struct pm_scan_arg)`, Linux include/uapi/linux/fs.h.
  private static let pagemapScan: UInt = 0xc060_6610
}
