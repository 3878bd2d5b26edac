import Foundation
import Testing

/// A raw image of Windows whose root is given: what its entries tell is found out all the same.
@Suite struct WindowsRootTests {
  /// Builds a scenario of one process as a raw image.
  private static func image(_ kernel: String, _ windows: String, _ ptes: [String]) throws
    -> Workplace
  {
    try Workplace(
      rawOf: """
        mmubench: 1
        scenario: s
        title: A test
        source: a test
        machine: { mode: x86-64, memory: 64 MiB, os: \(kernel) }
        windows: \(windows)
        processes:
          - { name: System, pid: 4, root: 0x10_0000 }
          - name: program
            pid: 100
            root: 0x20_0000
            ptes:
        \(ptes.map { "      - { va: \($0), protection: READWRITE }" }.joined(separator: "\n"))
        expect: []
        golden: false
        """)
  }

  private static let choices = [
    ["--root", "0x200000"], ["--pid", "100"], ["--root", "0x200000", "--pid", "100"],
  ]

  @Test(arguments: choices)
  func theMaskIsInferred(choice: [String]) throws {
    let place = try Self.image(
      "windows-19041.508", "{ invalid-mask: 0x2000_0000_0000 }",
      ["0x20_0000..0x23_ffff, state: demand-zero"])
    let outcome = try Command.run(
      ["fault", "s.raw", "0x200000", "--access", "write", "--json", "--mode", "x86-64", "--os"]
        + ["windows-19041.508"] + choice, in: place)
    #expect(outcome.output.contains(#""state":"demand-zero""#), "\(outcome.output)")
    let info = try Command.run(
      ["info", "s.raw", "--mode", "x86-64", "--os", "windows-19041.508"] + choice, in: place)
    #expect(info.output.contains("bit 45 in 64 of 64 entries"), "\(info.output)")
  }

  /// The entries are below a root that only a search finds: by the root that is given nothing is told.
  @Test func theMaskIsInferredOnceTheProcessesAreFound() throws {
    let place = try Self.image(
      "windows-19041.508", "{ invalid-mask: 0x2000_0000_0000 }",
      ["0x20_0000..0x23_ffff, state: demand-zero"])
    let machine = ["--mode", "x86-64", "--os", "windows-19041.508", "--root", "0x100000"]
    let fault = try Command.run(
      ["fault", "s.raw", "0x200000", "--pid", "100", "--json"] + machine, in: place)
    #expect(fault.output.contains(#""state":"demand-zero""#), "\(fault.output)")
    let info = try Command.run(["info", "s.raw"] + machine, in: place)
    #expect(info.output.contains("bit 45 in 64 of 64 entries"), "\(info.output)")
  }

  /// 17134.1 has the number of the page file in bits 4:1, later kernels of the branch in 15:12.
  @Test(arguments: choices)
  func theGenerationIsInferred(choice: [String]) throws {
    let place = try Self.image(
      "windows-17134.1", "{ page-files: [{ number: 3 }] }",
      ["0x20_0000..0x23_ffff, state: page-file, file: 3, offset: 0x1000"])
    let outcome = try Command.run(
      ["fault", "s.raw", "0x200000", "--json", "--mode", "x86-64", "--os", "windows-17134"]
        + choice, in: place)
    #expect(outcome.output.contains(#""page_file":3,"#), "\(outcome.output)")
  }

  /// Where a page directory entry is not valid there is no page table: nothing is absent from the image.
  @Test func theOldTextSaysWhyThereIsNoPTE() throws {
    let place = try Workplace()
    _ = try place.write(
      """
      mmubench: 1
      scenario: s
      title: A test
      source: a test
      machine: { mode: x86, memory: 1 MiB, os: windows-2195-up }
      map: [{ va: 0x1000, to: 0x5000 }]
      expect: []
      golden: false
      """, to: "s.yaml")
    let walk = try Command.run(["walk", "s.yaml", "--style", "windbg", "0x80001000"], in: place)
    #expect(walk.output.contains("contains 00000000      contains [no page table]\n"))
    #expect(walk.output.hasSuffix("        [not valid]\n"), "\(walk.output)")
  }
}
