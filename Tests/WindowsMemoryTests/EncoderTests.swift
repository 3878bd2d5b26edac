import BitLayout
import Paging
import TestSupport
import Testing
import WindowsMemory

/// Composing entries by name.
@Suite struct EncoderTests {
  private static let readWrite = MMProtection(base: "MM_READWRITE")
  private static let executeRead = MMProtection(base: "MM_EXECUTE_READ")

  /// What is composed is what published and worked-out entries have in memory.
  @Test func formsHaveTheBitsOfPublishedEntries() throws {
    let rw = try #require(Self.readWrite)
    let rx = try #require(Self.executeRead)
    let guarded = try #require(MMProtection(base: "MM_READONLY", modifier: .guardPage))
    let encoder = PTEEncoder(try WindowsKernel("windows-19041.508"), mask: .bit45)
    let forms: [(PTEForm, UInt64)] = [
      (.zero, 0), (.demandZero(rw), 0x2000_0000_0080), (.decommitted, 0x2000_0000_0200),
      (.noAccess(.noAccess), 0x2000_0000_0300), (.demandZero(guarded), 0x2000_0000_0220),
      (.prototypeVAD(rw), 0xffff_ffff_0000_0490),
      (.prototype(address: 0xffff_c182_cc1f_fdf8, .zeroAccess), 0xc182_ec1f_fdf8_0400),
      (.transition(pfn: 0x891f, rx), 0x2000_0891_f860),
      (.pageFile(number: 2, page: 0x1b_beda, rw), 0x1b_beda_0000_2090),
    ]
    for (form, entry) in forms { #expect(try encoder.entry(form) == entry, "\(form)") }
    #expect(
      try encoder.entry(
        .pageFile(number: 2, page: 0xdef3, rx), setting: [("pagefileallocated", 1)])
        == 0xfef3_0000_2064)

    let old = PTEEncoder(try WindowsKernel("windows-2600.6419", .x86), mask: .bit45)
    let six = try #require(MMProtection(rawValue: 6))
    let one = try #require(MMProtection(rawValue: 1))
    #expect(try old.entry(.transition(pfn: 0x7ede6, six)) == 0x7ede_68c0)
    #expect(try old.entry(.prototypeVAD(one)) == 0xffff_f420)
    #expect(
      try old.entry(.subsection(address: 0x7c0_78a8, six), setting: [("WhichPool", 1)])
        == 0xfc07_8cca)
    #expect(
      try old.entry(.prototype(address: 0xe143_9454, .zeroAccess), setting: [("ReadOnly", 1)])
        == 0x10e_552a)
    #expect(
      try old.entry(
        .hardware,
        setting: [
          ("Valid", 1), ("Owner", 1), ("Accessed", 1), ("PageFrameNumber", 0x7ede6),
        ]) == 0x7ede_6025)
  }

  @Test func whatIsComposedIsReadBack() throws {
    let seed: UInt64 = 20_261_120
    var random = SeededGenerator(seed: seed)
    for format in WindowsEntryFormat.allCases {
      for id in WindowsKernel.identifiers(of: format) {
        let kernel = try WindowsKernel(id, format)
        for mask in [InvalidPTEMask.none, .bit45, InvalidPTEMask(rawValue: 1 << 36)] {
          try Self.compose(kernel, mask, &random)
        }
      }
    }
  }

  private static func compose(
    _ kernel: WindowsKernel, _ mask: InvalidPTEMask, _ random: inout SeededGenerator
  ) throws {
    let encoder = PTEEncoder(kernel, mask: mask)
    let decoder = PTEDecoder(kernel, mask: mask)
    let hasProtection = kernel.layout(.prototype)?.field(named: "Protection") != nil
    let subsectionHas = kernel.layout(.subsection)?.field(named: "Protection") != nil
    for bits in UInt8(1)...31 where bits & 7 != 0 {
      let protection = try #require(MMProtection(rawValue: bits))
      let page = UInt64.random(in: 1...0xf_fffe, using: &random)
      let number = UInt64.random(in: 0...15, using: &random)
      func reading(_ form: PTEForm, table: PTETable = .process) throws -> PTEReading {
        let entry = try encoder.entry(form)
        return decoder.reading(of: entry, table: table)
      }
      var read = try reading(.demandZero(protection))
      #expect(read.state == .demandZero && read.protection == protection)
      read = try reading(.pageFile(number: number, page: page, protection))
      #expect(read.state == .pageFile && read.protection == protection)
      #expect(read.pageFile == number && read.pageFileOffset == page)
      read = try reading(.transition(pfn: page, protection))
      #expect(read.state == .transition && read.protection == protection && read.pfn == page)
      read = try reading(.prototypeVAD(protection))
      #expect(read.state == .prototypeVAD && read.protection == protection)
      let address = Self.address(kernel, page)
      let own = hasProtection ? protection : .zeroAccess
      read = try reading(.prototype(address: address, own))
      #expect(read.state == .prototype)
      #expect(read.protection == (hasProtection ? own : nil))
      #expect((read.prototypeAddress ?? read.prototypeOffset) == address, "\(kernel.id)")
      guard kernel.format != .x86 || subsectionHas else { continue }
      let object = kernel.format == .x86 ? page * 8 : address & ~7
      read = try reading(.subsection(address: object, protection), table: .prototype)
      #expect(read.state == .subsection && read.protection == protection)
      #expect((read.subsectionAddress ?? read.subsectionOffset) == object, "\(kernel.id)")
    }
  }

  /// An address that the kernel's form of prototype entries can hold.
  private static func address(_ kernel: WindowsKernel, _ number: UInt64) -> UInt64 {
    switch kernel.format {
    case .x86: 0xe100_0000 + number * 8
    case .pae: 0x8000_0000 + number * 8
    case .x64 where kernel.source == .uncertain: number * 8
    case .x64, .arm64: 0xffff_f8a0_0000_0000 + number * 8
    }
  }

  /// InStore says that a page is in the store where kernels have it; from Windows 10 on the number does.
  @Test func aPageInTheStoreIsSaidByBitOrNumber() throws {
    let rw = try #require(Self.readWrite)
    let form = PTEForm.virtualStore(number: 2, page: 5, rw)
    let withBit = PTEEncoder(try WindowsKernel("windows-7601.17514"))
    #expect(try withBit.entry(form) == 0x5_0040_0084)
    let numbered = PTEEncoder(try WindowsKernel("windows-19041.508"), virtualStore: 2)
    #expect(try numbered.entry(form) == 0x5_0000_2080)
    for (encoder, wrong, state) in [
      (PTEEncoder(try WindowsKernel("windows-19041.508")), form, PTEState.pageFile),
      (PTEEncoder(try WindowsKernel("windows-2600.6419", .x86)), form, .pageFile),
      (numbered, .pageFile(number: 2, page: 5, rw), .virtualStore),
      (numbered, .virtualStore(number: 1, page: 5, rw), .pageFile),
    ] {
      let error = #expect(throws: PTEEncodingError.self) { try encoder.entry(wrong) }
      guard case .readsAs(state, wrong.state, _)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  @Test func aMaskIsOneAddressBit() {
    for bits in [0, 1 << 32, 1 << 45, 1 << 51] as [UInt64] {
      #expect(InvalidPTEMask(rawValue: bits).contradiction == nil)
    }
    for bits in [1, 1 << 12, 1 << 31, 1 << 52, 1 << 63, 3 << 44] as [UInt64] {
      #expect(InvalidPTEMask(rawValue: bits).contradiction != nil)
    }
  }

  @Test func whatDoesNotFitIsAnError() throws {
    let rw = try #require(Self.readWrite)
    let encoder = PTEEncoder(try WindowsKernel("windows-19041.508"))
    func error(_ form: PTEForm, _ extra: [PTEEncoder.FieldValue] = []) -> PTEEncodingError? {
      do throws(PTEEncodingError) {
        _ = try encoder.entry(form, setting: extra)
        return nil
      } catch { return error }
    }
    #expect(
      error(.pageFile(number: 16, page: 1, rw))
        == .doesNotFit(field: "PageFileLow", .software, value: 16, width: 4))
    #expect(
      error(.transition(pfn: 1 << 36, rw))
        == .doesNotFit(field: "PageFrameNumber", .transition, value: 1 << 36, width: 36))
    #expect(
      error(.prototype(address: 0x1_0000_0000_0000, rw))
        == .noSuchAddress(0x1_0000_0000_0000, .prototype))
    // Page 0 of a page file holds no page: the entry would say that nobody has touched it.
    #expect(
      error(.pageFile(number: 1, page: 0, rw))
        == .readsAs(.demandZero, wanted: .pageFile, entry: 0x1080))
    #expect(
      error(.demandZero(.decommit)) == .readsAs(.decommitted, wanted: .demandZero, entry: 0x200))
    #expect(
      error(.prototype(address: 0xffff_ffff_ffff_0000, rw))
        == .readsAs(.prototypeVAD, wanted: .prototype, entry: 0xffff_ffff_0000_0480))
    let unknown = try #require(error(.demandZero(rw), [("Swizzle", 1)]))
    #expect("\(unknown)".contains("no field `Swizzle`; it has Valid, PageFileReserved"))
  }
}
