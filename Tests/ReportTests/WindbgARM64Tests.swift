import BitLayout
import Foundation
import Machine
import Paging
import PhysicalMemory
import Report
import Testing
import Workbench

/// Walks of arm64 as the debugger prints them, against two sessions that were published with an exploit of
/// Windows 10 on arm64: of a laptop and of another machine.
@Suite struct WindbgARM64Tests {
  /// The words of a session: the root is chosen, and the entry of it that leads to itself.
  private static func machine(slot: UInt64, _ words: [UInt64: UInt64]) throws -> Machine {
    let root: UInt64 = 0xf000_0000
    let own = [root: 0, root + slot * 8: root | 0x60_0000_0000_0f03]
    let facts = words.merging(own) { first, _ in first }
    let lines = facts.sorted { $0.key < $1.key }.map { "      \($0.key): \($0.value)\n" }
    let text = """
      mmubench: 1
      scenario: session
      title: What a debugger printed
      source: a published session
      machine:
        mode: arm64
        os: windows-17134.619
        registers: { tcr: { T0SZ: 17, T1SZ: 17 }, ttbr1: \(root + 0x800) }
        memory:
          facts:
      \(lines.joined())
      processes: [{ name: session, pid: 4, root: \(root) }]
      expect: []
      golden: false

      """
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "mmubench-session-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "session.yaml")
    try Data(text.utf8).write(to: file)
    return try Workbench.open(file.path)
  }

  private static func text(_ machine: Machine, _ va: UInt64) -> String {
    Fixture.written { out in
      _ = WalkStyle.windbg.write(machine.walk(VirtualAddress(va)), of: machine, to: &out)
    }
  }

  private static func laptop() throws -> Machine {
    try machine(
      slot: 0x1ec,
      [
        0xf000_0f78: 0x0060_0000_8460_0f03, 0x8460_0e78: 0x00e0_0000_8460_3f03,
        0x8460_3000: 0x00e0_0000_8460_4f03, 0x8460_4038: 0x00e0_0000_8000_9f03,
        0xf000_0f80: 0x0060_0000_8460_9f03, 0x8460_9018: 0x0060_0000_8460_af03,
        0x8460_a7e0: 0x00c0_0000_9bc0_0f01, 0x8460_a7f0: 0x00c0_0000_9c00_0f01,
      ])
  }

  @Test func aPageOfTheKernel() throws {
    #expect(
      Self.text(try Self.laptop(), 0xffff_f7f3_c000_7000) == """
                                                   VA fffff7f3c0007000
        PXE at FFFFF67B3D9ECF78    PPE at FFFFF67B3D9EFE78    PDE at FFFFF67B3DFCF000    PTE at FFFFF67BF9E00038
        contains 0060000084600F03  contains 00E0000084603F03  contains 00E0000084604F03  contains 00E0000080009F03
        pfn 84600      -R--ADK--V  pfn 84603      -W--ADK--V  pfn 84604      -W--ADK--V  pfn 80009      -W--ADK--V

        """)
  }

  /// The frame of the address within the large page is shown, in a column of twelve.
  @Test func aLargePageThatTheKernelExecutes() throws {
    #expect(
      Self.text(try Self.laptop(), 0xffff_f800_df89_1000) == """
                                                   VA fffff800df891000
        PXE at FFFFF67B3D9ECF80    PPE at FFFFF67B3D9F0018    PDE at FFFFF67B3E0037E0    PTE at FFFFF67C006FC488
        contains 0060000084609F03  contains 006000008460AF03  contains 00C000009BC00F01  contains 0000000000000000
        pfn 84609      -R--ADK--V  pfn 8460a      -R--ADK--V  pfn 9bc00      -WX-ADK-LV  LARGE PAGE pfn 9bc91\u{20}\u{20}\u{20}\u{20}\u{20}\u{20}\u{20}

        """)
  }

  /// The other machine has its self-map elsewhere, and a page that is global.
  @Test func aPageOfAllAddressSpaces() throws {
    let machine = try Self.machine(
      slot: 0x105,
      [
        0xf000_0f78: 0x0060_0000_8550_0f03, 0x8550_0250: 0x00e0_0000_8560_3f03,
        0x8560_3000: 0x00e0_0000_8560_4f03, 0x8560_4038: 0x00e0_0000_4000_9703,
      ])
    #expect(
      Self.text(machine, 0xffff_f792_8000_7000) == """
                                                   VA fffff79280007000
        PXE at FFFF82C160B05F78    PPE at FFFF82C160BEF250    PDE at FFFF82C17DE4A000    PTE at FFFF82FBC9400038
        contains 0060000085500F03  contains 00E0000085603F03  contains 00E0000085604F03  contains 00E0000040009703
        pfn 85500      -R--ADK--V  pfn 85603      -W--ADK--V  pfn 85604      -W--ADK--V  pfn 40009      -W-GADK--V

        """)
  }

  /// Of entries that are not valid no output of arm64 is known: what is said of them is in brackets.
  @Test func whatIsNotKnownIsInBrackets() throws {
    let machine = try Self.machine(
      slot: 0x1ec,
      [
        0xf000_0000: 0x0060_0000_8460_0f03, 0x8460_0000: 0x0060_0000_8460_3f03,
        0x8460_3000: 0x0060_0000_8460_4f03, 0x8460_4080: 0x8,
      ])
    #expect(Self.text(machine, 0x1_0000).contains("[DemandZero]\n"))
    var other = machine
    other.paging.tcr = ARM64RegisterLayouts.lower.granule.setting(1, in: other.paging.tcr) ?? 0
    #expect(Self.text(other, 0x1_0000).contains("four levels of tables; these are others"))
    #expect(WalkStyle.windbgVtop.refusal(of: .arm64) != nil)
    #expect(WalkStyle.windbg.refusal(of: .la57)?.contains("x86-64 and arm64") == true)
  }
}
