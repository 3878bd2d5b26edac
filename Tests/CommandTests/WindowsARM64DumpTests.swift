import Foundation
import Testing

/// A raw image of Windows on arm64, of which nobody says a register.
@Suite struct WindowsARM64DumpTests {
  private static func image() throws -> Workplace {
    try Workplace(
      rawOf: """
        mmubench: 1
        scenario: s
        title: Two processes
        source: a test
        machine: { mode: arm64, memory: 4 MiB, os: windows-26100 }
        processes: [{ name: a.exe, pid: 100 }, { name: b.exe, pid: 200 }]
        timeline:
          - { reserve: 0x200000..0x20ffff, commit: true, process: b.exe }
          - { write: 0x200000, text: here, process: b.exe }
        golden: false
        """, "--step", "2")
  }

  private static let machine = ["--mode", "arm64", "--os", "windows-26100"]

  /// The kernel's half of the root's own page leads to the list of processes.
  @Test func theProcessesAreFoundByTheTopTablesAlone() throws {
    let place = try Self.image()
    let info = try Command.run(["info", "s.raw"] + Self.machine, in: place).output
    for name in ["System", "a.exe", "b.exe", "root + 0x800", "slot 0x1ec"] {
      #expect(info.contains(name), "\(name) in \(info)")
    }
    let read = ["read", "s.raw", "0x200000", "--process", "b.exe"]
    #expect(try Command.run(read + Self.machine, in: place).output.contains("here"))
    let other = ["walk", "s.raw", "0x200000", "--process", "a.exe"]
    #expect(try Command.run(other + Self.machine, in: place).output.contains("not present"))
  }

  /// An image that no timeline made has its tables as Windows has them, too.
  @Test func whatIsBuiltIsReadWithoutRegisters() throws {
    let place = try Workplace()
    let scenario =
      """
      mmubench: 1
      scenario: s
      title: Two processes
      source: a test
      machine: { mode: arm64, memory: 4 MiB, os: windows-26100 }
      windows: { self-map: 0x1ec, pfn-database: true }
      processes:
        - { name: a.exe, pid: 100, map: [{ va: 0x40_0000, to: 0x30_0000 }] }
        - { name: b.exe, pid: 200, map: [{ va: 0x40_0000, to: 0x30_1000 }] }
      golden: false
      """
    _ = try place.write(scenario, to: "s.yaml")
    let build = ["build", "s.yaml", "--format", "raw", "--output", "s.raw"]
    let outcome = try Command.run(build, in: place)
    #expect(outcome.status == 0 && outcome.errors.contains("--os windows-26100 --tcr"))
    #expect(!outcome.errors.contains("--ttbr1"), "\(outcome.errors)")
    let info = try Command.run(["info", "s.raw"] + Self.machine, in: place).output
    for name in ["a.exe", "b.exe", "root + 0x800", "slot 0x1ec"] {
      #expect(info.contains(name), "\(name) in \(info)")
    }
    let walk = ["walk", "s.raw", "0x400000", "--process", "b.exe"]
    #expect(try Command.run(walk + Self.machine, in: place).output.contains("mapped to 0x301000"))
    let check = ["check", "s.raw", "--pfn-database", "0xfffffa8000000000"] + Self.machine
    let sound = try Command.run(check, in: place).output
    #expect(!sound.contains("share count"), "\(sound)")
  }

  /// Who says a register is taken at his word.
  @Test func whatIsSaidIsNotAssumed() throws {
    let place = try Self.image()
    let said = ["--ttbr1", "0x8000", "--tcr", "0x580100010"]
    let info = try Command.run(["info", "s.raw"] + Self.machine + said, in: place).output
    #expect(!info.contains("assumed: Windows"), "\(info)")
  }

  /// The self-map leads to the page that both top tables are in, and the frame's share count is that of both.
  @Test func thePageOfBothTopTablesIsSound() throws {
    let place = try Self.image()
    let check = ["check", "s.raw", "--pfn-database", "0xfffffa8000000000"] + Self.machine
    let sound = try Command.run(check, in: place).output
    #expect(sound.contains("nothing found"), "\(sound)")
    let url = place.url.appendingPathComponent("s.raw")
    var image = try Data(contentsOf: url)
    let walk = try Command.run(
      ["walk", "s.raw", "0xfffffa8000000078", "--json"] + Self.machine, in: place)
    let words = walk.output.split(separator: "\"").map(String.init)
    let key = try #require(words.firstIndex(of: "pa"))
    let count = try #require(Int(words[key + 2].dropFirst(2), radix: 16))
    image[count] = 9
    try image.write(to: url)
    let found = try Command.run(check, in: place).output
    #expect(found.contains("frame 0x2: its share count is 9, and 2 entries"), "\(found)")
    #expect(found.contains("1 finding:"), "\(found)")
  }
}
