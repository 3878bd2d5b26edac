import DumpFormats
import Foundation
public import LinuxMemory

/// What a guest kernel said about its own processes when its memory was dumped.
///
/// The schema is "mmu-lab-truth/1"; only what a comparison of page tables needs is read.
public struct GuestTruth: Decodable, Sendable {
  /// A process of the guest.
  public struct Process: Decodable, Sendable {
    /// The process number.
    public var pid: UInt64
    /// The process name.
    public var comm: String
    /// Its root registers.
    public var root: Roots
    /// Its memory areas.
    public var maps: [Area]
    /// Its `/proc/PID/pagemap`, run by run.
    public var pagemap: [PagemapRun]
    /// What its workload mapped on purpose.
    public var regions: [Region]?

    private enum CodingKeys: String, CodingKey {
      case pid, comm, root, maps, regions
      case pagemap = "pagemap_runs"
    }

    /// Its memory areas, for the question which of them holds an address.
    public var areas: MemoryAreas {
      let ends = (regions ?? []).compactMap(\.endOfFile)
      return MemoryAreas(
        maps.map { map in
          var area = map.memoryArea
          // maps does not say how large a file is; one kind of region is made to pass its end.
          if let end = ends.first(where: { area.contains($0.va) }) {
            area.fileSize = area.fileOffset + (end.va - area.start) + end.bytes
          }
          return area
        })
    }
  }

  /// Pages that the workload mapped for a purpose.
  public struct Region: Decodable, Sendable {
    /// The first address.
    public var va: HexNumber
    /// What the pages are for: `file_beyond_eof_after_page0`.
    public var label: String?

    private static let pastEnd = "file_beyond_eof_after_page"

    /// Where the file of the region ends, counted from its first address.
    fileprivate var endOfFile: (va: UInt64, bytes: UInt64)? {
      guard let label, label.hasPrefix(Self.pastEnd),
        let page = UInt64(label.dropFirst(Self.pastEnd.count)), page < 1 << 32
      else { return nil }
      return (va.value, (page + 1) * 4096)
    }
  }

  /// The top tables of a process; they differ where the kernel isolates page tables.
  public struct Roots: Decodable, Sendable {
    /// The one in use in user mode.
    public var user: HexNumber
    /// The one in use in the kernel.
    public var kernel: HexNumber

    private enum CodingKeys: String, CodingKey { case user, kernel }

