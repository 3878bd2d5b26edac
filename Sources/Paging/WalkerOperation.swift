public import PhysicalMemory

/// Work on a walker, whatever its formats and memory: compiled for each kind of walker.
public protocol WalkerOperation {
  /// What the work gives.
  associatedtype Output
  /// Does the work.
  mutating func run(_ walker: some TableWalker) -> Output
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
    case .paged(let memory): perform(&operation, over: memory)
    }
  }

  /// Chooses the format once and runs `operation` on the walker compiled for it and `memory`.
  @inlinable
  public func perform<Operation: WalkerOperation>(
    _ operation: inout Operation, over memory: some PhysicalMemory
  ) -> Operation.Output {
    if hasAttributes { return performWithAttributes(&operation, over: memory) }
    switch mode {
    case .x86:
      return operation.run(Walker(format: TwoLevelFormat(self), memory: memory, root: root))
    case .pae:
      return operation.run(Walker(format: PAEFormat(self), memory: memory, root: root))
    case .x86_64:
      return operation.run(Walker(format: FourLevelFormat(self), memory: memory, root: root))
    case .la57:
      return operation.run(Walker(format: FiveLevelFormat(self), memory: memory, root: root))
    case .arm64: return performARM64(&operation, over: memory)
    }
  }

  /// The same on arm64, apart for the same reason as the formats with attribute bits.
  @inlinable @inline(never)
  func performARM64<Operation: WalkerOperation>(
    _ operation: inout Operation, over memory: some PhysicalMemory
  ) -> Operation.Output {
    operation.run(ARM64Walker(self, memory: memory))
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
    case .arm64: performARM64(&operation, over: memory)
    }
  }

  /// Translates one address and returns the entries that were read.
  public func walk(
    _ address: VirtualAddress, in memory: MemoryImage
  ) -> (result: WalkResult, steps: [WalkStep]) {
    var operation = SingleWalk(address: address)
    var walk = perform(&operation, on: memory)
    guard isARM64 else { return walk }
    for index in walk.steps.indices {
      let isLast = index == walk.steps.count - 1 && walk.result.translation != nil
      let rights = walk.steps[index].rights
      walk.steps[index].rights = isLast ? rights.ofPage : rights.belowTable
    }
    return walk
  }
}

private struct SingleWalk: WalkerOperation {
  let address: VirtualAddress

  mutating func run(_ walker: some TableWalker) -> (result: WalkResult, steps: [WalkStep]) {
    var recorder = WalkRecorder()
    let result = walker.translate(address, observer: &recorder)
    return (result, recorder.steps)
  }
}
