public import PhysicalMemory

/// Why a dump could not be opened, read or written.
public enum DumpError: Error, Hashable, CustomStringConvertible {
  /// The input is not there, may not be read, or is no file.
  case cannotOpen(path: String, reason: String)
  /// The input contradicts its format.
  case malformed(path: String, DumpDefect)
  /// The input is of a known kind that is not read, or passes a limit.
  case unsupported(path: String, reason: String, suggestion: String)
  /// The output exists already, may not be written, or the format cannot say what it should.
  case cannotCreate(path: String, reason: String, suggestion: String?)
  /// Bytes that the input says it has cannot be read, for the reason that its `damage` tells.
  case damaged(PhysicalAddress)
  /// The system refused while reading or writing.
  case inputOutput(SystemError)

  /// The exit status of a program that ends with this error (as in `sysexits.h`).
  public var exitStatus: Int32 {
    switch self {
    case .malformed, .unsupported, .damaged: 65
    case .cannotOpen: 66
    case .cannotCreate: 73
    case .inputOutput: 74
    }
  }

  /// The error as the user reads it, on one line.
  public var description: String {
    switch self {
    case .cannotOpen(let path, let reason): "\(path): cannot open: \(reason)"
    case .malformed(let path, let defect): "\(path): \(defect)"
    case .unsupported(let path, let reason, let suggestion): "\(path): \(reason); \(suggestion)"
    case .cannotCreate(let path, let reason, let suggestion):
      "\(path): cannot create: \(reason)" + (suggestion.map { "; \($0)" } ?? "")
    case .damaged(let address): "memory at \(address) is damaged in the file"
    case .inputOutput(let error): error.description
    }
  }
}

/// The place where a file contradicts its format, and how.
public struct DumpDefect: Error, Hashable, CustomStringConvertible {
  /// The byte offset in the file, after decompression where `field` is not that of a compression.
  public var offset: UInt64
  /// The field at that offset, as its specification names it.
  public var field: String
  /// What the format allows there.
  public var expected: String
  /// What the file has there.
  public var found: String
  /// What the user may do about it.
  public var suggestion: String?

  /// Describes that `field` at byte `offset` is `found` where the format has `expected`.
  public init(
    _ field: String, at offset: UInt64, expected: String, found: String, suggestion: String? = nil
  ) {
    self.offset = offset
    self.field = field
    self.expected = expected
    self.found = found
    self.suggestion = suggestion
  }

  /// The defect as the user reads it.
  public var description: String {
    "byte \(offset.hex): \(field): expected \(expected), found \(found)"
      + (suggestion.map { "; \($0)" } ?? "")
  }
}
