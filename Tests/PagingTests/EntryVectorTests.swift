import Paging
import PhysicalMemory
import Testing

/// Entries and what they mean, typed by hand from the manual (Intel SDM volume 3A, chapter 4).
struct EntryVector: CustomTestStringConvertible, Sendable {
  var mode: PagingMode
  var level: Int
  var entry: UInt64
  var meaning: EntryMeaning
  var source: String
  var adjust: @Sendable (inout PagingState) -> Void = { _ in }

  var testDescription: String {
    "\(mode.rawValue) level \(level) 0x\(String(entry, radix: 16)): \(source)"
  }

  static func page(_ address: UInt64) -> EntryMeaning { .page(PhysicalAddress(address)) }
  static func table(_ address: UInt64) -> EntryMeaning { .table(PhysicalAddress(address)) }
}

@Suite struct EntryVectorTests {
  @Test(arguments: longMode + pae + twoLevel)
  func anEntryMeansWhatTheManualSays(vector: EntryVector) {
    var state = PagingState(mode: vector.mode)
    vector.adjust(&state)
    #expect(state.meaning(of: vector.entry, level: vector.level) == vector.meaning)
  }

  /// Table 4-20: address bits M-1:12; every bit from MAXPHYADDR to 51 is reserved, none below.
  @Test(arguments: [PagingMode.pae, .x86_64, .la57])
  func addressBitsFromMAXPHYADDROnAreReserved(mode: PagingMode) {
    for maximum in 32...52 {
      var state = PagingState(mode: mode)
      state.physicalBits = maximum
      for bit in 12..<52 {
        let address: UInt64 = 1 << UInt64(bit)
        let expected: EntryMeaning =
          bit < maximum ? EntryVector.page(address) : .reserved(address)
        #expect(state.meaning(of: address | 1, level: 1) == expected, "M=\(maximum) bit \(bit)")
      }
    }
  }

  /// Table 4-4 with M = min(40, MAXPHYADDR): bits (M-20):13 are address bits (M-1):32.
  @Test(arguments: [32, 33, 36, 39, 40, 41, 52])
  func pse36GivesAddressBitsUpToMAXPHYADDRAndAtMostBit39(maximum: Int) {
    var state = PagingState(mode: .x86)
    state.physicalBits = maximum
    for bit in 13...20 {
      let addressBit = bit - 13 + 32
      let expected: EntryMeaning =
        addressBit < min(40, maximum)
        ? EntryVector.page(1 << UInt64(addressBit)) : .reserved(1 << UInt64(bit))
      #expect(state.meaning(of: 0x81 | 1 << UInt64(bit), level: 2) == expected, "bit \(bit)")
    }
  }

