public import Paging
public import PhysicalMemory
public import WindowsMemory

/// A question about a machine: how an address translates, or what an access to it comes to.
public struct MachineQuestion: Hashable, Sendable {
  /// The address as a program has it, tags included.
  public var pointer: VirtualAddress
  /// The access; nil asks for the walk alone.
  public var access: Access?
  /// The address space; nil for the one that the machine's root belongs to.
  public var space: AddressSpace?
  /// RFLAGS.AC; the machine's unless said.
  public var alignmentCheck: Bool?
  /// The IRQL, where the operating system is Windows.
  public var interruptLevel: InterruptLevel

  /// Asks about an address, or an access to it.
  public init(
    _ pointer: VirtualAddress, _ access: Access? = nil, in space: AddressSpace? = nil,
    alignmentCheck: Bool? = nil, interruptLevel: InterruptLevel = .passive
  ) {
    self.pointer = pointer
    self.access = access
    self.space = space
    self.alignmentCheck = alignmentCheck
    self.interruptLevel = interruptLevel
  }
}

extension Machine {
  /// Answers a question about an access; nil where it asks for the walk alone.
  public func answer(_ question: MachineQuestion) -> AccessAnswer? {
    question.access.map {
      access(
        question.pointer, $0, in: question.space, alignmentCheck: question.alignmentCheck,
        interruptLevel: question.interruptLevel)
    }
  }
}
