import Paging
import PhysicalMemory
import Testing

/// One access to one 4-KByte page under 4-level paging, with the answer that the manual gives.
///
/// Everything is a number typed from the manual: registers, the flags of the entries, error codes.
struct AccessVector: CustomTestStringConvertible, Sendable {
  var law: String
  var access: Access
  /// The flags of the PTE: P=1 RW=2 US=4 A=20h D=40h, key in 62:59, XD in 63.
  var pte: UInt64 = 0x67
  /// The flags of the three entries above it.
  var upper: UInt64 = 0x27
  /// PG, WP and PE.
  var cr0: UInt64 = 0x8001_0001
  /// PAE; SMEP is 10_0000h, SMAP 20_0000h, PKE 40_0000h, CET 80_0000h, PKS 100_0000h.
  var cr4: UInt64 = 0x20
  /// LME, LMA, NXE.
  var efer: UInt64 = 0xd00
  var pkru: UInt64 = 0
  var pkrs: UInt64 = 0
  var ac = false
  /// The error code, or nil where the access is made.
  var code: UInt32?

  var testDescription: String { law }

  private static let read = Access(.read, as: .user)
  private static let write = Access(.write, as: .user)
  private static let fetch = Access(.execute, as: .user)
  private static let kernelRead = Access(.read, as: .supervisor)
  private static let kernelWrite = Access(.write, as: .supervisor)
  private static let kernelFetch = Access(.execute, as: .supervisor)
  private static let implicitRead = Access(.read, as: .supervisorImplicit)
  private static let implicitWrite = Access(.write, as: .supervisorImplicit)
  private static let stackRead = Access(.shadowStackRead, as: .user)
  private static let stackWrite = Access(.shadowStackWrite, as: .user)
  private static let kernelStackRead = Access(.shadowStackRead, as: .supervisor)
  private static let kernelStackWrite = Access(.shadowStackWrite, as: .supervisor)

  /// SDM 3A, 4.7: the flags of the error code.
  static let errorCodes: [Self] = [
    Self(law: "P=0 at the PTE: read", access: read, pte: 0x66, code: 0x4),
    Self(law: "P=0 at the PTE: write", access: write, pte: 0x66, code: 0x6),
    Self(law: "P=0: fetch with NXE=1 has I/D", access: fetch, pte: 0x66, code: 0x14),
    Self(
      law: "P=0: fetch with NXE=0 and SMEP=0 has no I/D", access: fetch, pte: 0x66, efer: 0x500,
      code: 0x4),
    Self(
      law: "P=0: fetch with NXE=0 and SMEP=1 has I/D", access: fetch, pte: 0x66, cr4: 0x10_0020,
      efer: 0x500, code: 0x14),
    Self(law: "P=0: supervisor read is 0", access: kernelRead, pte: 0, code: 0),
    Self(law: "P=0: implicit supervisor write has no U/S", access: implicitWrite, pte: 0, code: 2),
    Self(law: "P=0: shadow-stack read", access: stackRead, pte: 0, cr4: 0x80_0020, code: 0x44),
    Self(law: "P=0: shadow-stack write", access: stackWrite, pte: 0, cr4: 0x80_0020, code: 0x46),
    Self(
      law: "P=0: reserved bits and keys of the entry do not count", access: read,
      pte: 0xf800_0000_0000_0000, cr4: 0x40_0020, efer: 0x500, pkru: 0xffff_ffff, code: 0x4),
    Self(
      law: "XD with NXE=0 is reserved: read", access: read, pte: 0x8000_0000_0000_0067, efer: 0x500,
      code: 0xd),
    Self(
      law: "XD with NXE=0 is reserved: fetch without I/D", access: fetch,
      pte: 0x8000_0000_0000_0067, efer: 0x500, code: 0xd),
    Self(
      law: "reserved wins over rights, and PK stays 0", access: write,
      pte: 0x8800_0000_0000_0065, cr4: 0x40_0020, efer: 0x500, pkru: 0xc, code: 0xf),
    Self(
      law: "a reserved bit wins over P=0 below it", access: read, pte: 0,
      upper: 0x8000_0000_0000_0027, efer: 0x500, code: 0xd),
  ]

