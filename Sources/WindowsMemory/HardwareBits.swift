import BitLayout
import Paging

/// What a valid entry lets happen to a write, by the processor's bit and by the memory manager's.
///
/// Kernels for several processors, and all from Vista on, keep two: the processor's is clear while
/// the page is clean, so that the first write faults. That fault is no violation.
public enum PTEWriteRight: String, Sendable, CaseIterable {
  /// The processor lets it pass.
  case writable
  /// The processor refuses it, and the memory manager sets its bit: the page becomes modified.
  case writableWhenDirty
  /// The processor refuses it, and the memory manager makes a private copy.
  case copyOnWrite
  /// The processor refuses it, and so does the memory manager.
  case readOnly
}

/// What valid entries say, by the fields of the kernel.
struct HardwareBits: Sendable {
  private let frame: UInt64
  private let isLarge: UInt64
  /// The value of the `isLarge` bit in an entry that maps a large page.
  private let largeValue: UInt64
  private let largestLevel: Int
  private let shifts: (middle: UInt64, upper: UInt64)
  private let highFrame: PackedField
  private let copyOnWrite: UInt64
  private let softwareWrite: UInt64
  private let processorWrite: UInt64
  /// The value of the `processorWrite` bit in an entry that lets writes pass.
  private let writeValue: UInt64

  private static let pageShift: UInt64 = 12

  init(_ kernel: WindowsKernel) {
    func mask(_ name: String) -> UInt64? { kernel.field(name, in: .hardware)?.mask }
    frame = mask("PageFrameNumber") ?? 0
    isLarge = mask("LargePage") ?? mask("NotLargePage") ?? 0
    largeValue = mask("LargePage") ?? 0
    largestLevel = kernel.format.isThirtyTwoBit ? 2 : 3
    shifts = kernel.format == .x86 ? (22, 22) : (21, 30)
    // Windows has no name for PSE-36: the processor's field it is.
    highFrame = PackedField(kernel.format == .x86 ? TwoLevelLayouts.frame4MHigh : nil)
    copyOnWrite = mask("CopyOnWrite") ?? 0
    if let notDirty = mask("NotDirty") {
      softwareWrite = mask("Writable") ?? 0
      processorWrite = notDirty
      writeValue = 0
    } else {
      softwareWrite = mask("Write") ?? 0
      processorWrite = mask("Dirty1") ?? mask("Writable") ?? softwareWrite
      writeValue = processorWrite
    }
  }

  func reading(of entry: UInt64, level: Int) -> PTEReading {
    guard level > 1, level <= largestLevel, entry & isLarge == largeValue else {
      return PTEReading(.valid, .frame, (entry & frame) &>> Self.pageShift)
    }
    let shift = level == 2 ? shifts.middle : shifts.upper
    let address = (entry & frame) & (UInt64.max &<< shift)
    let high = highFrame.value(in: entry) &<< TwoLevelLayouts.frame4MHighPosition
    return PTEReading(.large, .frame, (address | high) &>> Self.pageShift)
  }

  func writeRight(of entry: UInt64) -> PTEWriteRight {
    // A copy-on-write page that drivers mapped for writing has both bits: the processor decides.
    if entry & processorWrite == writeValue { return .writable }
    if entry & copyOnWrite != 0 { return .copyOnWrite }
    return entry & softwareWrite != 0 ? .writableWhenDirty : .readOnly
  }
}
