import PhysicalMemory
import Testing
import WindowsMemory

/// What is inferred from entries that are not valid, and what is not.
@Suite struct EvidenceTests {
  private func evidence(_ entries: [UInt64]) -> InvalidEntryEvidence {
    var evidence = InvalidEntryEvidence()
    for entry in entries { evidence.count(entry) }
    return evidence
  }

  @Test(arguments: [35, 38, 39, 45, 51])
  func theBitThatAllEntriesHaveIsTheMask(bit: Int) {
    let mask: UInt64 = 1 << UInt64(bit)
    let entries: [UInt64] = [0x80, 0x20, 0x200, 0x9880, 0xa820, 0x1bbeda_0000_2084 & ~mask]
    let found = evidence(entries.map { $0 | mask })
    #expect(found.maskBit == bit)
    #expect(found.mask == InvalidPTEMask(rawValue: mask))
    #expect(found.generation == .swizzled)
  }

  @Test func entriesWithoutHighBitsHaveNoMask() {
    let found = evidence([0x80, 0x20, 0x200, 0x9880, 0x1bbeda_0000_2084])
    #expect(found.maskBit == nil && found.hasNoMask)
  }

  @Test func aFewEntriesSayNothing() {
    let found = evidence([0x2000_0000_0080, 0x2000_0000_0020, 0x2000_0000_9880])
    #expect(!found.isEnough && found.maskBit == nil && !found.hasNoMask)
  }

  @Test func pagesOfOnePageFileAreNoMask() {
    // All of them have bit 44, and bits that differ: an offset, not a mask.
    let found = evidence((1...64).map { 0x1000_0000_0000 | UInt64($0) << 32 | 0x80 })
    #expect(found.maskBit == nil && !found.hasNoMask)
  }

  @Test func emptyValidPrototypeAndSwizzledEntriesAreNotCounted() {
    let found = evidence([0, 0x2000_0000_0867, 0xc182_ec1f_fdf8_0400, 0xffff_ffff_0000_0490])
    #expect(found.count == 0)
  }

  @Test func theNumberOfThePageFileTellsTheGeneration() {
    #expect(evidence([0x1234_0000_0086, 0x4321_0000_008a]).generation == .plain)
    #expect(evidence([0x1234_0000_2084, 0x4321_0000_1080]).generation == .swizzled)
    // Number 2 in bits 4:1 may be PageFileAllocated.
    #expect(evidence([0x1234_0000_0084]).generation == nil)
    // Both at once is no evidence.
    #expect(evidence([0x1234_0000_0086, 0x4321_0000_1080]).generation == nil)
  }

  @Test func aKernelWithoutPatchLevelHasACounterpart() throws {
    let kernel = try WindowsKernel(WindowsKernelID(build: 17134), .x64)
    #expect(kernel.hasSwizzleBit && kernel.isGenerationOpen)
    #expect(kernel.counterpart?.hasSwizzleBit == false)
    #expect(try WindowsKernel(WindowsKernelID(build: 19041), .x64).counterpart == nil)
    #expect(try !WindowsKernel(WindowsKernelID("windows-17134.619"), .x64).isGenerationOpen)
  }
}
