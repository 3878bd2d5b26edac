import Paging
import PhysicalMemory
import Testing

/// One access to one page of 4 KiB with 25 address bits: an L2 table, an L3 table, a page.
///
/// Everything is a number typed from the manual: registers, descriptors, ESR_EL1.
struct ARM64AccessVector: CustomTestStringConvertible, Sendable {
  var law: String
  var access: Access
  /// AF, and EL0 may read and write.
  var page: UInt64 = 0x5443
  var table: UInt64 = 0x3003
  /// TCR_EL1 beside sizes and granules: HA is bit 39, HD 40.
  var tcr: UInt64 = 0
  /// M; WXN is bit 19, EPAN 57.
  var sctlr: UInt64 = 1
  var pan = false
  var va: UInt64 = 0x1008
  /// ESR_EL1, or nil where the access is made.
  var esr: UInt64?
  /// The descriptor that the access leaves, where it changes it.
  var after: UInt64?

  var testDescription: String { law }

  private static let read = Access(.read, as: .user)
  private static let write = Access(.write, as: .user)
  private static let fetch = Access(.execute, as: .user)
  private static let kernelRead = Access(.read, as: .supervisor)
  private static let kernelWrite = Access(.write, as: .supervisor)
  private static let kernelFetch = Access(.execute, as: .supervisor)
  private static let ha: UInt64 = 1 << 39
  private static let hd: UInt64 = 1 << 40

