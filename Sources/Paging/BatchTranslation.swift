public import PhysicalMemory

/// Receives the results of many walks, in the order of their addresses.
public protocol WalkSink {
  /// The walk of `address` has ended.
  mutating func receive(_ result: WalkResult, for address: VirtualAddress)
}

extension TableWalker {
  /// Translates many addresses and gives each result to `sink`.
  @inlinable
  public func translate(_ addresses: Span<VirtualAddress>, into sink: inout some WalkSink) {
    for index in addresses.indices {
      let address = addresses[index]
      sink.receive(translate(address), for: address)
    }
  }
}

extension PagingState {
  /// Translates many addresses and gives each result to `sink`.
  ///
  /// Format and memory are chosen once for all of them, and the loop is compiled together with the
  /// sink: this is the way to translate where time matters.
  @inlinable
  public func translate(
    _ addresses: Span<VirtualAddress>, in memory: MemoryImage, into sink: inout some WalkSink
  ) {
    switch memory {
    case .flat(let memory): translate(addresses, over: memory, into: &sink)
    case .runs(let memory): translate(addresses, over: memory, into: &sink)
    case .paged(let memory): translate(addresses, over: memory, into: &sink)
    }
  }

  /// Translates many addresses in a memory of any kind and gives each result to `sink`.
  @inlinable
  public func translate(
    _ addresses: Span<VirtualAddress>, over memory: some PhysicalMemory,
    into sink: inout some WalkSink
  ) {
    if hasAttributes {
      return translateWithAttributes(addresses, over: memory, into: &sink)
    }
    switch mode {
    case .x86:
      Walker(format: TwoLevelFormat(self), memory: memory, root: root)
        .translate(addresses, into: &sink)
    case .pae:
      Walker(format: PAEFormat(self), memory: memory, root: root)
        .translate(addresses, into: &sink)
    case .x86_64:
      Walker(format: FourLevelFormat(self), memory: memory, root: root)
        .translate(addresses, into: &sink)
    case .la57:
      Walker(format: FiveLevelFormat(self), memory: memory, root: root)
        .translate(addresses, into: &sink)
    case .arm64: translateARM64(addresses, over: memory, into: &sink)
    }
  }

  /// The same on arm64, apart for the same reason as the formats with attribute bits.
  @inlinable @inline(never)
  func translateARM64(
    _ addresses: Span<VirtualAddress>, over memory: some PhysicalMemory,
    into sink: inout some WalkSink
  ) {
    ARM64Walker(self, memory: memory).translate(addresses, into: &sink)
  }

  /// The same in the formats with attribute bits, apart so that the choice above stays small enough
  /// to be compiled into its callers.
  @inlinable @inline(never)
  func translateWithAttributes(
    _ addresses: Span<VirtualAddress>, over memory: some PhysicalMemory,
    into sink: inout some WalkSink
  ) {
    switch mode {
    case .x86:
      Walker(format: TwoLevelFormat(self), memory: memory, root: root)
        .translate(addresses, into: &sink)
    case .pae:
      Walker(format: AttributeFormat<PAEFormat>(self), memory: memory, root: root)
        .translate(addresses, into: &sink)
    case .x86_64:
      Walker(format: AttributeFormat<FourLevelFormat>(self), memory: memory, root: root)
        .translate(addresses, into: &sink)
    case .la57:
      Walker(format: AttributeFormat<FiveLevelFormat>(self), memory: memory, root: root)
        .translate(addresses, into: &sink)
    case .arm64: translateARM64(addresses, over: memory, into: &sink)
    }
  }
}
