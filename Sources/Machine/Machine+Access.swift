public import Paging
public import PhysicalMemory
public import WindowsMemory

/// What a processor does with an access, with all that there is to say about it.
public struct AccessAnswer: Hashable, Sendable {
  /// The address that was accessed, as the program has it.
  public var pointer: VirtualAddress
  /// The access.
  public var access: Access
  /// The walk of the linear address, which is the pointer without the tag of a data address.
  public var walk: Walk
  /// The paging state.
  public var state: PagingState
  /// What the processor does.
  public var result: AccessResult
  /// What the kernel makes of it; nil where no operating system is known.
  public var verdict: SystemVerdict?

  /// Describes an answer.
  public init(
    pointer: VirtualAddress, access: Access, walk: Walk, state: PagingState,
    result: AccessResult, verdict: SystemVerdict? = nil
  ) {
    self.pointer = pointer
    self.access = access
    self.walk = walk
    self.state = state
    self.result = result
    self.verdict = verdict
  }

  /// The IRQL at which the access is made, which only Windows has.
  public var interruptLevel: InterruptLevel { verdict?.windows?.interruptLevel ?? .passive }

  /// Whether CR4.LASS keeps the access out of the half that the address is in.
  public var isSeparated: Bool { AccessRules(state).separates(pointer.rawValue, from: access) }
}

extension Machine {
  /// Answers what the processor does with one access in one address space.
  ///
  /// - Parameters:
  ///   - pointer: the address, tags included.
  ///   - access: what is done, and by whom.
  ///   - space: the address space; the machine's own root unless said.
  ///   - alignmentCheck: RFLAGS.AC; the machine's unless said.
  ///   - interruptLevel: the IRQL, on which the verdict of Windows depends.
  /// - Returns: the translation with its updates, or the exception.
  public func access(
    _ pointer: VirtualAddress, _ access: Access, in space: AddressSpace? = nil,
    alignmentCheck: Bool? = nil, interruptLevel: InterruptLevel = .passive
  ) -> AccessAnswer {
    var state = space.map(paging(of:)) ?? paging
    if let alignmentCheck { state.alignmentCheck = alignmentCheck }
    let linear = AccessRules(state).linearAddress(pointer.rawValue, for: access)
    let result = state.access(pointer, access, in: memory)
    return AccessAnswer(
      pointer: pointer, access: access, walk: walk(VirtualAddress(linear), in: space),
      state: state, result: result,
      verdict: systemClassifier(in: space)?
        .verdict(on: VirtualAddress(linear), access, result, interruptLevel: interruptLevel))
  }
}
