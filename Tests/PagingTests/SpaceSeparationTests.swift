import Paging
import PhysicalMemory
import Testing

/// Linear-address-space separation (SDM 3A, "Linear-Address-Space Separation"), from the manual's list of
/// violations.
@Suite struct SpaceSeparationTests {
  private static let lass: UInt64 = 0x800_0000
  private static let smap: UInt64 = 0x20_0000
  private static let lower: UInt64 = 0x1000
  private static let upper: UInt64 = 0xffff_8000_0000_1000

  private func outcome(
    _ pointer: UInt64, _ access: Access, cr4: UInt64, ac: Bool = false, mode: PagingMode = .x86_64,
    cr3: UInt64 = 0
  ) throws -> AccessOutcome {
    var state = PagingState(mode: mode)
    state.cr4 |= cr4
    state.cr3 |= cr3
    state.alignmentCheck = ac
    // Nothing is mapped: who is let in meets a page fault.
    let result = state.access(VirtualAddress(pointer), access, in: try TestImage(frames: 1).memory)
    return result.outcome
  }

  @Test(arguments: Access.Kind.allCases)
  func userModeKeepsToTheLowerHalf(kind: Access.Kind) throws {
    let access = Access(kind, as: .user)
    for cr4 in [Self.lass, Self.lass | Self.smap] {
      #expect(try outcome(Self.lower, access, cr4: cr4) == .pageFault)
      #expect(try outcome(Self.upper, access, cr4: cr4, ac: true) == .generalProtection)
    }
    #expect(try outcome(Self.upper, access, cr4: 0) == .pageFault)
  }

  @Test func theSupervisorNeverFetchesFromTheLowerHalfWhateverSMEPSays() throws {
    for privilege in [Access.Privilege.supervisor, .supervisorImplicit] {
      let access = Access(.execute, as: privilege)
      #expect(try outcome(Self.lower, access, cr4: Self.lass, ac: true) == .generalProtection)
      #expect(try outcome(Self.upper, access, cr4: Self.lass) == .pageFault)
    }
  }

  @Test(arguments: [Access.Kind.read, .write, .shadowStackRead, .shadowStackWrite])
  func theSupervisorUsesDataOfTheLowerHalfAsSMAPLetsIt(kind: Access.Kind) throws {
    let explicit = Access(kind, as: .supervisor)
    let implicit = Access(kind, as: .supervisorImplicit)
    let both = Self.lass | Self.smap
    #expect(try outcome(Self.lower, explicit, cr4: Self.lass) == .pageFault)
    #expect(try outcome(Self.lower, implicit, cr4: Self.lass) == .pageFault)
    #expect(try outcome(Self.lower, explicit, cr4: both) == .generalProtection)
    #expect(try outcome(Self.lower, implicit, cr4: both) == .generalProtection)
    #expect(try outcome(Self.lower, explicit, cr4: both, ac: true) == .pageFault)
    #expect(try outcome(Self.lower, implicit, cr4: both, ac: true) == .generalProtection)
    for access in [explicit, implicit] {
      #expect(try outcome(Self.upper, access, cr4: both) == .pageFault)
    }
  }

  /// It applies in IA-32e mode only.
  @Test func otherModesHaveOneSpace() throws {
    for mode in [PagingMode.x86, .pae] {
      let fetch = Access(.execute, as: .supervisor)
      #expect(try outcome(Self.lower, fetch, cr4: Self.lass, mode: mode) == .pageFault)
    }
  }

  /// Bit 63 decides, which masking leaves as it is.
  @Test func tagsDoNotMoveAPointerIntoTheOtherSpace() throws {
    let lamSup: UInt64 = 0x1000_0000
    let read = Access(.read, as: .user)
    #expect(
      try outcome(0x8000_8000_0000_1000, read, cr4: Self.lass | lamSup) == .generalProtection)
    let supervisor = Access(.read, as: .supervisor)
    let all = Self.lass | Self.smap | lamSup
    #expect(try outcome(0x8000_8000_0000_1000, supervisor, cr4: all) == .pageFault)
    let lamU57: UInt64 = 1 << 61
    let tagged: UInt64 = 0x4000_0000_0000_1000
    #expect(try outcome(tagged, read, cr4: Self.lass, cr3: lamU57) == .pageFault)
    #expect(try outcome(tagged, supervisor, cr4: all, cr3: lamU57) == .generalProtection)
  }
}
