import Glibc
import Synchronization

/// Where a sparse file has data and where it has holes, asked of the system once, when somebody wants to know.
final class FileHoles: Sendable {
  /// What a look for the next data or the next hole is called, of the kernel's linux/fs.h; glibc shows it to GNU
  /// sources only.
  private enum Whence {
    static let data: Int32 = 3
    static let hole: Int32 = 4
  }

  /// Of a file in more pieces the rest counts as data.
  private static let mostStretches = 1 << 16

  private let descriptor: Int32
  private let count: UInt64
  private let known = Mutex<[Range<UInt64>]?>(nil)

  /// Keeps a descriptor of its own of a file of `count` bytes; nil where the system has none left.
  init?(descriptor: Int32, count: Int) {
    self.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    self.count = UInt64(count)
    guard self.descriptor >= 0 else { return nil }
  }

  deinit { close(descriptor) }

  /// The stretches that are no holes, ascending.
  var data: [Range<UInt64>] {
    known.withLock { known in
      if let known { return known }
      let found = find()
      known = found
      return found
    }
  }

  private func find() -> [Range<UInt64>] {
    var stretches: [Range<UInt64>] = []
    var next: UInt64 = 0
    while next < count {
      let start = lseek(descriptor, off_t(next), Whence.data)
      guard start >= 0 else {
        // Behind the last data there is a hole; whoever cannot tell holes says something else.
        if errno != ENXIO { stretches.append(next..<count) }
        break
      }
      let end = lseek(descriptor, start, Whence.hole)
      guard end > start, stretches.count < Self.mostStretches else {
        stretches.append(min(UInt64(start), count)..<count)
        break
      }
      // The file may have grown since it was mapped.
      if UInt64(start) < count { stretches.append(UInt64(start)..<min(UInt64(end), count)) }
      next = UInt64(end)
    }
    return stretches
  }
}

extension ByteMapping {
  /// The stretches of `range` that are no holes of the file, ascending: the rest is zero, and nobody needs to look.
  ///
  /// Of a mapping without a file all is data.
  public func data(in range: Range<UInt64>) -> [Range<UInt64>] {
    let range = range.clamped(to: 0..<UInt64(count))
    guard let stretches = holes?.data else { return range.isEmpty ? [] : [range] }
    return stretches[stretches.partitioningIndex { $0.upperBound > range.lowerBound }...]
      .prefix { $0.lowerBound < range.upperBound }.map { $0.clamped(to: range) }
  }

  /// The number of bytes from `offset` on that are a hole of the file.
  public func holeCount(at offset: UInt64) -> UInt64 {
    guard offset < UInt64(count), let stretches = holes?.data else { return 0 }
    let next = stretches.partitioningIndex { $0.upperBound > offset }
    let start = next < stretches.count ? stretches[next].lowerBound : UInt64(count)
    return start > offset ? start - offset : 0
  }
}