  /// SDM 3A, 4.6.1: user-mode accesses.
  static let userAccesses: [Self] = [
    Self(law: "user reads user page", access: read),
    Self(law: "user reads read-only page", access: read, pte: 0x65),
    Self(law: "user reads supervisor page: US=0 in the PTE", access: read, pte: 0x63, code: 0x5),
    Self(law: "user reads supervisor page: US=0 above", access: read, upper: 0x23, code: 0x5),
    Self(law: "user writes", access: write),
    Self(law: "user writes, RW=0 in the PTE", access: write, pte: 0x65, code: 0x7),
    Self(law: "user writes, RW=0 above", access: write, upper: 0x25, code: 0x7),
    Self(
      law: "CR0.WP=0 does not help user writes", access: write, pte: 0x65, cr0: 0x8000_0001,
      code: 0x7),
    Self(law: "user fetches", access: fetch),
    Self(
      law: "user fetches, XD=1 in the PTE", access: fetch, pte: 0x8000_0000_0000_0067, code: 0x15),
    Self(
      law: "user fetches, XD=1 above", access: fetch, upper: 0x8000_0000_0000_0027, code: 0x15),
    Self(law: "SMEP and SMAP are not about user mode", access: fetch, cr4: 0x30_0020),
    Self(law: "SMAP is not about user reads", access: read, cr4: 0x30_0020),
  ]

  /// SDM 3A, 4.6.1: supervisor-mode accesses, CR0.WP, SMEP, SMAP.
  static let supervisorAccesses: [Self] = [
    Self(law: "supervisor reads supervisor page", access: kernelRead, pte: 0x63),
    Self(law: "supervisor writes read-only page, WP=1", access: kernelWrite, pte: 0x61, code: 0x3),
    Self(
      law: "supervisor writes read-only page, WP=0", access: kernelWrite, pte: 0x61,
      cr0: 0x8000_0001),
    Self(
      law: "supervisor writes read-only user page, WP=0", access: kernelWrite, pte: 0x65,
      cr0: 0x8000_0001),
    Self(
      law: "implicit writes respect WP as explicit ones do", access: implicitWrite, pte: 0x61,
      code: 0x3),
    Self(law: "supervisor fetches user page, SMEP=0", access: kernelFetch),
    Self(
      law: "supervisor fetches user page, SMEP=1", access: kernelFetch, cr4: 0x10_0020, code: 0x11),
    Self(
      law: "SMEP=1: one US=0 makes it a supervisor page", access: kernelFetch, upper: 0x23,
      cr4: 0x10_0020),
    Self(
      law: "AC does not lift SMEP", access: kernelFetch, cr4: 0x10_0020, ac: true, code: 0x11),
    Self(
      law: "supervisor fetches, XD=1", access: kernelFetch, pte: 0x8000_0000_0000_0063, code: 0x11),
    Self(law: "SMAP=1, AC=0: read", access: kernelRead, cr4: 0x20_0020, code: 0x1),
    Self(law: "SMAP=1, AC=0: write", access: kernelWrite, cr4: 0x20_0020, code: 0x3),
    Self(law: "SMAP=1, AC=1: read", access: kernelRead, cr4: 0x20_0020, ac: true),
    Self(law: "SMAP=1, AC=1: write", access: kernelWrite, cr4: 0x20_0020, ac: true),
    Self(
      law: "SMAP=1, AC=1: implicit read", access: implicitRead, cr4: 0x20_0020, ac: true, code: 0x1),
    Self(
      law: "SMAP=1, AC=1: read-only page, WP=1", access: kernelWrite, pte: 0x65, cr4: 0x20_0020,
      ac: true, code: 0x3),
    Self(
      law: "SMAP=1, AC=0: WP=0 does not help", access: kernelWrite, cr0: 0x8000_0001,
      cr4: 0x20_0020, code: 0x3),
    Self(
      law: "SMAP is not about supervisor pages", access: implicitRead, pte: 0x63, cr4: 0x20_0020),
    Self(law: "SMAP is not about fetches", access: kernelFetch, cr4: 0x20_0020),
  ]

