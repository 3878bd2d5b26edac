import Paging
import PhysicalMemory
import Testing

/// Linear-address masking and upper-address ignore, with addresses worked by hand.
@Suite struct AddressTagTests {
  private static let lamU57: UInt64 = 0x2000_0000_0000_0000
  private static let lamU48: UInt64 = 0x4000_0000_0000_0000
  private static let lamSup: UInt64 = 0x1000_0000

  private func state(
    _ mode: PagingMode, cr3: UInt64 = 0, cr4: UInt64 = 0, efer: UInt64 = 0,
    vendor: PagingState.Vendor = .intel
  ) -> PagingState {
    var state = PagingState(mode: mode, cr3: cr3)
    state.cr4 |= cr4
    state.efer |= efer
    state.vendor = vendor
    return state
  }

  /// The ISE reference's tables of canonicality checking with LAM: what a data pointer stands for,
  /// nil where it is refused.
  @Test(
    arguments: [
      // LAM48, 4-level: bit 63 and bit 47 agree, 62:48 are metadata.
      (.x86_64, lamU48, 0x7fff_0000_1234_5678, 0x0000_0000_1234_5678),
      (.x86_64, lamU48, 0x1234_7fff_ffff_f000, 0x0000_7fff_ffff_f000),
      (.x86_64, lamU48, 0x1234_8000_0000_0000, nil),
      (.x86_64, lamU48, 0x0000_8000_0000_0000, nil),
      // LAM57, 4-level: bits 63 and 56:47 agree, 62:57 are metadata.
      (.x86_64, lamU57, 0x7e00_0000_1234_5678, 0x0000_0000_1234_5678),
      (.x86_64, lamU57, 0x0001_0000_1234_5678, nil),
      (.x86_64, lamU57, 0x0100_0000_0000_0000, nil),
      (.x86_64, lamU57, 0x2a00_8000_0000_0000, nil),
      // LAM57 wins where both are set.
      (.x86_64, lamU57 | lamU48, 0x0001_0000_1234_5678, nil),
      // LAM57, 5-level: bits 63 and 56 agree.
      (.la57, lamU57, 0x7eff_0000_1234_5678, 0x00ff_0000_1234_5678),
      (.la57, lamU57, 0x7f00_0000_0000_0000, nil),
      // LAM48, 5-level: bits 63 and 47 agree, and 56:48 are metadata too.
      (.la57, lamU48, 0x7fff_0000_1234_5678, 0x0000_0000_1234_5678),
      (.la57, lamU48, 0x0000_8000_0000_0000, nil),
      // CR3 says nothing about supervisor pointers.
      (.x86_64, lamU48 | lamU57, 0xff7f_8000_0000_0000, nil),
    ] as [(PagingMode, UInt64, UInt64, UInt64?)])
  func userPointersLoseTheirMetadata(
    mode: PagingMode, cr3: UInt64, pointer: UInt64, address: UInt64?
  ) throws {
    try expect(state(mode, cr3: cr3), pointer, address)
  }

  @Test(
    arguments: [
      (.x86_64, 0x8000_8000_0000_1000, 0xffff_8000_0000_1000),
      (.x86_64, 0xffff_7fff_ffff_f000, nil),
      (.x86_64, 0x8000_7fff_ffff_f000, nil),
      (.la57, 0x8100_0000_0000_1000, 0xff00_0000_0000_1000),
      (.la57, 0x80ff_ffff_ffff_f000, nil),
      // CR4 says nothing about user pointers.
      (.x86_64, 0x0001_0000_0000_1000, nil),
    ] as [(PagingMode, UInt64, UInt64?)])
  func supervisorPointersLoseWhatPagingDoesNotTranslate(
    mode: PagingMode, pointer: UInt64, address: UInt64?
  ) throws {
    try expect(state(mode, cr4: Self.lamSup), pointer, address)
  }

  /// AMD APM 2, 5.10: bits 63:57 are a tag, bits 56:47 must agree under 4-level paging.
  @Test(
    arguments: [
      (.x86_64, 0xfe00_0000_1234_5678, 0x0000_0000_1234_5678),
      (.x86_64, 0x01ff_8000_0000_0000, 0xffff_8000_0000_0000),
      (.x86_64, 0x0100_0000_0000_0000, nil), (.x86_64, 0x0001_0000_0000_0000, nil),
      (.la57, 0xfeff_0000_0000_0000, 0x00ff_0000_0000_0000),
      (.la57, 0x0100_0000_0000_0000, 0xff00_0000_0000_0000),
    ] as [(PagingMode, UInt64, UInt64?)])
  func upperAddressIgnoreMakesATagOfTheTopSevenBits(
    mode: PagingMode, pointer: UInt64, address: UInt64?
  ) throws {
    try expect(state(mode, efer: 0x10_0000, vendor: .amd), pointer, address)
  }

