import Foundation
import Machine
import Paging
import PhysicalMemory
import Report
import TestSupport
import Testing
import WindowsMemory
import Workbench

/// Walks as the debugger prints them, against what it was seen to print.
@Suite struct WindbgTests {
  private static let cases = Repository.file("Scenarios/windows/cases")

  /// One printed walk of `windbg-cases.json`.
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    struct Entry: Decodable, Sendable {
      let level: String
      let entry_va: String?
      let value: String?
    }
    let id: String
    let va: String?
    let windows_version: String
    let paging_mode: String
    let entries: [Entry]
    let flags_text: [String?]?
    let pfn: String?
    var testDescription: String { id }

    static let all: [Case] =
      (try? JSONDecoder().decode(
        [Case].self, from: Data(contentsOf: cases.appending(path: "windbg-cases.json")))) ?? []
  }

  /// The machine with the words of a case, as one that runs `system`, at the root of the case.
  private static func machine(of id: String, running system: String?) throws -> Machine {
    for file in try FileManager.default.contentsOfDirectory(
      at: cases, includingPropertiesForKeys: nil
    ) where file.lastPathComponent.hasPrefix("windbg-") && file.pathExtension == "yaml" {
      let text = try String(contentsOf: file, encoding: .utf8)
      guard text.contains("{ name: \(id),") else { continue }
      var machine = try Workbench.open(file.path)
      let space = try #require(machine.addressSpaces.first { $0.process == id })
      machine.paging = machine.paging(of: space)
      let mask = machine.system.windows?.invalidMask ?? .none
      machine.system = .none
      if let system {
        let kernel = try WindowsKernel(named: system, mode: machine.paging.mode)
        var windows = WindowsSystem(kernel, from: .init(.given, "a test"))
        windows.invalidMask = mask
        machine.system = .windows(windows)
      }
      return machine
    }
    throw CocoaError(.fileNoSuchFile)
  }

  private static func text(
    _ id: String, _ va: UInt64, _ style: WalkStyle = .windbg,
    running system: String? = "windows-19041.508"
  ) throws -> String {
    let machine = try machine(of: id, running: system)
    return Fixture.written { out in
      _ = style.write(machine.walk(VirtualAddress(va)), of: machine, to: &out)
    }
  }

  // MARK: - Word for word

  /// manurautela.github.io, "virtual to physical address using windbg", Windows 7, PAE.
  @Test(arguments: [
    (
      "wd033",
      """
                          VA 001f0000
      PDE at C0600000            PTE at C0000F80
      contains 000000006A1A6867  contains 0000000000000000
      pfn 6a1a6     ---DA--UWEV  not valid

      """
    ),
    (
      "wd034",
      """
                          VA 001f0000
      PDE at C0600000            PTE at C0000F80
      contains 000000006A1A6867  contains 0000000000000080
      pfn 6a1a6     ---DA--UWEV  not valid
                                  DemandZero
                                  Protect: 4 - ReadWrite

      """
    ),
    (
      "wd035",
      """
                          VA 001f0000
      PDE at C0600000            PTE at C0000F80
      contains 000000006A1A6867  contains 8000000069FC8867
      pfn 6a1a6     ---DA--UWEV  pfn 69fc8     ---DA--UW-V

      """
    ),
  ])
  func aPageThatIsReservedCommittedAndTouched(id: String, expected: String) throws {
    #expect(try Self.text(id, 0x1f_0000, running: "windows-7601.17514") == expected)
  }

  /// 0vercl0k/kdmp-parser-rs, of its kerneluserdump.dmp.
  @Test func aPageInTransition() throws {
    #expect(
      try Self.text("wd130", 0x1a4_2ea3_0240) == """
                                                   VA 000001a42ea30240
        PXE at FFFFECF67B3D9018    PPE at FFFFECF67B203480    PDE at FFFFECF640690BA8    PTE at FFFFEC80D2175180
        contains 0A0000000ECC0867  contains 0A00000013341867  contains 0A000000077AF867  contains 00000000166B7880
        pfn ecc0      ---DA--UWEV  pfn 13341     ---DA--UWEV  pfn 77af      ---DA--UWEV  not valid
                                                                                          Transition: 166b7
                                                                                          Protect: 4 - ReadWrite

        """)
  }

  /// Bit 45 is the invalid-PTE mask: the debugger prints the offset without it.
  @Test func aPageInAPageFile() throws {
    #expect(
      try Self.text("wd131", 0xffff_f807_1a69_48f0) == """
                                                   VA fffff8071a6948f0
        PXE at FFFFFCFE7F3F9F80    PPE at FFFFFCFE7F3F00E0    PDE at FFFFFCFE7E01C698    PTE at FFFFFCFC038D34A0
        contains 0000000001208063  contains 0000000001209063  contains 0000000001217063  contains 0000FEF300002064
        pfn 1208      ---DA--KWEV  pfn 1209      ---DA--KWEV  pfn 1217      ---DA--KWEV  not valid
                                                                                          PageFile:  2
                                                                                          Offset: def3
                                                                                          Protect: 3 - ExecuteRead

        """)
  }

  @Test func aPrototypeEntry() throws {
    #expect(
      try Self.text("wd132", 0xffff_f803_712e_5000) == """
                                                   VA fffff803712e5000
        PXE at FFFFFA7D3E9F4F80    PPE at FFFFFA7D3E9F0068    PDE at FFFFFA7D3E00DC48    PTE at FFFFFA7C01B89728
        contains 00000000F6C0B063  contains 0000000010017063  contains 0A0000013BFBC863  contains C182CC1FFDF80400
        pfn f6c0b     ---DA--KWEV  pfn 10017     ---DA--KWEV  pfn 13bfbc    ---DA--KWEV  not valid
                                                                                          Proto: FFFFC182CC1FFDF8

        """)
  }

  /// Blanks follow the frame of a large page: its column is 12 wide.
  @Test func aLargePage() throws {
    #expect(
      try Self.text("wd081", 0xffff_f804_5022_8bc0) == """
                                                   VA fffff80450228bc0
        PXE at FFFFA8D46A351F80    PPE at FFFFA8D46A3F0088    PDE at FFFFA8D47E011408    PTE at FFFFA8FC02281140
        contains 000000000F20B063  contains 000000000F20C063  contains 0A000001008001A1  contains 0000000000000000
        pfn f20b      ---DA--KWEV  pfn f20c      ---DA--KWEV  pfn 100800    -GL-A--KREV  LARGE PAGE pfn 100828\u{20}\u{20}\u{20}\u{20}\u{20}\u{20}

        """)
  }

  /// bekirkarul.com, PAE paging, Windows XP: three blanks before, and a narrower column.
  @Test func aLargePageOfAnOldKernel() throws {
    #expect(
      try Self.text("wd024", 0x8056_f58c, running: "windows-3790.3959").hasSuffix(
        "pfn 400       -GLDA--KWEV   LARGE PAGE pfn 56f      \n"))
  }

  @Test func anUpperLevelThatIsNotValid() throws {
    #expect(
      try Self.text("wd111", 0) == """
                                                   VA 0000000000000000
        PXE at FFFF80C060301000    PPE at FFFF80C060200000    PDE at FFFF80C040000000    PTE at FFFF808000000000
        contains 8A00000004150867  contains 0000000000000000
        pfn 4150      ---DA--UW-V  contains 0000000000000000
        not valid

        """)
  }

  /// Of a kernel without PAE, the columns are narrower.
  @Test func entriesOfFourBytes() throws {
    #expect(
      try Self.text("wd011", 0x845e_cf68, running: "windows-2600.6419") == """
                         VA 845ecf68
        PDE at C0300844         PTE at C02117B0
        contains 001C4063       contains 045EC121
        pfn 1c4   ---DA--KWEV   pfn 45ec  -G--A--KREV

        """)
  }

  /// The page of the debugger's documentation.
  @Test func theOldestForm() throws {
    #expect(
      try Self.text("wd001", 0x8015_44f4, running: "windows-2195-up") == """
        801544F4  - PDE at C0300800        PTE at C0200550
                  contains 0003B163      contains 00154121
                pfn 3b G-DA--KWV    pfn 154 G--A--KRV

        """)
  }

  // MARK: - !vtop

  @Test(arguments: [
    (
      "wd098", 0x7ff7_63e9_0000,
      """
      Amd64VtoP: Virt 00007ff763e90000, pagedir 0000000253ef0000
      Amd64VtoP: PML4E 0000000253ef07f8
      Amd64VtoP: PDPE 00000007871fcee8
      Amd64VtoP: PDE 00000007a9efd8f8
      Amd64VtoP: PTE 00000007917fe480
      Amd64VtoP: Mapped phys 0000000814c3c000
      Virtual address 7ff763e90000 translates to physical address 814c3c000.

      """
    ),
    (
      "wd099", 0x7ff7,
      """
      Amd64VtoP: Virt 0000000000007ff7, pagedir 0000000253ef0000
      Amd64VtoP: PML4E 0000000253ef0000
      Amd64VtoP: PDPE 00000001b5e09000
      Amd64VtoP: zero PDPE
      Virtual address 7ff7 translation fails, error 0xD0000147.

      """
    ),
    (
      "wd106", 0xffff_aa83_f4b3_5640,
      """
      Amd64VtoP: Virt ffffaa83f4b35640, pagedir 000000001998d000
      Amd64VtoP: PML4E 000000001998daa8
      Amd64VtoP: PDPE 0000000004631078
      Amd64VtoP: PDE 0000000004734d28
      Amd64VtoP: Large page mapped phys 0000000108d35640
      Virtual address ffffaa83f4b35640 translates to physical address 108d35640.

      """
    ),
    (
      "wd014", 0,
      """
      X86VtoP: Virt 0000000000000000, pagedir 000000000a680320
      X86VtoP: PAE PDPE 000000000a680320 - 0000000017f20001
      X86VtoP: PAE PDE 0000000017f20000 - 0000000018029067
      X86VtoP: PAE PTE 0000000018029000 - 0000000000000000
      X86VtoP: PAE zero PTE
      Virtual address 0 translation fails, error 0xD0000147.

      """
    ),
    (
      "wd018", 0x7ffe_0000,
      """
      X86VtoP: Virt 000000007ffe0000, pagedir 000000007f4b64c0
      X86VtoP: PAE PDPE 000000007f4b64c8 - 000000004fe09801
      X86VtoP: PAE PDE 000000004fe09ff8 - 000000004fa07867
      X86VtoP: PAE PTE 000000004fa07f00 - 80000000001e2025
      X86VtoP: PAE Mapped phys 00000000001e2000
      Virtual address 7ffe0000 translates to physical address 1e2000.

      """
    ),
  ])
  func walksOfVtop(id: String, va: UInt64, expected: String) throws {
    #expect(try Self.text(id, va, .windbgVtop) == expected)
  }

  // MARK: - All cases

  /// What was printed of each case stands in the text: addresses of entries, entries, letters.
  @Test(arguments: Case.all.filter { $0.va != nil && $0.flags_text != nil })
  func everythingPrintedIsWritten(one: Case) throws {
    let system = one.windows_version.contains("NT4") ? "windows-2195-up" : nil
    let va = try #require(UInt64(one.va?.dropFirst(2) ?? "", radix: 16))
    let text = try Self.text(one.id, va, running: system)
    // The debugger has no column for a PDPTE.
    for entry in one.entries where entry.level != "PDPTE" {
      if let place = entry.entry_va {
        #expect(text.contains("\(entry.level) at \(place.dropFirst(2).uppercased())"))
      }
      if let value = entry.value {
        #expect(text.contains("contains \(value.dropFirst(2).uppercased())"))
      }
    }
    var rest = Substring(text)
    for flags in one.flags_text?.compactMap(\.self) ?? [] {
      // A case of another address of the large page was published with this one.
      guard one.id != "wd089" || !flags.hasPrefix("LARGE") else { continue }
      let place = try #require(rest.range(of: flags), "\(flags) in\n\(text)")
      rest = rest[place.upperBound...]
    }
    if let pfn = one.pfn, !text.contains("not valid") {
      #expect(text.contains("pfn \(pfn.dropFirst(2))"))
    }
  }

  /// Guesses at the debugger's words would be taken for its words.
  @Test func whatIsNotKnownIsInBrackets() throws {
    #expect(try Self.text("wd133", 0x1ca_8426_0000).contains("Protect: 11 - Readonly G\n"))
    let text = try Self.text("wd006", 0x2c_0000, running: "windows-2600.6419")
    let margin = String(repeating: " ", count: 25)
    #expect(text.hasSuffix("[Proto: VAD]\n\(margin)[Protect: 1 - MM_READONLY]\n"))
    #expect(
      try Self.text("wd130", 0x1a4_2ea3_0240, running: nil)
        .hasSuffix("[--os names the kernel that would say what the entry means]\n"))
  }
}
