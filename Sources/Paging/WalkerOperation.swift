public import PhysicalMemory

/// Work on a walker, whatever its format and memory: compiled for each pair of them.
public protocol WalkerOperation {
  /// What the work gives.
  associatedtype Output
  /// Does the work.
  mutating func run<Format, Memory>(_ walker: Walker<Format, Memory>) -> Output
}

extension PagingState {
  /// Chooses format and memory once and runs `operation` on the walker compiled for them.
  @inlinable
  public func perform<Operation: WalkerOperation>(
    _ operation: inout Operation, on memory: MemoryImage
  ) -> Operation.Output {
    switch memory {
    case .flat(let memory): perform(&operation, over: memory)
    case .runs(let memory): perform(&operation, over: memory)
    }
  }

  /// Chooses the format once and runs `operation` on the walker compiled for it and `memory`.
  @inlinable
  public func perform<Operation: WalkerOperation>(
    _ operation: inout Operation, over memory: some PhysicalMemory
  ) -> Operation.Output {
    if attributeBits != 0 { return performWithAttributes(&operation, over: memory) }
    switch mode {
    case .x86:
      return operation.run(Walker(format: TwoLevelFormat(self), memory: memory, root: root))
    case .pae:
      return operation.run(Walker(format: PAEFormat(self), memory: memory, root: root))
    case .x86_64:
      return operation.run(Walker(format: FourLevelFormat(self), memory: memory, root: root))
    case .la57:
      return operation.run(Walker(format: FiveLevelFormat(self), memory: memory, root: root))
    }
  }

  /// The same in the formats with attribute bits, apart so that the choice above stays small enough
  /// to be compiled into its callers.
  @inlinable @inline(never)
  func performWithAttributes<Operation: WalkerOperation>(
    _ operation: inout Operation, over memory: some PhysicalMemory
  ) -> Operation.Output {
    switch mode {
    case .x86: operation.run(Walker(format: TwoLevelFormat(self), memory: memory, root: root))
    case .pae:
      operation.run(
        Walker(format: AttributeFormat<PAEFormat>(self), memory: memory, root: root))
    case .x86_64:
      operation.run(
        Walker(format: AttributeFormat<FourLevelFormat>(self), memory: memory, root: root))
    case .la57:
      operation.run(
        Walker(format: AttributeFormat<FiveLevelFormat>(self), memory: memory, root: root))
    }
  }

  /// Translates one address and returns the entries that were read.
  public func walk(
    _ address: VirtualAddress, in memory: MemoryImage
  ) -> (result: WalkResult, steps: [WalkStep]) {
    var operation = SingleWalk(address: address)
    return perform(&operation, on: memory)
  }
}

private struct SingleWalk: WalkerOperation {
  let address: VirtualAddress

  mutating func run<Format, Memory>(
    _ walker: Walker<Format, Memory>
  ) -> (result: WalkResult, steps: [WalkStep]) {
    var recorder = WalkRecorder()
    let result = walker.translate(address, observer: &recorder)
    return (result, recorder.steps)
  }
}
