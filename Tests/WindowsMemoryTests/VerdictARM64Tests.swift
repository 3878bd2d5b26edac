import Paging
import PhysicalMemory
import Testing
import WindowsMemory

/// What the kernel makes of faults on arm64, where the processor's refusal of writes says that a page is clean.
@Suite struct VerdictARM64Tests {
  private static let kernel = "windows-17134.619"

  private static func verdict(
    _ entry: UInt64, _ kind: Access.Kind, as privilege: Access.Privilege = .user
  ) throws -> WindowsVerdict {
    var sketch = WindowsSketch(.arm64)
    sketch.setUser(0x3000, entry)
    return try sketch.verdict(try sketch.classifier(kernel), 0x3000, kind, as: privilege)
  }

  /// Entries of user pages, by hand: protection is in bits 5:1 where the entry is not valid.
  @Test(
    arguments: [
      (0x8, .write, "STATUS_PAGE_FAULT_DEMAND_ZERO", ["MiResolveDemandZeroFault"]),
      (0x8, .execute, "STATUS_ACCESS_VIOLATION", []),
      (0x2, .write, "STATUS_ACCESS_VIOLATION", []), (0x20, .read, "STATUS_ACCESS_VIOLATION", []),
      (0x30, .read, "STATUS_ACCESS_VIOLATION", []),
      (0x28, .read, "STATUS_GUARD_PAGE_VIOLATION", ["MiCheckForUserStackOverflow"]),
      (
        0x1234_5808, .write, "STATUS_PAGE_FAULT_TRANSITION",
        ["MiDispatchFault", "MiResolveTransitionFault"]
      ),
      (
        0x777_0000_2048, .read, "STATUS_PAGE_FAULT_PAGING_FILE",
        ["MiDispatchFault", "MiResolvePageFileFault"]
      ),
      // Valid: writable and clean, copied on write, read-only, not executable, the supervisor's.
      (0x00e0_0000_1234_5fc3, .write, "STATUS_SUCCESS", []),
      (0x0160_0000_1234_5fc3, .write, "STATUS_PAGE_FAULT_COPY_ON_WRITE", ["MiCopyOnWrite"]),
      (0x0060_0000_1234_5fc3, .write, "STATUS_ACCESS_VIOLATION", []),
      (0x0060_0000_1234_5fc3, .execute, "STATUS_ACCESS_VIOLATION", []),
      (0x00e0_0000_1234_5f03, .read, "STATUS_ACCESS_VIOLATION", []),
    ] as [(UInt64, Access.Kind, String, [String])])
  func userFaults(entry: UInt64, kind: Access.Kind, status: String, handler: [String]) throws {
    let verdict = try Self.verdict(entry, kind)
    #expect(verdict.status?.name == status)
    #expect(verdict.handler == ["MmAccessFault"] + handler)
    #expect(verdict.bugCheck == nil)
  }

  @Test func theFirstWriteClearsNotDirty() throws {
    let verdict = try Self.verdict(0x00e0_0000_1234_5fc3, .write)
    #expect(verdict.rules.last?.text.contains("clears NotDirty") == true)
  }

  /// A page that was written to, and one that the program may execute.
  @Test func whatTheProcessorAllowsCostsNothing() throws {
    #expect(try Self.verdict(0x00e0_0000_1234_5f43, .write).cost == WindowsVerdict.Cost.none)
    #expect(try Self.verdict(0x0020_0000_1234_5fc3, .execute).cost == WindowsVerdict.Cost.none)
  }

  /// That the kernel sets Accessed where the processor does not follows from what it must do.
  @Test func aClearAccessFlagIsNoViolation() throws {
    for kind in [Access.Kind.read, .write] {
      let verdict = try Self.verdict(0x00e0_0000_1234_5bc3, kind)
      #expect(verdict.status == .success && verdict.cost == .soft)
      #expect(verdict.rules.last?.isUncertain == true)
    }
  }

  @Test func theKernelExecutesNoPageOfAProgram() throws {
    let verdict = try Self.verdict(0x0020_0000_1234_5fc3, .execute, as: .supervisor)
    #expect(verdict.bugCheck?.code == 0xfc)
    #expect(verdict.rules.last?.text.contains("(PXN)") == true)
  }

  /// Of these, bit 55 chooses a half, and what is above its bits is not all 0, or not all 1.
  @Test(
    arguments: [
      0x1_0000_0000_0000, 0x7f_ffff_ffff_fff0, 0xff80_0000_0000_0000, 0xfffe_ffff_ffff_fff0,
    ] as [UInt64])
  func addressesInNeitherHalfAreViolationsOfProgramsAndEndTheKernel(address: UInt64) throws {
    let sketch = WindowsSketch(.arm64)
    let classifier = try sketch.classifier(Self.kernel)
    let program = try sketch.verdict(classifier, address, .write, as: .user)
    #expect(program.status == .accessViolation && program.cost == .fatal)
    #expect(program.bugCheck == nil && !program.rules.contains(where: \.isUncertain))
    let kernel = try sketch.verdict(classifier, address, .write, as: .supervisor)
    #expect(kernel.bugCheck?.code == 0x50 && kernel.status == nil && kernel.cost == .fatal)
    #expect(kernel.bugCheck?.arguments == [address, 1, nil, 4])
    #expect(kernel.rules.last?.isUncertain == true)
    for verdict in [program, kernel] { #expect(verdict.handler == ["MmAccessFault"]) }
  }
}
