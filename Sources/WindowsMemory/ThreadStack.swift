public import PhysicalMemory

/// The stack of a thread, which grows when its guard page is touched.
public struct ThreadStack: Hashable, Sendable {
  /// The lowest address that is reserved, the thread's DeallocationStack; its page stays unused.
  public var allocationBase: VirtualAddress
  /// The address above the highest one, StackBase.
  public var base: VirtualAddress

  /// What a thread has of which it is known that no page is of a stack that grows.
  public static let none = ThreadStack(allocationBase: VirtualAddress(0), base: VirtualAddress(0))

  /// Describes a stack.
  public init(allocationBase: VirtualAddress, base: VirtualAddress) {
    (self.allocationBase, self.base) = (allocationBase, base)
  }

  /// Whether an address is one of the stack.
  public func contains(_ address: VirtualAddress) -> Bool {
    address >= allocationBase && address < base
  }

  /// The page that becomes the guard when the one at `address` is touched; nil where there is no
  /// room: the lowest page of the stack is never used.
  public func nextGuard(below address: VirtualAddress) -> VirtualAddress? {
    let page = address.rawValue / frameSize * frameSize
    guard page >= allocationBase.rawValue + 2 * frameSize else { return nil }
    return VirtualAddress(page - frameSize)
  }
}
