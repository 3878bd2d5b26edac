import DumpFormats
import Foundation

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

    private enum CodingKeys: String, CodingKey {
      case pid, comm, root, maps
      case pagemap = "pagemap_runs"
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

  /// The schema's name and version.
  public var schema: String
  /// The processes.
  public var processes: [Process]

  /// Reads a truth file, compressed or not.
  public static func read(_ path: String) throws -> GuestTruth {
    let bytes = try Decompression.text(path)
    do {
      let truth = try JSONDecoder().decode(GuestTruth.self, from: Data(bytes))
      guard truth.schema == "mmu-lab-truth/1" else {
        throw Problem(description: "\(path): schema \(truth.schema) is not mmu-lab-truth/1")
      }
      for process in truth.processes {
        for area in process.maps where area.start.value > area.end.value {
          throw Problem(
            description: "\(path): an area of process \(process.pid) ends before it starts")
        }
      }
      return truth
    } catch let error as DecodingError {
      throw Problem(description: "\(path): \(describe(error))")
    }
  }

  static func describe(_ error: DecodingError) -> String {
    func place(_ context: DecodingError.Context) -> String {
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
    }
    switch error {
    case .dataCorrupted(let context): return place(context)
    case .keyNotFound(let key, let context): return "\(place(context)) (\(key.stringValue))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context): return place(context)
    @unknown default: return "\(error)"
    }
  }
}
