import DumpFormats
import Foundation

/// The exceptions that a processor raised while the processes of a dumped guest ran on.
///
/// The schema is "mmu-lab-faults/1": each probe touches one page once, after the dump was taken.
public struct GuestFaults: Decodable, Sendable {
  /// One access of a process.
  public struct Probe: Decodable, Sendable {
    /// The process number.
    public var pid: UInt64
    /// The address.
    public var va: GuestTruth.HexNumber
    /// `read`, `write` or `execute`.
    public var access: String
    /// What the processor did.
    public var processor: Verdict
    /// What the guest saw of it: `no-fault`, `minor`, `major`, or a signal with its code, `SIG11/1`; nil
    /// where the file does not say.
    public var kernelOutcome: String?
    /// Whether nothing that came before the access changed the tables of the dump.
    public var isPredictable: Bool

    private enum CodingKeys: String, CodingKey {
      case pid, va, access
      case processor = "hw"
      case kernelOutcome = "kernel_outcome"
      case isPredictable = "predictable_from_dump"
    }
  }

  /// What the processor did.
  public struct Verdict: Decodable, Hashable, Sendable {
    /// `none`, `PF`, `GP` or `abort`.
    public var kind: String
    /// The error code of a page fault.
    public var errorCode: UInt32?
    /// The kind of an abort of arm64: `translation`, `accessflag` or `permission`.
    public var fault: String?
    /// The level of an abort.
    public var level: Int?

    private enum CodingKeys: String, CodingKey {
      case kind, fault, level
      case errorCode = "error_code"
    }
  }

  /// The schema's name and version.
  public var schema: String
  /// The accesses, in the order in which they were made.
  public var probes: [Probe]

  /// Reads a file of faults, compressed or not.
  public static func read(_ path: String) throws -> GuestFaults {
    let bytes = try Decompression.text(path)
    do {
      let faults = try JSONDecoder().decode(GuestFaults.self, from: Data(bytes))
      guard faults.schema == "mmu-lab-faults/1" else {
        throw GuestTruth.Problem(
          description: "\(path): schema \(faults.schema) is not mmu-lab-faults/1")
      }
      return faults
    } catch let error as DecodingError {
      throw GuestTruth.Problem(description: "\(path): \(GuestTruth.describe(error))")
    }
  }
}
