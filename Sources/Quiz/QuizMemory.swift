import Paging
import PhysicalMemory

/// The memory of the machines that exercises are about: tables below, pages in the upper half.
enum QuizMemory {
  private static let bytes: UInt64 = 64 << 20
  private static let pages = bytes / 2..<bytes

  /// The machine as the beginning of a scenario says it.
  static func statement(_ mode: PagingMode) -> String {
    "mode: \(mode.rawValue), memory: \(bytes >> 20) MiB"
  }

  /// Draws where a page of a size lies.
  static func page(of size: UInt64 = frameSize, _ draw: inout Draw) -> UInt64 {
    pages.lowerBound + draw.number(0..<(pages.upperBound - pages.lowerBound) / size) * size
  }
}