  /// SDM 3A, 4.6.2: protection keys; the page has key 1.
  static let protectionKeys: [Self] = [
    Self(
      law: "WD of PKRS needs CR0.WP=1 for user writes too: PK stays 0", access: write,
      pte: 0x0800_0000_0000_0063, cr0: 0x8000_0001, cr4: pks, pkrs: 0x8, code: 0x7),
    Self(
      law: "WD of PKRS with CR0.WP=1 is in the code of a user write", access: write,
      pte: 0x0800_0000_0000_0063, cr4: pks, pkrs: 0x8, code: 0x27),
    Self(law: "PKE=0: keys are ignored", access: read, pte: key1, pkru: 0xffff_ffff),
    Self(law: "AD refuses reads", access: read, pte: key1, cr4: pke, pkru: 0x4, code: 0x25),
    Self(law: "AD refuses writes", access: write, pte: key1, cr4: pke, pkru: 0x4, code: 0x27),
    Self(law: "AD does not refuse fetches", access: fetch, pte: key1, cr4: pke, pkru: 0x4),
    Self(
      law: "AD refuses the supervisor too", access: kernelRead, pte: key1, cr4: pke, pkru: 0x4,
      code: 0x21),
    Self(
      law: "AD refuses the supervisor with WP=0 too", access: kernelRead, pte: key1,
      cr0: 0x8000_0001, cr4: pke, pkru: 0x4, code: 0x21),
    Self(law: "WD allows reads", access: read, pte: key1, cr4: pke, pkru: 0x8),
    Self(law: "WD refuses writes", access: write, pte: key1, cr4: pke, pkru: 0x8, code: 0x27),
    Self(
      law: "WD refuses user writes with WP=0", access: write, pte: key1, cr0: 0x8000_0001, cr4: pke,
      pkru: 0x8, code: 0x27),
    Self(
      law: "WD refuses supervisor writes, WP=1", access: kernelWrite, pte: key1, cr4: pke,
      pkru: 0x8, code: 0x23),
    Self(
      law: "WD allows supervisor writes, WP=0", access: kernelWrite, pte: key1, cr0: 0x8000_0001,
      cr4: pke, pkru: 0x8),
    Self(law: "another key's AD", access: read, pte: key1, cr4: pke, pkru: 0x5555_5551),
    Self(
      law: "key 15 is bits 31:30", access: read, pte: 0x7800_0000_0000_0067, cr4: pke,
      pkru: 0x4000_0000, code: 0x25),
    Self(
      law: "keys of upper entries are ignored", access: read, upper: 0x0800_0000_0000_0027,
      cr4: pke, pkru: 0x4),
    Self(
      law: "RW=0 and WD: PK is set", access: write, pte: 0x0800_0000_0000_0065, cr4: pke, pkru: 0x8,
      code: 0x27),
    Self(
      law: "RW=0 alone: PK is not set", access: write, pte: 0x0800_0000_0000_0065, cr4: pke,
      code: 0x7),
    Self(
      law: "PKRU is not about supervisor pages", access: kernelRead, pte: 0x0800_0000_0000_0063,
      cr4: pke, pkru: 0xffff_ffff),
    Self(
      law: "PKS: AD refuses the supervisor", access: kernelRead, pte: 0x0800_0000_0000_0063,
      cr4: pks, pkrs: 0x4, code: 0x21),
    Self(
      law: "PKS: AD refuses implicit accesses", access: implicitWrite, pte: 0x0800_0000_0000_0063,
      cr4: pks, pkrs: 0x4, code: 0x23),
    Self(
      law: "PKS: WD with WP=1", access: kernelWrite, pte: 0x0800_0000_0000_0063, cr4: pks,
      pkrs: 0x8, code: 0x23),
    Self(
      law: "PKS: WD with WP=0", access: kernelWrite, pte: 0x0800_0000_0000_0063, cr0: 0x8000_0001,
      cr4: pks, pkrs: 0x8),
    Self(
      law: "PKRS is not about user pages", access: kernelRead, pte: key1, cr4: pks,
      pkrs: 0xffff_ffff),
    Self(
      law: "PKS: fetches are free", access: kernelFetch, pte: 0x0800_0000_0000_0063, cr4: pks,
      pkrs: 0x4),
    Self(
      law: "SMAP and AD together: PK is set", access: kernelRead, pte: key1, cr4: 0x60_0020,
      pkru: 0x4, code: 0x21),
  ]

