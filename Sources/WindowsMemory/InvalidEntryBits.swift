import BitLayout

/// The bits by which entries that are not valid tell of their mask and their generation: those of one
/// branch of Windows before and after the patches of August 2018.
struct InvalidEntryBits {
  /// An entry with one of these does not carry the mask: valid, of a prototype form, or with
  /// SwizzleBit.
  let exceptions: UInt64
  let transition: UInt64
  /// PageFileAllocated of the later layouts, which earlier ones would take for a number.
  let allocated: UInt64
  /// PageFileLow of the earlier and of the later layouts.
  let oldNumber, newNumber: UInt64
  /// The bits of PageFileHigh that can be the highest of a physical address, and so the mask.
  let candidates = Self.candidates

  init() {
    let (old, new) = (Self.kernel(17134, 1), Self.kernel(17134, 619))
    exceptions =
      Self.mask("Valid", .software, new) | Self.mask("Prototype", .software, new)
      | Self.mask("SwizzleBit", .software, new)
    transition = Self.mask("Transition", .software, new)
    allocated = Self.mask("PageFileAllocated", .software, new)
    oldNumber = Self.mask("PageFileLow", .software, old)
    newNumber = Self.mask("PageFileLow", .software, new)
  }

  /// From 22000 on, frame numbers are as wide as they can be.
  static let candidates =
    mask("PageFileHigh", .software, kernel(17134, 619))
    & mask("PageFrameNumber", .transition, kernel(22000, 194))

  private static func kernel(_ build: Int, _ patch: Int) -> WindowsKernel {
    guard let kernel = try? WindowsKernel(WindowsKernelID(build: build, patch: patch), .x64) else {
      preconditionFailure("the table of layouts has \(build).\(patch)")
    }
    return kernel
  }

  private static func mask(
    _ name: String, _ structure: WindowsStructure, _ kernel: WindowsKernel
  ) -> UInt64 {
    guard let field = kernel.field(name, in: structure) else {
      preconditionFailure("\(kernel.id) has \(name)")
    }
    return field.mask
  }
}
