import CReference
import Paging
import PhysicalMemory

/// The C loops over a synthetic image; the one place where the benchmark hands out pointers.
struct CLoops {
  let image: SyntheticImage
  /// XD stays free, as the state has NXE=1 and MAXPHYADDR=52.
  private let reservedBits: UInt64 = 0

  /// Translates the addresses.
  func walk(_ addresses: [VirtualAddress]) -> WalkSummary {
    unsafe withImage { image in
      let sums = unsafe addresses.span.withUnsafeBytes { bytes in
        let words = unsafe bytes.assumingMemoryBound(to: UInt64.self)
        return unsafe reference_walk(image, words.baseAddress, addresses.count)
      }
      return WalkSummary(
        checksum: sums.checksum, mapped: sums.mapped, notPresent: sums.not_present,
        reserved: sums.reserved, nonCanonical: sums.non_canonical, missing: sums.missing)
    }
  }

  /// Enumerates all pages and joins them to runs.
  func enumerate() -> RunSummary {
    unsafe withImage { image in
      let sums = unsafe reference_enumerate(image)
      return RunSummary(checksum: sums.checksum, runs: sums.runs, pages: sums.pages)
    }
  }

  /// Sorts all pages by the frame that they map, into a file.
  func reverse(into file: ByteMapping) -> ReverseSummary {
    unsafe file.fill { bytes in
      let words = unsafe bytes.bindMemory(to: UInt64.self)
      return unsafe withImage { image in
        let sums = unsafe reference_reverse_map(image, words.baseAddress, UInt64(words.count))
        return ReverseSummary(pages: sums.pages, tables: sums.tables)
      }
    }
  }

  private func withImage<Result>(_ body: (UnsafePointer<reference_image>) -> Result) -> Result {
    let result = image.bytes.withBytes(at: 0, count: image.bytes.count) { bytes in
      unsafe bytes.withUnsafeBytes { pointer in
        let start = unsafe pointer.assumingMemoryBound(to: UInt8.self).baseAddress
        var reference = unsafe reference_image(
          bytes: start, byte_count: UInt64(pointer.count), root: image.root.rawValue,
          reserved: reservedBits)
        return unsafe body(&reference)
      }
    }
    guard let result else { preconditionFailure("the image does not hold itself") }
    return result
  }
}

/// Arithmetic without memory, to measure what the machine has free.
@inline(never)
func spin(_ rounds: UInt64) -> UInt64 { reference_spin(rounds) }
