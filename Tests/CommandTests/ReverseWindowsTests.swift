import Foundation
import Testing

/// How owners whose entries the processor does not see are shown, and their bytes.
@Suite struct ReverseWindowsTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  /// Two processes and a section; the pages have frames that are chosen here.
  private func write(_ mode: String, _ kernel: String) throws {
    try place.write(
      """
      mmubench: 1
      scenario: shared
      title: Pages in transition and of a section
      source: the tests
      machine: { mode: \(mode), memory: 64 MiB, os: \(kernel) }
      windows:
        sections:
          - name: data
            kind: page-file
            subsections:
              - pages: 4
                ptes:
                  - { page: 0, state: transition, to: 0x140_0000, protection: READWRITE }
                  - { page: 1, state: valid, to: 0x141_0000 }
      processes:
        - name: one.exe
          pid: 100
          ptes:
            - { va: 0x40_0000, state: transition, to: 0x142_0000, protection: READWRITE }
            - { va: 0x40_1000, state: prototype, section: data, page: 0 }
            - { va: 0x40_2000, state: prototype, section: data, page: 1 }
            - { va: 0x40_3000, state: demand-zero, protection: READWRITE }
            - { va: 0x40_4000, state: valid, to: 0x141_0000, protection: READONLY }
        - name: two.exe
          pid: 200
          ptes:
            - { va: 0x700_0000, state: prototype, section: data, page: 1 }
            - { va: 0x710_1000, state: prototype-vad }
          vads:
            - { va: 0x710_0000..0x710_1fff, kind: mapped, section: data, page: 0, protection: READONLY }
      golden: false
      """, to: "shared.yaml")
  }

  private static let kernels = [
    ("x86", "windows-2600.6419"), ("pae", "windows-7601.17514"), ("x86-64", "windows-7601.17514"),
    ("x86-64", "windows-9600.17031"), ("x86-64", "windows-10240.16384"),
    ("x86-64", "windows-19041.508"), ("x86-64", "windows-22000.194"),
  ]

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
  @Test(arguments: kernels)
  func pagesThatAreStillInMemoryAreRead(mode: String, kernel: String) throws {
    try write(mode, kernel)
    let text = try place.read("shared.yaml").replacing(
      "golden: false",
      with: """
        contents:
          - { pa: 0x142_0ffc, text: "abcd" }
          - { pa: 0x140_0000, text: "efgh" }
        golden: false
        """)
    try place.write(text, to: "shared.yaml")
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
