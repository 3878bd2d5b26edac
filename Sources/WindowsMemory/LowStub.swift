public import PhysicalMemory

/// The start-up code of the other processors, which 64-bit Windows leaves in low memory with the root
/// of the System process.
///
/// The offsets are those that memory forensics goes by (MemProcFS).
public struct LowStub: Hashable, Sendable {
  /// The page with the code.
  public let page: PhysicalAddress
  /// The root of the System process.
  public let root: UInt64
  /// An address within the kernel's image.
  public let kernelAddress: VirtualAddress

  private static let range: ClosedRange<UInt64> = 0x1000...0x9_ffff
  /// What a word of the page has to be like.
  private struct Rule {
    var offset: Int
    var mask: UInt64
    var value: UInt64
  }

  /// A jump, and flags.
  private static let start = Rule(
    offset: 0x0, mask: 0xffff_ffff_ffff_00ff, value: 0x1_0006_00e9)
  /// Where the code ends up: in the kernel.
  private static let target = Rule(
    offset: 0x70, mask: 0xffff_f800_0000_0003, value: 0xffff_f800_0000_0000)
  /// What it puts into CR3.
  private static let register = Rule(offset: 0xa0, mask: 0xffff_ff00_0000_0fff, value: 0)

  /// The first such page, or nil where there is none.
  public static func find(in memory: MemoryImage) -> LowStub? {
    var found: LowStub?
    memory.forEachFrame(in: range) { frame, words in
      func word(_ rule: Rule) -> UInt64? {
        let word = words[rule.offset / 8]
        return word & rule.mask == rule.value ? word : nil
      }
      guard word(start) != nil, let target = word(target), let root = word(register), root != 0
      else { return true }
      found = LowStub(page: frame, root: root, kernelAddress: VirtualAddress(target))
      return false
    }
    return found
  }
}