  @Test func withoutTagsAPointerIsItsAddress() {
    for mode in [PagingMode.x86_64, .la57] {
      let tags = AddressTags(state(mode))
      for pointer in [0, 0x1234_5678_9abc_def0, 0x8000_0000_0000_0000, UInt64.max] as [UInt64] {
        #expect(tags.areOff && tags.removed(from: pointer) == pointer)
      }
    }
  }

  /// SDM 3A, "Linear-Address Masking": it is for data accesses, of whatever kind.
  @Test func fetchesKeepTheirTag() throws {
    let state = state(.x86_64, cr3: Self.lamU48)
    let pointer: UInt64 = 0x7fff_0000_1234_5678
    let rules = AccessRules(state)
    for kind in Access.Kind.allCases {
      let address = rules.linearAddress(pointer, for: Access(kind, as: .user))
      #expect(address == (kind == .execute ? pointer : 0x1234_5678))
    }
  }

  /// APM 2, 5.10: references by CS, SS, FS and GS and the processor's own to GDT, LDT, IDT and TSS
  /// are checked as ever.
  @Test func upperAddressIgnoreIsForExplicitReadsAndWrites() {
    let rules = AccessRules(state(.x86_64, efer: 0x10_0000, vendor: .amd))
    let pointer: UInt64 = 0xfe00_0000_1234_5678
    for privilege in Access.Privilege.allCases {
      for kind in Access.Kind.allCases {
        let isTagged = privilege != .supervisorImplicit && (kind == .read || kind == .write)
        let address = rules.linearAddress(pointer, for: Access(kind, as: privilege))
        #expect(address == (isTagged ? 0x1234_5678 : pointer), "\(kind) \(privilege)")
      }
    }
  }

  /// Bit 63 of the pointer decides whose rule it is, whoever uses it: a supervisor's access by a user
  /// pointer is masked by CR3, a user's by a supervisor pointer by CR4.
  @Test(arguments: Access.Privilege.allCases)
  func thePointerDecidesNotWhoUsesIt(privilege: Access.Privilege) {
    let access = Access(.read, as: privilege)
    let user = AccessRules(state(.x86_64, cr3: Self.lamU48))
    #expect(user.linearAddress(0x7abc_0000_0000_1000, for: access) == 0x1000)
    #expect(user.linearAddress(0xfabc_8000_0000_1000, for: access) == 0xfabc_8000_0000_1000)
    let supervisor = AccessRules(state(.x86_64, cr4: Self.lamSup))
    #expect(supervisor.linearAddress(0x7abc_0000_0000_1000, for: access) == 0x7abc_0000_0000_1000)
    #expect(supervisor.linearAddress(0xfabc_8000_0000_1000, for: access) == 0xffff_8000_0000_1000)
  }

  @Test func aTaggedAccessFindsThePage() throws {
    let path = try ValidWalk(ReferenceProcessor(mode: .fourLevel), leaf: 1)
    var state = path.state
    state.cr4 |= Self.lamSup
    // ffff9234_56789abc with 62:48 changed.
    let pointer = VirtualAddress(0x8abc_9234_5678_9abc)
    let read = state.access(pointer, Access(.read, as: .user), in: path.image.memory)
    let fetch = state.access(pointer, Access(.execute, as: .user), in: path.image.memory)
    #expect(read.outcome == .translated)
    #expect(fetch.outcome == .generalProtection)
    #expect(path.state.walk(pointer, in: path.image.memory).result.outcome == .nonCanonical)
  }

  private func expect(_ state: PagingState, _ pointer: UInt64, _ address: UInt64?) throws {
    #expect(state.contradiction == nil)
    let access = Access(.read, as: .user)
    let linear = AccessRules(state).linearAddress(pointer, for: access)
    let image = try TestImage(frames: 1)
    let isRefused = state.access(VirtualAddress(pointer), access, in: image.memory).outcome
    #expect((isRefused == .generalProtection) == (address == nil))
    if let address { #expect(linear == address) }
  }
}
