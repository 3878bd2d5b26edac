public import Paging
public import PhysicalMemory

/// A walk with all that there is to say about it.
public struct Walk: Hashable, Sendable {
  /// The address asked about.
  public var address: VirtualAddress
  /// The paging mode.
  public var mode: PagingMode
  /// The address of the top table.
  public var root: PhysicalAddress
  /// The end.
  public var result: WalkResult
  /// The entries that were read, top table first.
  public var steps: [WalkStep]
  /// Whether the image holds the frame that was found; true where none was.
  public var isInImage: Bool

  /// Describes a walk.
  public init(
    address: VirtualAddress, mode: PagingMode, root: PhysicalAddress, result: WalkResult,
    steps: [WalkStep], isInImage: Bool
  ) {
    self.address = address
    self.mode = mode
    self.root = root
    self.result = result
    self.steps = steps
    self.isInImage = isInImage
  }
}