  /// ESR_EL1: EC 100100b data abort from EL0 (0x92...), 100101b from EL1 (0x96...), 100000b and
  /// 100001b instruction aborts (0x82..., 0x86...), each with IL; WnR is bit 6; status codes 0001LL
  /// translation, 0010LL access flag, 0011LL permission, 0000LL address size.
  static let all: [Self] = [
    Self(law: "a page that allows everything", access: write),
    Self(law: "translation fault, L3: read by EL0", access: read, page: 0, esr: 0x9200_0007),
    Self(law: "translation fault, L3: write by EL0", access: write, page: 0, esr: 0x9200_0047),
    Self(law: "translation fault, L3: fetch by EL0", access: fetch, page: 0, esr: 0x8200_0007),
    Self(law: "translation fault, L3: read by EL1", access: kernelRead, page: 0, esr: 0x9600_0007),
    Self(
      law: "translation fault, L3: write by EL1", access: kernelWrite, page: 0, esr: 0x9600_0047),
    Self(
      law: "translation fault, L3: fetch by EL1", access: kernelFetch, page: 0, esr: 0x8600_0007),
    Self(
      law: "what the supervisor does implicitly is EL1's",
      access:
        Access(.read, as: .supervisorImplicit), page: 0, esr: 0x9600_0007),
    Self(law: "translation fault, L2", access: read, table: 0x3002, esr: 0x9200_0006),
    Self(law: "0b01 at L3 is a translation fault", access: read, page: 0x5441, esr: 0x9200_0007),
    Self(
      law: "an address outside the halves faults at level 0", access: read,
      va: 0x0010_0000_0000_0000, esr: 0x9200_0004),
    Self(law: "EPD0 faults at level 0", access: kernelWrite, tcr: 1 << 7, esr: 0x9600_0044),
    Self(law: "E0PD0 keeps EL0 out", access: fetch, tcr: 1 << 55, esr: 0x8200_0004),
    Self(law: "E0PD0 lets EL1 in", access: kernelRead, tcr: 1 << 55),
    Self(
      law: "address size fault, L3", access: read, page: 0x0001_0000_5443, tcr: 7 << 32,
      esr: 0x9200_0003),
    Self(
      law: "address size fault, L2", access: write, table: 0x8000_0000_3003, tcr: 7 << 32,
      esr: 0x9200_0042),
    Self(
      law: "address size comes before the access flag", access: read, page: 0x0001_0000_5043,
      tcr: 7 << 32, esr: 0x9200_0003),
    Self(law: "access flag fault", access: read, page: 0x5043, esr: 0x9200_000b),
    Self(law: "access flag fault of a fetch", access: kernelFetch, page: 0x5003, esr: 0x8600_000b),
    Self(
      law: "the access flag comes before permissions", access: write, page: 0x50c3,
      esr: 0x9200_004b),
    Self(law: "HA sets AF", access: read, page: 0x5043, tcr: ha, after: 0x5443),
    Self(
      law: "HA sets nothing where permission is refused", access: write, page: 0x50c3, tcr: ha,
      esr: 0x9200_004f),
    Self(law: "AP[1]=0: EL0 reads", access: read, page: 0x5403, esr: 0x9200_000f),
    Self(law: "AP[1]=0: EL1 reads", access: kernelRead, page: 0x5403),
    Self(law: "AP[2]=1: EL0 writes", access: write, page: 0x54c3, esr: 0x9200_004f),
    Self(law: "AP[2]=1: EL1 writes", access: kernelWrite, page: 0x5483, esr: 0x9600_004f),
    Self(law: "AP[1]=0: EL0 may execute", access: fetch, page: 0x5403),
    Self(law: "UXN: EL0", access: fetch, page: 0x0040_0000_0000_5443, esr: 0x8200_000f),
    Self(law: "UXN: EL1 may execute", access: kernelFetch, page: 0x0040_0000_0000_5403),
    Self(law: "PXN: EL1", access: kernelFetch, page: 0x0020_0000_0000_5403, esr: 0x8600_000f),
    Self(law: "PXN: EL0 may execute", access: fetch, page: 0x0020_0000_0000_5443),
    Self(law: "EL1 does not execute what EL0 may write", access: kernelFetch, esr: 0x8600_000f),
    Self(law: "EL1 executes what EL0 may only read", access: kernelFetch, page: 0x54c3),
    Self(
      law: "APTable[0] keeps EL0 out", access: read, table: 0x2000_0000_0000_3003,
      esr: 0x9200_000f),
    Self(
      law: "APTable[1] keeps all from writing", access: kernelWrite,
      table: 0x4000_0000_0000_3003, esr: 0x9600_004f),
    Self(
      law: "APTable[0] lets EL1 execute what EL0 could write", access: kernelFetch,
      table: 0x2000_0000_0000_3003),
    Self(
      law: "UXNTable", access: fetch, table: 0x1000_0000_0000_3003, esr: 0x8200_000f),
    Self(
      law: "PXNTable", access: kernelFetch, page: 0x5403, table: 0x0800_0000_0000_3003,
      esr: 0x8600_000f),
    Self(
      law: "HPD0 disregards the tables", access: write, table: 0x7800_0000_0000_3003,
      tcr: 1 << 41),
    Self(
      law: "WXN: EL0 does not execute what it may write", access: fetch, sctlr: 0x8_0001,
      esr: 0x8200_000f),
    Self(
      law: "WXN: EL1 does not execute what it may write", access: kernelFetch, page: 0x5403,
      sctlr: 0x8_0001, esr: 0x8600_000f),
    Self(law: "WXN: read-only pages execute", access: fetch, page: 0x54c3, sctlr: 0x8_0001),
    Self(law: "PAN: EL1 reads a user page", access: kernelRead, pan: true, esr: 0x9600_000f),
    Self(law: "PAN: EL1 writes a user page", access: kernelWrite, pan: true, esr: 0x9600_004f),
    Self(law: "PAN: EL1 executes a user page", access: kernelFetch, page: 0x54c3, pan: true),
    Self(law: "PAN: EL0 is not concerned", access: read, pan: true),
    Self(
      law: "PAN: execute-only pages are no user pages", access: kernelRead, page: 0x5403, pan: true),
    Self(
      law: "EPAN: execute-only pages are user pages", access: kernelRead, page: 0x5403,
      sctlr: 0x0200_0000_0000_0001, pan: true, esr: 0x9600_000f),
    Self(
      law: "HD: a write to a clean page makes it dirty", access: write,
      page: 0x0008_0000_0000_54c3, tcr: ha | hd, after: 0x0008_0000_0000_5443),
    Self(
      law: "HD and HA: AF and AP[2] at once", access: write, page: 0x0008_0000_0000_50c3,
      tcr: ha | hd, after: 0x0008_0000_0000_5443),
    Self(
      law: "HD: a read leaves a page clean", access: read, page: 0x0008_0000_0000_54c3, tcr: ha | hd
    ),
    Self(
      law: "HD needs HA", access: write, page: 0x0008_0000_0000_54c3, tcr: hd, esr: 0x9200_004f),
    Self(law: "HD needs DBM", access: write, page: 0x54c3, tcr: ha | hd, esr: 0x9200_004f),
    Self(
      law: "HD: APTable[1] still refuses", access: write, page: 0x0008_0000_0000_54c3,
      table: 0x4000_0000_0000_3003, tcr: ha | hd, esr: 0x9200_004f),
    Self(
      law: "HD: EL1 does not execute a clean page that EL0 may write", access: kernelFetch,
      page: 0x0008_0000_0000_54c3, tcr: ha | hd, esr: 0x8600_000f),
    Self(law: "TBI0: a tagged address", access: read, tcr: 1 << 37, va: 0x5a00_0000_0000_1008),
    Self(
      law: "no TBI0: a tagged address", access: read, va: 0x5a00_0000_0000_1008,
      esr: 0x9200_0004),
    Self(law: "TBI0: a tagged fetch", access: fetch, tcr: 1 << 37, va: 0x5a00_0000_0000_1008),
    Self(
      law: "TBID0: a tagged fetch", access: fetch, tcr: 1 << 37 | 1 << 51,
      va: 0x5a00_0000_0000_1008, esr: 0x8200_0004),
    Self(
      law: "TBID0: a tagged read", access: read, tcr: 1 << 37 | 1 << 51,
      va: 0x5a00_0000_0000_1008),
    Self(
      law: "TBID1: a fetch from the upper half without a tag", access: fetch,
      tcr: 1 << 38 | 1 << 52, va: 0xffff_ffff_fe00_1008),
    Self(
      law: "TBID1: a tagged fetch from the upper half", access: fetch, tcr: 1 << 38 | 1 << 52,
      va: 0x5aff_ffff_fe00_1008, esr: 0x8200_0004),
    Self(
      law: "MTX0: bits 59:56 are a tag", access: read, tcr: 1 << 60, va: 0x0a00_0000_0000_1008),
    Self(
      law: "MTX0: bits 63:60 are none", access: read, tcr: 1 << 60, va: 0x5a00_0000_0000_1008,
      esr: 0x9200_0004),
    Self(
      law: "MTX0: fetches have no memory tag", access: fetch, tcr: 1 << 60,
      va: 0x0a00_0000_0000_1008, esr: 0x8200_0004),
    Self(
      law: "MTX0 with TBI0: fetches have the other tag", access: fetch, tcr: 1 << 60 | 1 << 37,
      va: 0x5a00_0000_0000_1008),
    Self(
      law: "MTX1: bits 59:56 are a tag", access: read, tcr: 1 << 61, va: 0xf5ff_ffff_fe00_1008),
    Self(
      law: "MTX1 is not about the lower half", access: read, tcr: 1 << 61,
      va: 0x0a00_0000_0000_1008, esr: 0x9200_0004),
  ]
}

