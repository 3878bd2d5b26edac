import DumpFormats
import Foundation
public import Machine
import Paging
import PhysicalMemory

/// Compares a machine with what somebody else knows of it: what a guest's kernel said of itself, or the
/// walks that a builder intended.
public struct Verification: Sendable {
  /// The outcome of a comparison.
  public struct Outcome: Sendable {
    /// What was compared, and how much of it: `pages`, 20000.
    public var compared: [(subject: String, count: UInt64)]
    /// What differs, in words.
    public var differences: [String]
  }

  private enum Truth: Sendable {
    case guest(GuestTruth)
    case walks([UInt8])
  }

  private let path: String
  private let truth: Truth

  /// Reads a file of either kind, compressed or not, and tells them by their content.
  ///
  /// - Parameter path: the file: an object of the schema "mmu-lab-truth/1", or a `walk` object a line.
  /// - Throws: `DumpError` where the file cannot be opened, `GuestTruth.Problem` where it is neither.
  public init(_ path: String) throws {
    self.path = path
    let bytes = try Decompression.text(path)
    truth = Self.isWalks(bytes) ? .walks(bytes) : .guest(try GuestTruth.read(path))
  }

  /// Whether the first line is an object of its own that begins as a walk does.
  private static func isWalks(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: Array(#"{"va":"#.utf8))
  }

  /// A root of a process, for dumps that do not say where their tables start; nil where none is known.
  public var root: UInt64? {
    if case .guest(let truth) = truth { truth.processes.first?.root.kernel.value } else { nil }
  }

  /// Compares a machine.
  ///
  /// - Parameters:
  ///   - machine: the machine.
  ///   - limit: how many differences are looked for.
  /// - Returns: what was compared and what differs.
  /// - Throws: `GuestTruth.Problem` where a line is no walk.
  public func run(_ machine: Machine, limit: Int) throws -> Outcome {
    switch truth {
    case .guest(let truth):
      return Outcome(
        compared: truth.extent(machine),
        differences: TruthComparison(machine: machine, truth: truth).disagreements(limit: limit))
    case .walks(let bytes):
      return try WalkTruth(path: path, bytes: bytes).compare(machine, limit: limit)
    }
  }
}

extension GuestTruth {
  /// How much there is to compare.
  fileprivate func extent(_ machine: Machine) -> [(subject: String, count: UInt64)] {
    let roots = processes.reduce(0) { $0 + $1.root.registers.count }
    let pages = processes.reduce(UInt64(0)) { sum, process in
      process.pagemap.reduce(sum) { $0.addingReportingOverflow($1.pageCount).partialValue }
    }
    let ranges = kernel?.ranges?.count ?? 0
    let named = ProcessComparison(machine: machine, truth: self).isPossible
    return [
      ("processes", UInt64(processes.count)), ("roots", UInt64(roots)),
      ("words of pagemap", pages), ("ranges of the kernel", UInt64(ranges)),
      ("answers of QEMU", UInt64(answers?.count ?? 0)),
      ("processes found in the dump", named ? UInt64(processes.count) : 0),
    ]
  }
}
