import Foundation
import Testing

/// Entries on the command line.
@Suite struct PteTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  private func run(_ arguments: String...) throws -> Command.Outcome {
    try Command.run(["pte"] + arguments, in: place)
  }

  @Test func anEntryIsReadAtTheLevelThatIsSaid() throws {
    let outcome = try run("0x601087", "--level", "pde", "--mode", "x86-64")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("PDE that maps a 2-MByte page (SDM 3A, Table 4-18)"))
    #expect(outcome.output.contains("maps the 2 MiB page at 0x600000"))
    #expect(outcome.output.contains("mode        x86-64             --mode"))
  }

  @Test func withoutALevelAllAreRead() throws {
    let json = try run("0x601087", "--json")
    #expect(json.lines.count == 4)
    #expect(json.output.contains(#""level":"PML4E","state":"reserved-bits","reserved":"0x80""#))
    #expect(try run("0x601087", "--mode", "la57", "--json").lines.count == 5)
    #expect(try run("0x601087", "--mode", "x86", "--json").lines.count == 2)
    let text = try run("0x601087")
    #expect(text.output.contains("assumed; --mode takes another"))
    #expect(text.output.contains("  PTE    maps the 4 KiB page at 0x601000"))
  }

  @Test func theLevelOfFiveLevelPagingMeansIt() throws {
    #expect(try run("0x2007", "--level", "PML5E", "--json").output.contains(#""mode":"la57""#))
  }

  @Test func whatIsReservedDependsOnTheProcessor() throws {
    func state(_ options: String...) throws -> Bool {
      let words = ["pte", "0x8000400000005007", "--level", "PTE", "--json"] + options
      return try Command.run(words, in: place).output.contains(#""state":"page""#)
    }
    #expect(try state())
    #expect(try !state("--physical-bits", "46"))
    #expect(try !state("--efer", "0x500"))
    #expect(try state("--physical-bits", "46", "--c-bit", "46"))
  }

  @Test func aLevelThatTheModeLacksIsNamedWithThoseItHas() throws {
    let outcome = try run("1", "--mode", "pae", "--level", "PTTE")
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("there are PDPTE, PDE, PTE; did you mean `PTE`?"))
  }

  @Test func withAKernelTheEntryIsReadAsWindowsDoes() throws {
    let json = try run(
      "0x20000891f860", "--os", "windows-19041.508", "--invalid-mask", "0x200000000000", "--json")
    #expect(json.lines.count == 1)
    #expect(json.output.contains(#""level":"PTE","os":"windows-19041.508""#))
    #expect(json.output.contains(#""state":"transition","pfn":"0x891f","protection":3"#))
    let text = try run("0xfc078cca", "--os", "windows-xp", "--table", "prototype")
    #expect(text.output.contains("kernel  5.1.2600.6419      --os windows-xp"))
    #expect(text.output.contains("mode    x86                assumed"))
    #expect(text.output.contains("0x7c078a8 bytes into its pool"))
  }

  /// A published session shows the software form of a valid entry.
  @Test func anEntryIsShownInATypeThatIsNotItsOwn() throws {
    let entry = ["0x80000000`69fc8867", "--os", "windows-7", "--mode", "pae"]
    func run(_ words: String...) throws -> Command.Outcome {
      try Command.run(["pte"] + entry + words, in: place)
    }
    for name in ["_MMPTE_SOFTWARE", "nt!_MMPTE_SOFTWARE"] {
      #expect(
        try run("--style", "windbg", "--type", name).output == """
          nt!_MMPTE_SOFTWARE
             +0x000 Valid            : 0y1
             +0x000 PageFileLow      : 0y0011
             +0x000 Protection       : 0y00011 (0x3)
             +0x000 Prototype        : 0y0
             +0x000 Transition       : 0y1
             +0x000 InStore          : 0y0
             +0x000 Unused1          : 0y0110100111111100100 (0x34fe4)
             +0x000 PageFileHigh     : 0y10000000000000000000000000000000 (0x80000000)

          """)
    }
    #expect(try run("--type", "_MMPTE", "--style", "windbg").output.contains("Subsect          :"))
    let json = try run("--type", "_MMPTE_SOFTWARE", "--json").output
    #expect(json.contains(#""state":"valid""#) && json.contains(#""layout":"_MMPTE_SOFTWARE""#))
    #expect(try run("--type", "_MMPTE").status == 64)
    let wrong = try run("--type", "_MMPTE_SOFTWAER")
    #expect(wrong.status == 64 && wrong.errors.contains("did you mean `_MMPTE_SOFTWARE`?"))
    #expect(try Command.run(["pte", "1", "--type", "_MMPTE_LIST"], in: place).status == 64)
  }

  @Test func withAKernelTheEntryIsReadAsLinuxDoes() throws {
    let json = try run("0x07ffffffffdb9600", "--os", "linux-6.1", "--json")
    #expect(json.lines.count == 1)
    #expect(json.output.contains(#""os":"linux-6.1","state":"swap","swap_type":0"#))
    #expect(json.output.contains(#""swap_offset":"0x1234""#))
    let old = try run("0x1bbeda08", "--os", "linux-6.1", "--mode", "arm64", "--json")
    #expect(old.output.contains(#""swap_type":1,"swap_offset":"0x1bbeda""#))
    let text = try run("0x000ffffffcfbc960", "--os", "linux-6.1")
    #expect(text.output.contains("kernel  Linux 6.1  --os linux-6.1"))
    #expect(text.output.contains("← inverted 0x3043000"))
    // With memory of devices the special swap types are others.
    let device = try run(
      "0xd7ffffffffdb9600", "--os", "linux-6.1", "--kernel-config",
      "memory-failure,migration,device-private,markers", "--json")
    #expect(device.output.contains(#""state":"device""#))
  }

  @Test(arguments: [
    (
      ["0x80", "--os", "windows-22000.194", "--mode", "pae"],
      "there are windows-2600, windows-2600-up"
    ),
    (["0x80", "--os", "linux-2.6"], "names no Linux kernel"),
    (
      ["0x80", "--os", "linux-6.1", "--invalid-mask", "0x200000000000"],
      "is about entries of Windows"
    ),
    (["0x80", "--os", "windows-7", "--kernel-config", "none"], "is about entries of Linux"),
    (["0x80", "--os", "linux-6.1", "--kernel-config", "migrations"], "did you mean `migration`?"),
    (["0x80", "--os", "linux-3.10", "--mode", "arm64"], "there are those from linux-3.15 on"),
    (["0x80", "--os", "windows-9x"], "names no Windows kernel"),
    (["0x80", "--os", "plan-9"], "no operating system `plan-9`"),
    (["0x80", "--table", "prototype"], "--os windows-19041.508 names a kernel"),
    (["0x80", "--invalid-mask", "0x200000000000"], "--os windows-19041.508 names a kernel"),
    (["0x80", "--os", "windows-7", "--invalid-mask", "0x10"], "the mask is one address bit"),
    (["0x80", "--os", "windows-7", "--table", "prototype", "--level", "PDE"], "no other level"),
    (["0x100000000", "--os", "windows-xp"], "whose entries have 32 bits"),
  ])
  func whatWindowsDoesNotHaveIsRefused(arguments: [String], words: String) throws {
    let outcome = try Command.run(["pte"] + arguments, in: place)
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains(words))
  }
}