@Suite struct ARM64AccessTests {
  /// T0SZ=T1SZ=39, 4 KiB, IPS of 40 bits unless a vector says otherwise.
  private static func state(_ tcr: UInt64) -> PagingState {
    var state = PagingState(mode: .arm64, cr3: 0x2000)
    // A vector's 7 stands for IPS=0, which 0 cannot.
    let ips: UInt64 = tcr >> 32 & 7 == 7 ? 0 : 2
    state.tcr = (tcr & ~(7 << 32)) | ips << 32 | 0x8027_0027
    return state
  }

  @Test(arguments: ARM64AccessVector.all)
  func accessesAreThoseOfTheManual(vector: ARM64AccessVector) throws {
    let image = try TestImage(frames: 8)
    image.write(vector.table, at: 0x2000)
    image.write(vector.page, at: 0x3008)
    var state = Self.state(vector.tcr)
    state.ttbr1 = 0x2000
    state.sctlr = vector.sctlr
    state.pan = vector.pan ? 1 : 0
    let result = state.access(VirtualAddress(vector.va), vector.access, in: image.memory)
    switch result {
    case .translated(let translation, let updates):
      #expect(vector.esr == nil, "translated")
      #expect(translation.address.rawValue == 0x5008)
      #expect(updates.map(\.after) == (vector.after.map { [$0] } ?? []))
      #expect(updates.allSatisfy { $0.address.rawValue == 0x3008 && $0.before == vector.page })
    case .abort(let abort):
      #expect(abort.syndrome == vector.esr, "\(abort.syndrome.hex)")
      #expect(abort.level == Int(abort.syndrome & 3))
    default: Issue.record("\(result)")
    }
  }

  /// ARM ARM D8.1.7: addresses have the bits that TCR_EL1.IPS says, that descriptors hold (48 of
  /// them in granules of 4 KiB without DS), and that the processor has.
  @Test(
    arguments: [
      (5, 52, false, 48), (6, 52, false, 48), (6, 52, true, 52), (5, 40, false, 40),
      (2, 48, false, 40), (6, 48, true, 48),
    ] as [(UInt64, Int, Bool, Int)])
  func theOutputSizeIsTheLeastOfThree(ips: UInt64, physicalBits: Int, isWide: Bool, bits: Int) {
    var state = PagingState(mode: .arm64)
    state.tcr = state.tcr & ~(7 << 32) | ips << 32 | (isWide ? 1 << 59 : 0)
    state.physicalBits = physicalBits
    #expect(state.addressBits(level: 1, isPage: true) == bits)
  }