  static let longMode: [EntryVector] = [
    // A Windows PTE as published: pfn 0x69fc8, NX, U, W, A, D.
    EntryVector(
      mode: .x86_64, level: 1, entry: 0x8000_0000_69fc_8867,
      meaning: EntryVector.page(0x69fc_8000), source: "Table 4-20, a published PTE"),
    EntryVector(
      mode: .x86_64, level: 1, entry: 0x8000_0000_69fc_8867,
      meaning: .reserved(0x8000_0000_0000_0000), source: "4.5.4: XD is reserved if NXE=0",
      adjust: { $0.efer &= ~0x800 }),
    EntryVector(
      mode: .x86_64, level: 4, entry: 0x8000_0000_0000_1001,
      meaning: .reserved(0x8000_0000_0000_0000),
      source: "Table 4-15: XD is reserved in a PML4E too if NXE=0", adjust: { $0.efer &= ~0x800 }),
    EntryVector(
      mode: .x86_64, level: 1, entry: 0x8000_0000_69fc_8866, meaning: .notPresent,
      source: "4.5.4: P=0"),
    EntryVector(
      mode: .x86_64, level: 1, entry: 0xffff_ffff_ffff_fffe, meaning: .notPresent,
      source: "4.7: reserved bits matter in present entries only"),
    EntryVector(
      mode: .x86_64, level: 1, entry: 0x7ff0_0000_0000_5fff, meaning: EntryVector.page(0x5000),
      source: "Table 4-20: bits 62:52 are ignored or PK, bit 7 is PAT"),
    EntryVector(
      mode: .x86_64, level: 2, entry: 0x0000_0000_0020_10e7,
      meaning: EntryVector.page(0x20_0000), source: "Table 4-18: bit 12 of a 2M page is PAT"),
    EntryVector(
      mode: .x86_64, level: 2, entry: 0x0000_0000_0020_20e7, meaning: .reserved(0x2000),
      source: "Table 4-18: bit 13 is reserved"),
    EntryVector(
      mode: .x86_64, level: 2, entry: 0x0000_0000_0030_00e7, meaning: .reserved(0x10_0000),
      source: "Table 4-18: bit 20 is reserved"),
    EntryVector(
      mode: .x86_64, level: 2, entry: 0x000f_ffff_ffe0_00e7,
      meaning: EntryVector.page(0x000f_ffff_ffe0_0000), source: "Table 4-18: bits 51:21"),
    EntryVector(
      mode: .x86_64, level: 2, entry: 0x7ff0_0000_0030_1067,
      meaning: EntryVector.table(0x30_1000), source: "Table 4-19: bits 51:12, PS=0"),
    EntryVector(
      mode: .x86_64, level: 3, entry: 0x0000_0000_4000_10e7,
      meaning: EntryVector.page(0x4000_0000), source: "Table 4-16: bit 12 of a 1G page is PAT"),
    EntryVector(
      mode: .x86_64, level: 3, entry: 0x0000_0000_6000_00e7, meaning: .reserved(0x2000_0000),
      source: "Table 4-16: bit 29 is reserved"),
    EntryVector(
      mode: .x86_64, level: 3, entry: 0x0000_0000_4020_20e7, meaning: .reserved(0x20_2000),
      source: "Table 4-16: all offending bits of 29:13"),
    EntryVector(
      mode: .x86_64, level: 3, entry: 0x0000_0000_4000_00e7, meaning: .reserved(0x80),
      source: "Table 4-17: PS is reserved without 1G pages", adjust: { $0.features.page1G = false }),
    EntryVector(
      mode: .x86_64, level: 4, entry: 0x0000_0000_4000_00e7, meaning: .reserved(0x80),
      source: "Table 4-15: PS of a PML4E is reserved"),
    EntryVector(
      mode: .la57, level: 4, entry: 0x0000_0000_4000_00e7, meaning: .reserved(0x80),
      source: "Table 4-15: PS of a PML4E is reserved with 5 levels too"),
    EntryVector(
      mode: .la57, level: 5, entry: 0x0000_0000_0000_1087, meaning: .reserved(0x80),
      source: "Table 4-14: PS of a PML5E is reserved"),
    EntryVector(
      mode: .la57, level: 5, entry: 0x7ff0_0000_0000_1f67, meaning: EntryVector.table(0x1000),
      source: "Table 4-14: bits 11:8 and 62:52 are ignored"),
    EntryVector(
      mode: .la57, level: 5, entry: 0x0008_0000_0000_1087,
      meaning: .reserved(0x0008_0000_0000_0080), source: "4.7: all offending bits, M=40",
      adjust: { $0.physicalBits = 40 }),
    EntryVector(
      mode: .x86_64, level: 3, entry: 0x0000_0100_4000_00e7, meaning: .reserved(0x0100_0000_0000),
      source: "Table 4-16: bits 51:M of a 1G page, M=40", adjust: { $0.physicalBits = 40 }),
    EntryVector(
      mode: .x86_64, level: 3, entry: 0x0000_00ff_c000_00e7,
      meaning: EntryVector.page(0x00ff_c000_0000), source: "Table 4-16: bits M-1:30, M=40",
      adjust: { $0.physicalBits = 40 }),
  ]

