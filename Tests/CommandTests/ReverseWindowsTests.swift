import TestSupport
import Testing

/// How owners whose entries the processor does not see are shown, and their bytes.
@Suite struct ReverseWindowsTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  private func write(_ mode: String, _ kernel: String, _ lines: String = "") throws {
    try place.write(
      SharedSection.scenario(mode: mode, kernel: kernel, lines), to: "shared.yaml")
  }

  @Test func peopleAreToldTheState() throws {
    try write("x86-64", "windows-19041.508")
    let text = try Command.run(["reverse", "shared.yaml", "0x1420000"], in: place)
    #expect(text.output.contains("one.exe (100)  transition"), "\(text.output)")
    #expect(text.output.contains("4K    wu-"), "MM_READWRITE: \(text.output)")
    let shared = try Command.run(
      ["reverse", "shared.yaml", "0x1410000", "--shared", "--json"], in: place)
    #expect(shared.lines.count == 4, "\(shared)")
  }

  /// Bytes of pages in transition and behind prototype entries, and the reason for those that are nowhere.
  @Test(arguments: SharedSection.kernels)
  func pagesThatAreStillInMemoryAreRead(kernel: (mode: String, name: String)) throws {
    try write(
      kernel.mode, kernel.name,
      """
      contents:
        - { pa: 0x142_0ffc, text: "abcd" }
        - { pa: 0x140_0000, text: "efgh" }
      """)
    let outcome = try Command.run(
      ["read", "shared.yaml", "0x400ffc..0x401003", "0x403000+4", "--json", "--pid", "100"],
      in: place)
    #expect(
      outcome.output == """
        {"va":"0x400ffc","pa":"0x1420ffc","length":4,"bytes":"61626364","state":"transition"}
        {"va":"0x401000","pa":"0x1400000","length":4,"bytes":"65666768","state":"prototype"}
        {"va":"0x403000","length":4,"outcome":"not-present","stopped_at":"PTE",\
        "state":"demand-zero"}

        """, "\(outcome)")
    let plain = try Command.run(
      ["read", "shared.yaml", "0x400ff0..0x40100f", "0x403000+16", "--pid", "100"], in: place)
    #expect(plain.output.contains("61 62 63 64  ............abcd"), "\(plain.output)")
    #expect(plain.output.contains("65 66 67 68"), "\(plain.output)")
    #expect(plain.output.contains("to Windows demand-zero"), "\(plain.output)")
  }
}