  /// SDM 3A, 4.6.1: shadow-stack accesses and pages.
  static let shadowStacks: [Self] = [
    Self(law: "user shadow stack: read", access: stackRead, pte: 0x65, cr4: cet),
    Self(law: "user shadow stack: write", access: stackWrite, pte: 0x65, cr4: cet),
    Self(law: "D=0 is no shadow stack", access: stackRead, pte: 0x25, cr4: cet, code: 0x45),
    Self(law: "RW=1 is no shadow stack", access: stackRead, pte: 0x67, cr4: cet, code: 0x45),
    Self(law: "RW=1: write", access: stackWrite, pte: 0x67, cr4: cet, code: 0x47),
    Self(
      law: "RW=0 above is no shadow stack", access: stackRead, pte: 0x65, upper: 0x25, cr4: cet,
      code: 0x45),
    Self(
      law: "user on a supervisor shadow stack", access: stackRead, pte: 0x61, cr4: cet, code: 0x45),
    Self(law: "supervisor shadow stack: read", access: kernelStackRead, pte: 0x61, cr4: cet),
    Self(law: "supervisor shadow stack: write", access: kernelStackWrite, pte: 0x61, cr4: cet),
    Self(
      law: "US=0 above makes it the supervisor's", access: kernelStackWrite, pte: 0x65, upper: 0x23,
      cr4: cet),
    Self(
      law: "supervisor on a user shadow stack", access: kernelStackWrite, pte: 0x65, cr4: cet,
      code: 0x43),
    Self(
      law: "AC does not help there", access: kernelStackRead, pte: 0x65, cr4: 0xa0_0020, ac: true,
      code: 0x41),
    Self(law: "an ordinary write of a shadow stack", access: write, pte: 0x65, cr4: cet, code: 0x7),
    Self(law: "an ordinary read of a shadow stack", access: read, pte: 0x65, cr4: cet),
    Self(
      law: "keys count for shadow stacks", access: stackRead, pte: 0x0800_0000_0000_0065,
      cr4: 0xc0_0020, pkru: 0x4, code: 0x65),
    Self(
      law: "WD counts for shadow-stack writes", access: stackWrite, pte: 0x0800_0000_0000_0065,
      cr4: 0xc0_0020, pkru: 0x8, code: 0x67),
    Self(
      law: "WD allows shadow-stack reads", access: stackRead, pte: 0x0800_0000_0000_0065,
      cr4: 0xc0_0020, pkru: 0x8),
  ]

  private static let key1: UInt64 = 0x0800_0000_0000_0067
  private static let pke: UInt64 = 0x40_0020
  private static let pks: UInt64 = 0x100_0020
  private static let cet: UInt64 = 0x80_0020
}

/// The access check and its error codes against vectors worked by hand.
@Suite struct AccessVectorTests {
  @Test(arguments: AccessVector.errorCodes)
  func errorCodesSayWhatTheAccessWas(vector: AccessVector) throws { try check(vector) }

  @Test(arguments: AccessVector.userAccesses)
  func userAccessesNeedUserPages(vector: AccessVector) throws { try check(vector) }

  @Test(arguments: AccessVector.supervisorAccesses)
  func supervisorAccessesFollowWPAndSMEPAndSMAP(vector: AccessVector) throws { try check(vector) }

  @Test(arguments: AccessVector.protectionKeys)
  func protectionKeysRefuseDataAccesses(vector: AccessVector) throws { try check(vector) }

  @Test(arguments: AccessVector.shadowStacks)
  func shadowStackAccessesNeedShadowStackPages(vector: AccessVector) throws { try check(vector) }

  /// SDM 3A, 4.6.2: protection keys are of 4-level and 5-level paging, whatever CR4 says.
  @Test(arguments: [ReferenceProcessor.Mode.x86, .pae])
  func otherModesHaveNoProtectionKeys(mode: ReferenceProcessor.Mode) throws {
    let path = try ValidWalk(ReferenceProcessor(mode: mode), leaf: 1)
    var state = path.state
    state.cr4 |= 0x140_0000
    (state.pkru, state.pkrs) = (0xffff_ffff, 0xffff_ffff)
    let leaf = try #require(path.entries.last)
    for flags in [0x67, 0x63] as [UInt64] {
      path.image.write(leaf.entry & ~0xfff | flags, at: leaf.address, of: path.processor)
      let access = Access(.write, as: flags == 0x67 ? .user : .supervisor)
      let result = state.access(VirtualAddress(path.address), access, in: path.image.memory)
      #expect(result.outcome == .translated, "\(flags)")
    }
  }

  private func check(_ vector: AccessVector) throws {
    let path = try ValidWalk(ReferenceProcessor(mode: .fourLevel), leaf: 1)
    for (level, address, entry) in path.entries {
      let flags = level == 1 ? vector.pte : vector.upper
      path.image.write(entry & ~0xfff | flags, at: address)
    }
    var state = path.state
    state.cr0 = vector.cr0
    state.cr4 = vector.cr4
    state.efer = vector.efer
    state.pkru = vector.pkru
    state.pkrs = vector.pkrs
    state.alignmentCheck = vector.ac
    let result = state.access(
      VirtualAddress(path.address), vector.access, in: path.image.memory)
    switch result {
    case .translated(let translation, _):
      #expect(vector.code == nil)
      #expect(translation.address == PhysicalAddress(0x4000_0abc))
    case .pageFault(let fault): #expect(fault.errorCode.rawValue == vector.code)
    default: Issue.record("\(result)")
    }
  }
}
