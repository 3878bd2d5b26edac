public import DumpFormats
public import PhysicalMemory

/// Why there is no index, or none that can be used.
public enum ReverseMapError: Error, CustomStringConvertible {
  /// There are more page tables than an index has numbers for.
  case tooManyTables(UInt64)
  /// The descriptors of address ranges ask for more pages than an index has numbers for.
  case tooManyViews
  /// The page tables changed while they were read.
  case imageChanged
  /// Nobody wants the index any more.
  case unwanted
  /// A block of an index does not have its checksum.
  case damaged(path: String, offset: UInt64)
  /// An index is not one of this machine or of this program.
  case stale(path: String, reason: String)
  /// An index says what the page tables do not say.
  case disagrees(PhysicalAddress)
  /// The index could not be read or written.
  case file(DumpError)
  /// The system refused.
  case system(SystemError)

  /// The failure in words.
  public var description: String {
    switch self {
    case .tooManyTables(let count): "\(count) page tables are more than an index can hold"
    case .tooManyViews:
      "the descriptors of address ranges (VADs) ask for more pages of views than any system has;"
        + " --os none does without them"
    case .imageChanged: "the page tables changed while they were read; try again"
    case .unwanted: "the index was given up: nobody waits for it"
    case .damaged(let path, let offset):
      "\(path): byte \(offset): the checksum of the block there is another; --no-cache does without"
    case .stale(let path, let reason): "\(path): \(reason)"
    case .disagrees(let address):
      "the index says of \(address) what the page tables do not say; --no-cache does without it"
    case .file(let error): error.description
    case .system(let error): error.description
    }
  }
}
