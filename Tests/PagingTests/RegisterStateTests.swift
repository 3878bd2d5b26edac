import BitLayout
import Paging
import PhysicalMemory
import Testing

/// States that no processor is in, the fields of CR3, and address bits that say something else.
@Suite struct RegisterStateTests {
  @Test func ordinaryStatesAreNoContradiction() {
    for mode in PagingMode.allCases { #expect(PagingState(mode: mode).contradiction == nil) }
  }

  private struct Impossible: Sendable {
    var mode: PagingMode
    var words: [String]
    var change: @Sendable (inout PagingState) -> Void
  }

  private static let impossible: [Impossible] = [
    Impossible(mode: .x86_64, words: ["MAXPHYADDR is 60", "32 to 52"]) { $0.physicalBits = 60 },
    Impossible(mode: .x86_64, words: ["MAXPHYADDR is 31"]) { $0.physicalBits = 31 },
    Impossible(mode: .x86_64, words: ["PKRU", "32 bits"]) { $0.pkru = 1 << 32 },
    Impossible(mode: .x86_64, words: ["PKRS", "32 bits"]) { $0.pkrs = 1 << 32 },
    Impossible(mode: .x86, words: ["CR0=0x1", "PG=0", "0x80000001"]) { $0.cr0 = 1 },
    Impossible(mode: .pae, words: ["CR4.LA57=1", "pae", "2.5"]) { $0.cr4 |= 0x1000 },
    Impossible(mode: .x86, words: ["CR4.LA57=1", "x86", "2.5"]) { $0.cr4 |= 0x1000 },
    Impossible(mode: .x86_64, words: ["x86-64", "la57"]) { $0.cr4 |= 0x1000 },
    Impossible(mode: .x86_64, words: ["x86-64", "x86", "4.1.1"]) { $0.cr4 &= ~0x20 },
    Impossible(mode: .x86, words: ["x86", "pae", "4.1.1"]) { $0.cr4 |= 0x20 },
    Impossible(mode: .pae, words: ["EFER.LMA=1", "pae"]) { $0.efer |= 0x400 },
    Impossible(mode: .x86_64, words: ["CR4.CET=1", "CR0.WP=0", "2.5"]) {
      $0.cr4 |= 0x80_0000
      $0.cr0 &= ~0x1_0000
    },
    Impossible(mode: .pae, words: ["CR4.PCIDE=1", "4.10.1"]) { $0.cr4 |= 0x2_0000 },
    Impossible(mode: .pae, words: ["CR3.LAM_U57=1", "64-bit"]) { $0.cr3 |= 1 << 61 },
    Impossible(mode: .x86, words: ["CR3.LAM_U48=1", "64-bit"]) { $0.cr3 |= 1 << 62 },
    Impossible(mode: .pae, words: ["CR4.LAM_SUP=1", "64-bit"]) { $0.cr4 |= 1 << 28 },
    Impossible(mode: .x86_64, words: ["CR4.LAM_SUP=1", "AMD"]) {
      $0.cr4 |= 1 << 28
      $0.vendor = .amd
    },
    Impossible(mode: .x86_64, words: ["EFER.UAIE=1", "Intel"]) {
      $0.efer |= 1 << 20
      $0.vendor = .intel
    },
    Impossible(mode: .x86_64, words: ["EFER.SVME=1", "Intel", "2.2.1"]) {
      $0.efer |= 1 << 12
      $0.vendor = .intel
    },
    Impossible(mode: .x86_64, words: ["CR4.PKS=1", "an AMD processor,", "user pages"]) {
      $0.cr4 |= 1 << 24
      $0.vendor = .amd
    },
    Impossible(mode: .x86_64, words: ["CR4.PKS=1", "an AMD processor, as EFER.SVME says"]) {
      $0.cr4 |= 1 << 24
      $0.efer |= 1 << 12
    },
    Impossible(mode: .x86_64, words: ["CR3.LAM_U48=1", "an AMD processor, as C-bit 47 says"]) {
      $0.cr3 |= 1 << 62
      $0.encryptionBit = 47
    },
    Impossible(mode: .x86_64, words: ["shared bit 47", "AMD", "C-bit"]) {
      $0.sharedBit = 47
      $0.vendor = .amd
    },
    Impossible(mode: .x86_64, words: ["C-bit 47", "Intel", "shared bit"]) {
      $0.encryptionBit = 47
      $0.vendor = .intel
    },
    Impossible(mode: .x86_64, words: ["EFER=0x0", "LMA=0", "x86-64", "0x500"]) { $0.efer = 0 },
    Impossible(mode: .la57, words: ["EFER=0x900", "LMA=0", "0xd00"]) { $0.efer = 0x900 },
    Impossible(mode: .x86_64, words: ["EFER=0xc00", "LME=0", "0xd00"]) { $0.efer = 0xc00 },
    Impossible(mode: .pae, words: ["EFER.LME=1", "pae", "IA-32e"]) { $0.efer |= 0x100 },
    Impossible(mode: .x86, words: ["EFER.LME=1", "x86", "IA-32e"]) { $0.efer |= 0x100 },
    Impossible(mode: .x86_64, words: ["CR0=0x80010041", "bit 6 set", "is reserved", "0x80010001"]) {
      $0.cr0 |= 0x40
    },
    Impossible(mode: .x86_64, words: ["CR0=", "bits 19, 32 set", "are reserved"]) {
      $0.cr0 |= 0x1_0008_0000
    },
    Impossible(mode: .x86_64, words: ["CR4=0x8020", "bit 15 set", "0x20", "2.5"]) {
      $0.cr4 |= 0x8000
    },
    Impossible(mode: .x86, words: ["CR4=", "bit 63 set"]) { $0.cr4 |= 1 << 63 },
    Impossible(mode: .x86_64, words: ["EFER=0xd02", "bit 1 set", "0xd00"]) { $0.efer |= 2 },
    Impossible(mode: .x86_64, words: ["CR0.NW=1", "CR0.CD=0"]) { $0.cr0 |= 1 << 29 },
    Impossible(mode: .x86_64, words: ["IA32_PAT=", "PA1=2", "no memory type", "Table 12-10"]) {
      $0.pat = 0x0007_0406_0007_0206
    },
    Impossible(mode: .x86, words: ["IA32_PAT=", "bits 3, 63 set", "0x7040600070406"]) {
      $0.pat |= 0x8000_0000_0000_0008
    },
    Impossible(mode: .arm64, words: ["TCR_EL1=", "bits 6, 35, 62, 63 set", "reserved"]) {
      $0.tcr |= 0xc000_0008_0000_0040
    },
    Impossible(mode: .arm64, words: ["SCTLR_EL1=0x20001", "bit 17 set", "0x1"]) {
      $0.sctlr |= 1 << 17
    },
    Impossible(mode: .pae, words: ["EFER.UAIE=1", "64-bit"]) {
      $0.efer |= 1 << 20
      $0.vendor = .amd
    },
    Impossible(mode: .x86_64, words: ["encryption bit 52", "32 to 51"]) { $0.encryptionBit = 52 },
    Impossible(mode: .x86_64, words: ["shared bit 31", "32 to 51"]) { $0.sharedBit = 31 },
    Impossible(mode: .x86, words: ["encryption bit 47", "x86"]) { $0.encryptionBit = 47 },
    Impossible(mode: .x86_64, words: ["both bit 47"]) {
      $0.encryptionBit = 47
      $0.sharedBit = 47
    },
    Impossible(mode: .arm64, words: ["60 physical", "PARange"]) { $0.physicalBits = 60 },
    Impossible(mode: .arm64, words: ["31 physical", "32 to 52"]) { $0.physicalBits = 31 },
    Impossible(mode: .arm64, words: ["SCTLR_EL1.M=0"]) { $0.sctlr = 0 },
    Impossible(mode: .arm64, words: ["SCTLR_EL1.EE=1", "big-endian"]) { $0.sctlr |= 1 << 25 },
    Impossible(mode: .arm64, words: ["C-bit", "x86"]) { $0.encryptionBit = 47 },
    Impossible(mode: .arm64, words: ["shared bit", "x86"]) { $0.sharedBit = 47 },
    Impossible(mode: .arm64, words: ["IPS=7", "reserved"]) { $0.tcr |= 7 << 32 },
    Impossible(mode: .arm64, words: ["TG0=3", "reserved", "EPD0"]) { $0.tcr |= 3 << 14 },
    Impossible(mode: .arm64, words: ["TG1=0", "reserved", "EPD1"]) { $0.tcr &= ~(3 << 30) },
    Impossible(mode: .arm64, words: ["T0SZ=15", "16...39", "DS=1", "64 KiB"]) { $0.tcr ^= 0x1f },
    Impossible(mode: .arm64, words: ["T0SZ=11", "16...39", "25 to 52"]) { $0.tcr ^= 0x1b },
    Impossible(mode: .arm64, words: ["T0SZ=40", "16...39", "FEAT_TTST"]) { $0.tcr ^= 0x38 },
    Impossible(mode: .arm64, words: ["T1SZ=40", "16...39"]) { $0.tcr ^= 0x38_0000 },
    Impossible(mode: .arm64, words: ["T0SZ=11", "12...39"]) { $0.tcr ^= 1 << 59 | 0x1b },
  ]

  /// What looks wrong of arm64, but means something (ARM ARM D19.2, TCR_EL1): DS is about the other
  /// granules, HD counts only with HA, IPS may say more than the processor has, and the fields of a
  /// half that is not walked say nothing.
  @Test(
    arguments: [
      0x0800_0005_8010_4010, 0x0800_0005_c010_0010, 0x105_8010_0010, 0x6_8010_0010,
      0x5_0080_0010, 0x5_8010_c088, 0x5_8010_400c,
    ] as [UInt64])
  func oddStatesOfARM64AreStates(tcr: UInt64) {
    var state = PagingState(mode: .arm64)
    state.tcr = tcr
    state.physicalBits = 40
    #expect(state.contradiction == nil)
  }

  /// EnFPM, MSCEn and CMOW of SCTLR_EL1 (ARM ARM D24.2, SCTLR_EL1) are of later processors.
  @Test(arguments: [32, 33, 34] as [UInt64])
  func bitsOfLaterProcessorsAreBits(bit: UInt64) {
    var state = PagingState(mode: .arm64)
    state.sctlr |= 1 << bit
    #expect(state.contradiction == nil)
  }

  @Test func impossibleStatesAreErrorsThatSayWhy() throws {
    for impossible in Self.impossible {
      var state = PagingState(mode: impossible.mode)
      impossible.change(&state)
      let message = try #require(state.contradiction, "\(impossible.words)")
      for word in impossible.words { #expect(message.contains(word), "\(message)") }
    }
  }

  /// Registers of machines that ran: QEMU's notes and MSRs of Linux and Windows guests, and all that
  /// SDM 3A, 2.5 and AMD APM 2, 3.1 name.
  @Test(
    arguments: [
      (.x86_64, 0x8005_0033, 0x75_0ef0, 0xd01, 0, nil),
      (.x86_64, 0x8005_0031, 0x37_0678, 0xd01, 0, nil),
      (.la57, 0x8005_0033, 0x75_1ef0, 0xd01, 0, nil), (.pae, 0x8005_0033, 0x6f0, 0x800, 0, nil),
      (.x86, 0x8005_0033, 0x6d0, 0, 0, nil), (.x86_64, 0x8005_003b, 0xb5_0ef8, 0x4d01, 0, nil),
      (.x86_64, 0xe005_003f, 0x1_1aff_6fff & ~0x1000, 0xd01, 1 << 62, .intel),
      (.x86_64, 0x8005_0033, 0x75_0ef0, 0x36_fd01, 0, .amd),
      (.x86_64, 0x8000_0000, 0x20, 0x500, 0, nil),
    ] as [(PagingMode, UInt64, UInt64, UInt64, UInt64, PagingState.Vendor?)])
  func whatProcessorsHoldIsNoContradiction(
    mode: PagingMode, cr0: UInt64, cr4: UInt64, efer: UInt64, cr3: UInt64,
    vendor: PagingState.Vendor?
  ) {
    var state = PagingState(mode: mode, cr3: cr3)
    (state.cr0, state.cr4, state.efer, state.vendor) = (cr0, cr4, efer, vendor)
    #expect(state.contradictions == [])
  }

  /// Where nobody says who made the processor, what only AMD's have tells.
  @Test func useTellsWhoMadeTheProcessor() {
    var state = PagingState(mode: .x86_64)
    #expect(state.rulesOf == .intel)
    state.efer |= 1 << 12
    #expect(state.rulesOf == .amd && state.useOfAMD == "EFER.SVME")
    state.vendor = .intel
    #expect(state.rulesOf == .intel)
    var encrypted = PagingState(mode: .x86_64)
    encrypted.encryptionBit = 51
    #expect(encrypted.rulesOf == .amd && encrypted.contradiction == nil)
  }

  /// Bit 63 is of what is written to CR3, LAM's bits are there for every processor here, and an
  /// attribute bit is no address bit.
  @Test(
    arguments: [
      (.x86_64, 52, nil, 0x8000_0000_0000_1fff, nil),
      (.x86_64, 52, nil, 0x6000_0000_0000_1000, nil),
      (.x86_64, 52, nil, 0x0010_0000_0000_1000, "bit 52 set"),
      (.la57, 52, nil, 0x1000_0000_0000_1000, "bit 60 set"),
      (.x86_64, 40, nil, 0x0000_0100_0000_1000, "MAXPHYADDR is 40"),
      (.x86_64, 40, nil, 0x0000_00ff_0000_1000, nil),
      (.x86_64, 43, 47, 0x0000_8000_0000_1000, nil),
      (.x86_64, 43, 47, 0x0001_0000_0000_1000, "bit 48 set"),
      (.pae, 52, nil, 0x1_0000_1000, "CR3 has 32 bits"), (.x86, 40, nil, 0x1_0000_1000, "32 bits"),
      (.pae, 52, nil, 0xffff_ffff, nil),
    ] as [(PagingMode, Int, Int?, UInt64, String?)])
  func aRootHasNoReservedBits(
    mode: PagingMode, bits: Int, encryptionBit: Int?, cr3: UInt64, words: String?
  ) {
    var state = PagingState(mode: mode, cr3: cr3)
    state.physicalBits = bits
    state.encryptionBit = encryptionBit
    #expect((state.rootContradiction == nil) == (words == nil))
    if let words { #expect(state.rootContradiction?.contains(words) == true) }
  }

  @Test func shadowStackAccessesNeedCET() {
    var state = PagingState(mode: .x86_64)
    for kind in Access.Kind.allCases {
      let access = Access(kind, as: .user)
      #expect((state.contradiction(of: access) != nil) == access.isShadowStack)
    }
    state.cr4 |= 0x80_0000
    #expect(state.contradiction(of: Access(.shadowStackWrite, as: .user)) == nil)
  }

  @Test func layoutsOfCR3TileTheRegister() {
    for mode in PagingMode.allCases {
      for withContext in [false, true] {
        let layout = RegisterLayouts.cr3(in: mode, withContext: withContext)
        #expect(layout.tiling == (gaps: 0, overlaps: 0), "\(mode) \(withContext)")
      }
    }
  }

  /// Tables 4-3, 4-7, 4-12 and 4-13.
  @Test(
    arguments: [
      (.x86_64, 0x20, 0x8000_0001_2345_6018, ["PWT=1", "PCD=1", "reserved_63=1"]),
      (.x86_64, 0x2_0020, 0x8000_0001_2345_6018, ["PCID=24", "NOFLUSH=1"]),
      (.la57, 0x2_1020, 0x6000_0001_2345_6fff, ["PCID=4095", "LAM_U57=1", "LAM_U48=1"]),
      (.x86_64, 0x20, 0x1_2345_6000, []),
      (.pae, 0x20, 0x1234_5fe1, ["IGN=1"]),
      (.x86, 0, 0x1234_5008, ["PWT=1"]),
    ] as [(PagingMode, UInt64, UInt64, [String])])
  func bitsOfCR3HaveNames(mode: PagingMode, cr4: UInt64, cr3: UInt64, names: [String]) {
    var state = PagingState(mode: mode, cr3: cr3)
    state.cr4 = cr4
    #expect(state.rootFields.map { "\($0.field.name)=\($0.value)" } == names)
  }

  /// AMD APM 2, 7.10.3 and Intel TDX: the bit is neither address nor reserved, at any level.
  @Test(
    arguments: [
      (.pae, 36, 47), (.pae, 40, 51), (.fourLevel, 43, 47), (.fourLevel, 48, 47),
      (.fourLevel, 52, 51), (.fiveLevel, 52, 51), (.fiveLevel, 46, 51),
    ] as [(ReferenceProcessor.Mode, Int, Int)])
  func attributeBitsAreNeitherAddressNorReserved(
    mode: ReferenceProcessor.Mode, physicalBits: Int, bit: Int
  ) throws {
    let processor = ReferenceProcessor(mode: mode, maxPhysicalAddress: physicalBits)
    for leaf in processor.leafLevels {
      let path = try ValidWalk(processor, leaf: leaf)
      let plain = try #require(path.walk().translation)
      for (level, address, entry) in path.entries {
        path.image.write(entry | 1 << UInt64(bit), at: address)
        var state = path.state
        let without = state.walk(VirtualAddress(path.address), in: path.image.memory).result
        #expect(without.translation?.address != plain.address, "\(level)")
        for configure in [\PagingState.encryptionBit, \.sharedBit] {
          state.encryptionBit = nil
          state.sharedBit = nil
          state[keyPath: configure] = bit
          let with = state.walk(VirtualAddress(path.address), in: path.image.memory).result
          #expect(with.translation?.address == plain.address, "\(level)")
        }
        path.image.write(entry, at: address)
      }
    }
  }

  @Test func theRootLosesItsAttributeBitToo() {
    var state = PagingState(mode: .x86_64, cr3: 0x8000_0123_4000)
    #expect(state.root == PhysicalAddress(0x8000_0123_4000))
    state.encryptionBit = 47
    #expect(state.root == PhysicalAddress(0x123_4000))
    #expect(state.ignoredRootBits == 0x8000_0000_0000)
  }

  /// Bits above MAXPHYADDR beside the attribute bit are as reserved as ever.
  @Test func otherBitsAboveMAXPHYADDRStayReserved() throws {
    let path = try ValidWalk(
      ReferenceProcessor(mode: .fourLevel, maxPhysicalAddress: 43), leaf: 1)
    var state = path.state
    state.encryptionBit = 47
    path.image.write(path.entries[3].entry | 0x0009_8000_0000_0000, at: path.entries[3].address)
    let stop = state.walk(VirtualAddress(path.address), in: path.image.memory).result.stop
    #expect(stop?.cause == .reservedBits(0x0009_0000_0000_0000))
  }
}
