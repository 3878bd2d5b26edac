/// The memory of a machine, of one of the kinds that the hot paths are compiled for.
///
/// Batches switch on the kind once and then run on the concrete memory; the conformance of the
/// enumeration itself serves single questions, where a switch for each load does not matter.
public enum MemoryImage: PhysicalMemory {
  /// One piece.
  case flat(FlatMemory)
  /// Many stretches.
  case runs(RunMemory)
  /// Frames that are decoded when they are needed.
  case paged(PagedMemory)

  /// The little-endian word at `address`, or nil where any of its bytes is absent.
  public func load<Word: FixedWidthInteger & BitwiseCopyable>(
    _ type: Word.Type, at address: PhysicalAddress
  ) -> Word? {
    switch self {
    case .flat(let memory): memory.load(type, at: address)
    case .runs(let memory): memory.load(type, at: address)
    case .paged(let memory): memory.load(type, at: address)
    }
  }

  /// Calls `body` with `count` bytes from `address` on, or returns nil where any is absent.
  public func withBytes<Result>(
    at address: PhysicalAddress, count: Int, _ body: (RawSpan) -> Result
  ) -> Result? {
    switch self {
    case .flat(let memory): memory.withBytes(at: address, count: count, body)
    case .runs(let memory): memory.withBytes(at: address, count: count, body)
    case .paged(let memory): memory.withBytes(at: address, count: count, body)
    }
  }

  /// The number of bytes from `address` on that are known to be present and zero.
  public func knownZeroCount(at address: PhysicalAddress) -> UInt64 {
    switch self {
    case .flat(let memory): memory.knownZeroCount(at: address)
    case .runs(let memory): memory.knownZeroCount(at: address)
    case .paged(let memory): memory.knownZeroCount(at: address)
    }
  }

  /// The frames of which some byte is present and not known to be zero, in ascending stretches.
  public var dataFrames: [Range<UInt64>] {
    switch self {
    case .flat(let memory): memory.dataFrames
    case .runs(let memory): memory.dataFrames
    case .paged(let memory): memory.dataFrames
    }
  }

  /// Copies the bytes that are present from `address` on into an array, nil for each absent byte.
  public func bytes(at address: PhysicalAddress, count: Int) -> [UInt8?] {
    switch self {
    case .flat(let memory): memory.bytes(at: address, count: count)
    case .runs(let memory): memory.bytes(at: address, count: count)
    case .paged(let memory): memory.bytes(at: address, count: count)
    }
  }

  /// Whether every byte of the 4-KiB frame that holds `address` is present.
  public func holdsFrame(of address: PhysicalAddress) -> Bool {
    switch self {
    case .flat(let memory): memory.holdsFrame(of: address)
    case .runs(let memory): memory.holdsFrame(of: address)
    case .paged(let memory): memory.holdsFrame(of: address)
    }
  }

  /// What was found to be damaged so far, of memory that is decoded when it is needed.
  public var damage: [String] {
    if case .paged(let memory) = self { memory.damage } else { [] }
  }

  /// The stretches of present memory.
  public var runs: [MemoryRun] {
    switch self {
    case .flat(let memory): memory.runs
    case .runs(let memory): memory.runs
    case .paged(let memory): memory.runs
    }
  }
}
