import BitLayout

/// The bits that Windows puts into entries that are not valid, so that they point at no memory.
///
/// The processor may use the address in an entry that is not present while it speculates (L1TF).
/// Kernels since August 2018 therefore set a high address bit in such entries, or, where it is set
/// already, SwizzleBit. The value is `MiState.Hardware.InvalidPteMask`; it is 0 on processors that
/// do not speculate so, and no particular bit may be assumed.
public struct InvalidPTEMask: RawRepresentable, Sendable, Hashable {
  /// The bits.
  public let rawValue: UInt64

  /// Takes the value of the kernel's variable.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// No bits: entries are what they are.
  public static let none = InvalidPTEMask(rawValue: 0)

  /// Why no kernel has such a mask, or nil: it is none, or one bit that can be the highest of a physical
  /// address.
  public var contradiction: String? {
    let bits = InvalidEntryBits.candidates
    guard self != .none, rawValue & bits != rawValue || rawValue.nonzeroBitCount > 1 else {
      return nil
    }
    return "the mask is one address bit, of \(63 - bits.leadingZeroBitCount) to"
      + " \(bits.trailingZeroBitCount), or 0"
  }

  /// The entry as the memory manager composed it.
  ///
  /// The mask is taken out by AND-NOT, not XOR: an entry whose bit is clear already, because it was
  /// written before the mask was known, stays as it is.
  public func removed(from entry: UInt64, _ kernel: WindowsKernel) -> UInt64 {
    Swizzle(kernel, self).removed(from: entry)
  }

  /// The entry as it is written to memory.
  public func applied(to entry: UInt64, _ kernel: WindowsKernel) -> UInt64 {
    Swizzle(kernel, self).applied(to: entry)
  }
}

extension WindowsKernel {
  /// Whether entries that are not valid may have the invalid-PTE mask in them.
  public var hasSwizzleBit: Bool { record.hasSwizzleBit }
}

/// A mask with the bits of a kernel's entries that say whether it applies.
struct Swizzle: Sendable {
  let mask: UInt64
  let swizzleBit: UInt64
  private let valid: UInt64

  /// Kernels without SwizzleBit have something else at its place: for them the mask is none.
  init(_ kernel: WindowsKernel, _ mask: InvalidPTEMask) {
    let bit = kernel.field("SwizzleBit", in: .software)
    self.mask = bit == nil ? 0 : mask.rawValue
    swizzleBit = bit?.mask ?? 0
    valid = kernel.field("Valid", in: .software)?.mask ?? 0
  }

  /// A zero entry is clear of the mask; a valid one is the processor's.
  @inline(__always)
  func removed(from entry: UInt64) -> UInt64 {
    entry & (valid | swizzleBit) == 0 ? entry & ~mask : entry
  }

  func applied(to entry: UInt64) -> UInt64 {
    guard mask != 0, entry != 0, entry & valid == 0 else { return entry }
    return entry & mask == 0 ? entry | mask : entry | swizzleBit
  }
}