  /// AArch64.S1TTBaseAddress.
  ///
  /// With DS=1 bits 5:2 of TTBRn_EL1 are address bits 51:48 whatever IPS says,
  /// and beyond an IPS of 48 bits they are an address size fault of level 0; without DS they are
  /// nothing in a table of 4 KiB. Of 64 KiB granules IPS decides.
  @Test(
    arguments: [
      // DS is bit 59, IPS 34:32, TG1 31:30, TG0 15:14.
      (0x0800_0005_0000_0000, 0x9200_0000), (0x0800_0006_0000_0000, nil),
      (0x5_0000_0000, 0x9200_0006), (0x5_c000_4000, 0x9200_0006), (0x6_c000_4000, nil),
    ] as [(UInt64, UInt64?)])
  func theHighBitsOfATableAddressAreInTheRegister(tcr: UInt64, esr: UInt64?) throws {
    // T0SZ=T1SZ=25: the walk starts at L1, of 64 KiB granules at L2.
    var state = PagingState(mode: .arm64, cr3: 0x2004)
    state.tcr = tcr | 25 << 16 | 25 | (tcr >> 30 & 3 == 0 ? 2 << 30 : 0)
    let image = try TestImage(frames: 4)
    if esr == 0x9200_0006 && tcr >> 59 & 1 == 0 && tcr >> 14 & 3 == 0 {
      image.write(0x3003, at: 0x2000)
    }
    let result = state.access(VirtualAddress(0), Access(.read, as: .user), in: image.memory)
    switch result {
    case .abort(let abort): #expect(abort.syndrome == esr, "\(abort.syndrome.hex)")
    // The table is at 0x1_0000_0000_2000, which the image does not hold.
    case .missing(let stop):
      #expect(esr == nil && stop.entryAddress.rawValue == 0x1_0000_0000_2000)
    default: Issue.record("\(result)")
    }
  }

  @Test func anAbsentTableIsNoFault() throws {
    let image = try TestImage(frames: 4)
    image.write(0x9003, at: 0x2000)
    let result = Self.state(0).access(
      VirtualAddress(0x1000), Access(.read, as: .user), in: image.memory)
    #expect(result.outcome == .missing)
  }

  /// ARM ARM D19.2, ESR_EL1: DFSC of level -1, and of blocks.
  @Test func levelsBeyondTheOldOnesHaveCodesOfTheirOwn() throws {
    let image = try TestImage(frames: 8)
    var state = PagingState(mode: .arm64, cr3: 0x2000)
    // DS=1, T0SZ=12, T1SZ=16, IPS=52 bits.
    state.tcr = 1 << 59 | 6 << 32 | 2 << 30 | 16 << 16 | 12
    state.physicalBits = 48
    func code(_ access: Access) -> UInt64? {
      guard case .abort(let abort) = state.access(VirtualAddress(0), access, in: image.memory)
      else { return nil }
      return abort.syndrome
    }
    let (read, write) = (Access(.read, as: .user), Access(.write, as: .supervisor))
    image.write(0, at: 0x2000)
    #expect(code(read) == 0x9200_002b)
    image.write(0x3103, at: 0x2000)
    #expect(code(read) == 0x9200_0029)
    image.write(0x3003, at: 0x2000)
    #expect(code(write) == 0x9600_0044)
    // An L0 block of 512 GiB with AF=0, then one that is read-only.
    image.write(0x0000_0080_0000_0041, at: 0x3000)
    #expect(code(read) == 0x9200_0008)
    image.write(0x0000_0080_0000_04c1, at: 0x3000)
    #expect(code(write) == 0x9600_004c)
    #expect(code(read) == nil)
  }

