public import PhysicalMemory

/// Sees each entry that a walk reads.
public protocol WalkObserver {
  /// An entry was read, or found missing.
  mutating func read(_ step: WalkStep)
}

/// Sees nothing; the walk compiles to the same code as one without observers.
@frozen public struct NoObserver: WalkObserver {
  /// Creates the observer.
  @inlinable public init() {}
  /// Does nothing.
  @inlinable public mutating func read(_ step: WalkStep) {}
}

/// Keeps the steps of a walk.
public struct WalkRecorder: WalkObserver {
  /// The steps, top table first.
  public private(set) var steps: [WalkStep] = []

  /// Creates an empty record.
  public init() {}

  /// Adds a step.
  public mutating func read(_ step: WalkStep) { steps.append(step) }
}

/// Something that translates and enumerates addresses by page tables, with one top table or more.
public protocol TableWalker: Sendable {
  /// Translates an address and shows each entry to `observer`.
  func translate(_ address: VirtualAddress, observer: inout some WalkObserver) -> WalkResult
  /// What the processor does with an access to `pointer`.
  func access(_ pointer: VirtualAddress, _ access: Access, rules: AccessRules) -> AccessResult
  /// Enumerates all entries that translate an address in `range`, in ascending order.
  func scan(_ range: ClosedRange<UInt64>, visitor: inout some TableVisitor)
}

extension TableWalker {
  /// Translates an address.
  @inlinable
  public func translate(_ address: VirtualAddress) -> WalkResult {
    var observer = NoObserver()
    return translate(address, observer: &observer)
  }

  /// Enumerates all entries.
  @inlinable
  public func scan(visitor: inout some TableVisitor) {
    scan(0...UInt64.max, visitor: &visitor)
  }
}

/// The emulated MMU's page walker: one format, one memory, one root.
@frozen public struct Walker<Format: PagingFormat, Memory: PhysicalMemory>: TableWalker {
  /// The format of the tables.
  public let format: Format
  /// The memory that holds them.
  public let memory: Memory
  /// The address of the top table.
  public let root: PhysicalAddress

  /// Creates a walker.
  @inlinable
  public init(format: Format, memory: Memory, root: PhysicalAddress) {
    self.format = format
    self.memory = memory
    self.root = root
  }

  /// The end of what no table is read for.
  @inlinable var outside: WalkStop {
    WalkStop(cause: .nonCanonical, level: 0, entryAddress: root, entry: 0)
  }

  /// Translates an address and shows each entry to `observer`.
  @inlinable
  public func translate(
    _ address: VirtualAddress, observer: inout some WalkObserver
  ) -> WalkResult {
    guard format.isCanonical(address.rawValue) else {
      return .stopped(outside)
    }
    let address = format.translated(address.rawValue)
    var table = root
    var rights = Format.allRights
    var level = format.topLevel
    while true {
      let index = Format.index(of: address, level)
      let entryAddress = table.advanced(by: index &* Format.entrySize)
      guard let word = memory.load(Format.Word.self, at: entryAddress) else {
        observer.read(
          WalkStep(
            level: level, index: index, entryAddress: entryAddress, entry: nil, rights: rights))
        return .stopped(
          WalkStop(cause: .missing, level: level, entryAddress: entryAddress, entry: 0))
      }
      let entry = UInt64(truncatingIfNeeded: word)
      rights.formIntersection(format.rights(of: entry, level: level))
      observer.read(
        WalkStep(
          level: level, index: index, entryAddress: entryAddress, entry: entry, rights: rights))
      switch format.meaning(of: entry, level: level) {
      case .table(let next): table = next
      case .page(let page):
        let shift = Format.indexShift(level)
        return .mapped(
          Translation(
            address: page.advanced(by: address & ((1 &<< shift) &- 1)), level: level,
            entry: entry, rights: format.effective(rights), pageShift: shift))
      case .notPresent:
        return .stopped(
          WalkStop(cause: .notPresent, level: level, entryAddress: entryAddress, entry: entry))
      case .reserved(let bits):
        return .stopped(
          WalkStop(
            cause: .reservedBits(bits), level: level, entryAddress: entryAddress, entry: entry))
      }
      level &-= 1
    }
  }
}
