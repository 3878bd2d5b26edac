import BitLayout
import Paging

/// What an entry that is not present for the processor is to say to Linux.
public enum LinuxEntryForm: Hashable, Sendable {
  /// Nothing.
  case none
  /// A page elsewhere, by its swap type; what follows is a swap offset, a frame number or markers.
  case elsewhere(SwapTypes.Meaning)
  /// A page in memory without access rights; the word is the entry for frame 0 as it would be if the
  /// processor used it.
  case protnone(valid: UInt64)
}

/// The flags of an entry that is not present for the processor.
public struct LinuxEntryFlags: OptionSet, Hashable, Sendable {
  /// The flags as bits.
  public var rawValue: UInt8

  /// Wraps the bits of the flags below.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Written since the last clearing.
  public static let softDirty = Self(rawValue: 1 << 0)
  /// Write-protected by userfaultfd.
  public static let userfaultWriteProtect = Self(rawValue: 1 << 1)
  /// The page belongs to this process alone.
  public static let exclusive = Self(rawValue: 1 << 2)

  /// The names, for messages.
  static let names: [(Self, String)] = [
    (.softDirty, "soft-dirty"), (.userfaultWriteProtect, "uffd-wp"), (.exclusive, "exclusive"),
  ]
}

/// Why a kernel has no entry that says something.
public struct LinuxEntryError: Error, Hashable, CustomStringConvertible {
  /// What it lacks.
  public let description: String
}

/// Composes entries that are alike but for what they point at.
public struct LinuxEntrySeries: Sendable {
  private let word: UInt64
  private let layout: SwapEntryLayout?
  private let type: UInt64
  private let frame: BitField?
  private let isInverted: Bool

  /// Prepares for entries of a form.
  ///
  /// - Throws: where the kernel has no such entry.
  public init(
    _ form: LinuxEntryForm, _ flags: LinuxEntryFlags, of kernel: LinuxKernel
  ) throws(LinuxEntryError) {
    switch form {
    case .none: (word, layout, type, frame, isInverted) = (0, nil, 0, nil, false)
    case .elsewhere(let meaning):
      guard let type = kernel.swapTypes.type(of: meaning) else {
        throw LinuxEntryError(
          description: "\(kernel.id) with \(kernel.options) has no such swap type")
      }
      let swap = kernel.swapEntry
      word = try Self.bits(
        flags,
        [
          .softDirty: swap.softDirty, .userfaultWriteProtect: swap.userfaultWriteProtect,
          .exclusive: swap.exclusive,
        ], kernel)
      (layout, self.type, frame, isInverted) = (swap, type, nil, false)
    case .protnone(let valid):
      let bits = kernel.bits
      let own = try Self.bits(
        flags,
        [.softDirty: bits.softDirty, .userfaultWriteProtect: bits.userfaultWriteProtect], kernel)
      // P of x86 and bit 0 of descriptors are one place.
      word = (valid & ~X86Fields.present.mask) | bits.protNone.mask | own
      (layout, type) = (nil, 0)
      frame = kernel.format == .i386 ? TwoLevelLayouts.frame : LongModeLayouts.frame
      isInverted = bits.framesAreInverted
    }
  }

  private static func bits(
    _ flags: LinuxEntryFlags, _ fields: [LinuxEntryFlags: BitField?], _ kernel: LinuxKernel
  ) throws(LinuxEntryError) -> UInt64 {
    var word: UInt64 = 0
    for (flag, name) in LinuxEntryFlags.names where flags.contains(flag) {
      guard let field = fields[flag] ?? nil else {
        throw LinuxEntryError(description: "such entries of \(kernel.id) have no \(name)")
      }
      word |= field.mask
    }
    return word
  }

  /// The entry that points at a swap offset, at markers or at the frame of a page.
  ///
  /// - Parameters:
  ///   - target: The number.
  ///   - pageShift: The size of the page as a power of 2, of an entry without access rights.
  /// - Returns: The entry; nil where the number does not fit.
  public func entry(_ target: UInt64, pageShift: UInt64) -> UInt64? {
    if let layout {
      return layout.entry(type: type, offset: target).map { $0 | word }
    }
    guard let frame else { return word }
    guard target <= frame.mask >> UInt64(frame.low) else { return nil }
    let address = target << UInt64(frame.low)
    guard isInverted else { return word | address }
    // Address bits below a huge page are not inverted (PHYSICAL_PMD_PAGE_MASK).
    let size: UInt64 = 1 << pageShift
    return word | (~address & frame.mask & ~(size - 1))
  }
}