  static let pae: [EntryVector] = [
    EntryVector(
      mode: .pae, level: 3, entry: 0x0000_0000_0123_4e19,
      meaning: EntryVector.table(0x0123_4000), source: "Table 4-8: PWT, PCD and 11:9 are allowed"),
    EntryVector(
      mode: .pae, level: 3, entry: 0x0000_0000_0123_4007, meaning: .reserved(0x6),
      source: "Table 4-8: bits 2:1 are reserved"),
    EntryVector(
      mode: .pae, level: 3, entry: 0x0000_0000_0123_41e1, meaning: .reserved(0x1e0),
      source: "Table 4-8: bits 8:5 are reserved"),
    EntryVector(
      mode: .pae, level: 3, entry: 0x0000_0000_0123_41e1, meaning: .reserved(0x1c0),
      source: "bit 5 as QEMU writes it: only the others offend",
      adjust: { $0.features.acceptsAccessedPDPTE = true }),
    EntryVector(
      mode: .pae, level: 3, entry: 0x0000_0000_0123_4021,
      meaning: EntryVector.table(0x0123_4000), source: "bit 5 as QEMU writes it",
      adjust: { $0.features.acceptsAccessedPDPTE = true }),
    EntryVector(
      mode: .pae, level: 3, entry: 0x8010_0000_0123_4001,
      meaning: .reserved(0x8010_0000_0000_0000),
      source: "Table 4-8: bits 63:M are reserved, XD included though NXE=1"),
    EntryVector(
      mode: .pae, level: 3, entry: 0xffff_ffff_ffff_fffe, meaning: .notPresent,
      source: "4.4.1: a PDPTE with P=0 is not checked"),
    EntryVector(
      mode: .pae, level: 2, entry: 0x8000_0000_0060_10e7, meaning: EntryVector.page(0x60_0000),
      source: "Table 4-9: bit 12 is PAT, XD with NXE=1"),
    EntryVector(
      mode: .pae, level: 2, entry: 0x8000_0000_0060_10e7,
      meaning: .reserved(0x8000_0000_0000_0000), source: "Table 4-9: XD is reserved if NXE=0",
      adjust: { $0.efer &= ~0x800 }),
    EntryVector(
      mode: .pae, level: 2, entry: 0x0000_0000_0061_e0e7, meaning: .reserved(0x1_e000),
      source: "Table 4-9: bits 20:13 are reserved"),
    EntryVector(
      mode: .pae, level: 2, entry: 0x0010_0000_0060_0067,
      meaning: .reserved(0x0010_0000_0000_0000), source: "Table 4-10: bit 52 is reserved"),
    EntryVector(
      mode: .pae, level: 1, entry: 0x7ff0_0000_0060_0067,
      meaning: .reserved(0x7ff0_0000_0000_0000), source: "Table 4-11: bits 62:52 are reserved"),
    EntryVector(
      mode: .pae, level: 1, entry: 0x0000_0010_0060_0fe7,
      meaning: EntryVector.page(0x10_0060_0000), source: "Table 4-11: bit 36 with M=52"),
    EntryVector(
      mode: .pae, level: 1, entry: 0x0000_0010_0060_0fe7, meaning: .reserved(0x10_0000_0000),
      source: "Table 4-11: bit 36 with M=36", adjust: { $0.physicalBits = 36 }),
  ]

  static let twoLevel: [EntryVector] = [
    EntryVector(
      mode: .x86, level: 2, entry: 0x00c0_00e3, meaning: EntryVector.page(0x00c0_0000),
      source: "Table 4-4: a 4M page"),
    EntryVector(
      mode: .x86, level: 2, entry: 0x00c0_10e3, meaning: EntryVector.page(0x00c0_0000),
      source: "Table 4-4: bit 12 is PAT"),
    EntryVector(
      mode: .x86, level: 2, entry: 0x00e0_00e3, meaning: .reserved(0x20_0000),
      source: "Table 4-4: bit 21 is reserved"),
    EntryVector(
      mode: .x86, level: 2, entry: 0x00c0_00e3, meaning: EntryVector.table(0x00c0_0000),
      source: "Table 4-5: PS is ignored if CR4.PSE=0", adjust: { $0.cr4 &= ~0x10 }),
    EntryVector(
      mode: .x86, level: 2, entry: 0x00ff_f0e3, meaning: EntryVector.table(0x00ff_f000),
      source: "Table 4-5: nothing is reserved if CR4.PSE=0", adjust: { $0.cr4 &= ~0x10 }),
    EntryVector(
      mode: .x86, level: 2, entry: 0xffdf_e0e3, meaning: EntryVector.page(0xff_ffc0_0000),
      source: "Table 4-4: bits 20:13 are address bits 39:32"),
    EntryVector(
      mode: .x86, level: 2, entry: 0xffde_00e3, meaning: .reserved(0x1e_0000),
      source: "Table 4-4: bits 20:17 with M=36",
      adjust: { $0.physicalBits = 36 }),
    EntryVector(
      mode: .x86, level: 2, entry: 0x00c0_20e3, meaning: .reserved(0x2000),
      source: "Table 4-4: bits 21:13 are reserved without PSE-36",
      adjust: { $0.features.pse36 = false }),
    EntryVector(
      mode: .x86, level: 1, entry: 0xffff_ffff, meaning: EntryVector.page(0xffff_f000),
      source: "Table 4-6: a PTE has no reserved bit"),
    EntryVector(
      mode: .x86, level: 1, entry: 0xffff_fffe, meaning: .notPresent, source: "4.3: P=0"),
  ]
}