    /// Reads both; arm64 has no other root for the kernel, whose half is that of TTBR1_EL1.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      user = try container.decode(HexNumber.self, forKey: .user)
      kernel = try container.decodeIfPresent(HexNumber.self, forKey: .kernel) ?? user
    }
  }

  /// A memory area, a line of `/proc/PID/maps`.
  public struct Area: Decodable, Sendable {
    /// The first address.
    public var start: HexNumber
    /// The address after the last.
    public var end: HexNumber
    /// The two-letter flags of smaps; `pf` is VM_PFNMAP.
    public var vmflags: [String]
    /// Where the area begins in its file.
    public var offset: HexNumber?
    /// The device that holds the file, `MAJOR:MINOR` in hexadecimal.
    public var dev: String?
    /// The number of the file; 0 where there is none.
    public var inode: UInt64?
    /// The path of the file, or the name of the area.
    public var path: String?

    /// The area as the kernel has it.
    public var memoryArea: MemoryArea {
      let major = dev?.split(separator: ":").first.flatMap { UInt64($0, radix: 16) }
      return MemoryArea(
        start: start.value, end: end.value, flags: MemoryArea.Flags(letters: vmflags),
        fileOffset: offset?.value ?? 0, deviceMajor: major ?? 0, inode: inode ?? 0,
        path: path ?? "")
    }
  }

  /// Consecutive pages whose pagemap words are equal, or rise by one.
  public struct PagemapRun: Decodable, Sendable {
    /// The first address.
    public var address: UInt64
    /// The number of pages.
    public var pageCount: UInt64
    /// The word of the first page.
    public var entry: UInt64
    /// What each further page adds to the word: 0 or 1.
    public var step: UInt64

    /// Reads `["0x...", pages, "0x...", step]`.
    public init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      address = try list.decode(HexNumber.self).value
      pageCount = try list.decode(UInt64.self)
      entry = try list.decode(HexNumber.self).value
      step = try list.decode(UInt64.self)
      guard step <= 1, pageCount <= (UInt64.max - address) / 4096 else {
        throw DecodingError.dataCorruptedError(in: list, debugDescription: "no such run of pages")
      }
    }
  }

  /// A number that JSON holds as text: `"0x1f"`.
  public struct HexNumber: Decodable, Sendable {
    /// The number.
    public var value: UInt64

    /// Reads the text.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      let text = try container.decode(String.self)
      guard text.hasPrefix("0x"), let value = UInt64(text.dropFirst(2), radix: 16) else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "expected \"0x...\", found \"\(text)\"")
      }
      self.value = value
    }
  }

  /// A truth file that cannot be used.
  public struct Problem: Error, CustomStringConvertible {
    /// The file and what is wrong with it.
    public let description: String
  }

  /// A word of `/proc/kpageflags` that consecutive frames have.
  public struct FrameRun: Decodable, Sendable {
    /// The number of the first frame.
    public var frame: UInt64
    /// The number of frames.
    public var count: UInt64
    /// The word.
    public var value: UInt64

    /// Reads `[frame, frames, "0x..."]`.
    public init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      frame = try list.decode(UInt64.self)
      count = try list.decode(UInt64.self)
      value = try list.decode(HexNumber.self).value
      guard !frame.addingReportingOverflow(count).overflow else {
        throw DecodingError.dataCorruptedError(in: list, debugDescription: "no such frames")
      }
    }
  }

  /// What another walker answered.
  public struct Answer: Decodable, Sendable {
    /// The root register.
    public var root: HexNumber
    /// The address.
    public var va: HexNumber
    /// Where it is; nil where nothing is mapped.
    public var pa: HexNumber?
  }

  /// What is known of the kernel.
  public struct Kernel: Decodable, Sendable {
    /// Where the kernel's memory is, as `/proc/kcore` says.
    public var ranges: [KernelRange]?
    /// Addresses of symbols.
    public var symbols: [String: HexNumber]?

    private enum CodingKeys: String, CodingKey {
      case symbols
      case ranges = "kcore_phdrs"
    }
  }

  /// A range of kernel addresses.
  public struct KernelRange: Decodable, Sendable {
    /// The first address.
    public var va: HexNumber
    /// Its place in memory; all ones where that is not said.
    public var pa: HexNumber
    /// The number of bytes.
    public var size: HexNumber
  }

  /// The guest as it describes itself.
  public struct Guest: Decodable, Sendable {
    /// The text of `/proc/version`.
    public var version: String?
    /// Its swap areas.
    public var swaps: [SwapArea]?
  }

  /// A line of `/proc/swaps`.
  public struct SwapArea: Decodable, Sendable {
    /// The swap type.
    public var type: UInt64
    /// The device.
    public var path: String
  }

  /// The schema's name and version.
  public var schema: String
  /// The paging mode: `x64-4`, `x64-5`, `pae`, `x86-32` or `arm64`.
  public var pagingMode: String?
  /// The processes.
  public var processes: [Process]
  /// The guest.
  public var guest: Guest?
  /// The kernel.
  public var kernel: Kernel?
  /// `/proc/kpageflags`, words of 0 left out.
  public var frameFlags: [FrameRun]?
  /// What QEMU's walker answered.
  public var answers: [Answer]?

  private enum CodingKeys: String, CodingKey {
    case schema, processes, guest, kernel
    case pagingMode = "paging_mode"
    case frameFlags = "kpageflags_runs"
    case answers = "qemu_gva2gpa"
  }
}