  /// Every combination of what permissions depend on, against a plain reading of D8.4.
  @Test func permissionsAreThoseOfTheManualInEveryCombination() throws {
    let image = try TestImage(frames: 8)
    var failures = 0
    var (granted, refused) = (0, 0)
    // Thinned by a number that shares no factor with the bits.
    for case_ in stride(from: 0 as UInt64, to: 1 << 18, by: 5) {
      func bit(_ number: UInt64) -> Bool { case_ >> number & 1 == 1 }
      let (hpd, ha, hd, wxn, pan, epan) = (bit(0), bit(1), bit(2), bit(3), bit(4), bit(5))
      let (noUserTable, noWriteTable, uxnTable, pxnTable) = (bit(6), bit(7), bit(8), bit(9))
      let (user, readOnly, uxn, pxn, dbm, af) = (
        bit(10), bit(11), bit(12), bit(13), bit(14), bit(15)
      )
      let kind = Access.Kind.allCases[Int(case_ >> 16 & 3) % 3]
      let isUser = case_ % 2 == case_ >> 17 & 1
      var page: UInt64 = 0x5003
      for (isSet, number) in [
        (user, 6), (readOnly, 7), (af, 10), (dbm, 51), (pxn, 53), (uxn, 54),
      ] as [(Bool, UInt64)] where isSet { page |= 1 << number }
      var table: UInt64 = 0x3003
      for (isSet, number) in [
        (pxnTable, 59), (uxnTable, 60), (noUserTable, 61), (noWriteTable, 62),
      ] as [(Bool, UInt64)] where isSet { table |= 1 << number }
      image.write(table, at: 0x2000)
      image.write(page, at: 0x3000)
      var state = Self.state((ha ? 1 << 39 : 0) | (hd ? 1 << 40 : 0) | (hpd ? 1 << 41 : 0))
      state.sctlr = 1 | (wxn ? 1 << 19 : 0) | (epan ? 1 << 57 : 0)
      state.pan = pan ? 1 : 0

      let dirty = ha && hd && dbm
      let readable = user && (hpd || !noUserTable)
      let writable = (!readOnly || dirty) && (hpd || !noWriteTable)
      var userExecutes = !uxn && (hpd || !uxnTable)
      var kernelExecutes = !pxn && (hpd || !pxnTable) && !(readable && writable)
      let isPrevented = pan && (readable || (epan && userExecutes))
      if wxn && readable && writable { userExecutes = false }
      if wxn && writable { kernelExecutes = false }
      let isAllowed =
        switch kind {
        case .execute: isUser ? userExecutes : kernelExecutes
        case .read: isUser ? readable : !isPrevented
        default: writable && (isUser ? readable : !isPrevented)
        }
      let expected = !af && !ha ? "accessFlag" : isAllowed ? "made" : "permission"
      var after = page | (ha ? 1 << 10 : 0)
      if dirty && kind == .write { after &= ~(1 << 7) }

      let access = Access(kind, as: isUser ? .user : .supervisor)
      var got = "?"
      switch state.access(VirtualAddress(0), access, in: image.memory) {
      case .translated(_, let updates):
        got = (updates.first?.after ?? page) == after ? "made" : "made, with other updates"
        granted += 1
      case .abort(let abort):
        got = "\(abort.fault)"
        refused += 1
        if abort.refusal.isEmpty == (abort.fault == .permission) { got += " for no reason" }
      default: break
      }
      guard got != expected else { continue }
      failures += 1
      guard failures <= 10 else { continue }
      Issue.record(
        """
        \(kind) by \(isUser ? "EL0" : "EL1"): page \(page.hex) table \(table.hex) HPD=\(hpd) \
        HA=\(ha) HD=\(hd) WXN=\(wxn) PAN=\(pan) EPAN=\(epan): expected \(expected), got \(got)
        """)
    }
    #expect(granted > 10_000 && refused > 10_000)
  }

  /// Register states that no processor translates in.
  @Test(
    arguments: [
      ("T0SZ above 39", 0x8010_0028, 1, "T0SZ=40"), ("T1SZ of 15", 0x800f_0010, 1, "T1SZ=15"),
      ("T0SZ of 11 with DS", 1 << 59 | 0x8010_000b, 1, "T0SZ=11"),
      ("TG0 is reserved", 0x8010_c010, 1, "TG0=3"), ("TG1 is reserved", 0x0010_0010, 1, "TG1=0"),
      ("M=0", 0x8010_0010, 0, "SCTLR_EL1.M=0"), ("EE=1", 0x8010_0010, 0x200_0001, "EE=1"),
    ] as [(String, UInt64, UInt64, String)])
  func registersThatCannotBeAreRefused(law: String, tcr: UInt64, sctlr: UInt64, words: String) {
    var state = PagingState(mode: .arm64)
    #expect(state.contradiction == nil)
    state.tcr = tcr
    state.sctlr = sctlr
    #expect(state.contradiction?.contains(words) == true, "\(state.contradiction ?? "-")")
  }

  @Test(
    arguments: [0x8010_000c | 1 << 59, 0x8010_4010, 0x8010_400c, 0x8027_0027, 0x00bf_0010]
      as [UInt64])
  func registersOfOtherSizesAreAccepted(tcr: UInt64) {
    var state = PagingState(mode: .arm64)
    state.tcr = tcr
    #expect(state.contradiction == nil, "\(state.contradiction ?? "-")")
  }
}
