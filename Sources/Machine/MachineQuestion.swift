public import Paging
public import PhysicalMemory

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

  /// Asks about an address, or an access to it.
  public init(
    _ pointer: VirtualAddress, _ access: Access? = nil, in space: AddressSpace? = nil,
    alignmentCheck: Bool? = nil
  ) {
    self.pointer = pointer
    self.access = access
    self.space = space
    self.alignmentCheck = alignmentCheck
  }
}
