import Foundation
import Testing

/// What `info` finds of Windows in a dump, without an option.
@Suite struct WindowsInfoTests {
  private struct Info: Decodable {
    struct Root: Decodable {
      let root: String
      let pid: Int?
      let process: String?
      let found_by: String
    }
    struct Fact: Decodable {
      let subject, value, source: String
    }
    let format, mode, os: String
    let roots: [Root]
    let provenance: [Fact]

    func fact(_ subject: String) -> Fact? { provenance.first { $0.subject == subject } }
  }

  private static let scenario = """
    mmubench: 1
    scenario: windows-in-a-dump
    title: A test
    source: a test
    machine: { mode: x86-64, memory: 64 MiB, os: windows-17134.619 }
    windows: { invalid-mask: 0x2000_0000_0000, pfn-database: true }
    processes:
      - { name: System, pid: 4, root: 0x10_0000 }
      - name: listed.exe
        pid: 100
        root: 0x20_0000
        ptes:
          - { va: 0x20_0000..0x20_7fff, state: demand-zero, protection: READWRITE }
          - { va: 0x20_8000, state: page-file, file: 1, offset: 0x1234, protection: READWRITE }
      - { name: hidden.exe, pid: 104, root: 0x30_0000, listed: false }
    expect: [{ walk: 0x20_0000, process: 100, outcome: not-present, stopped-at: PTE }]
    golden: false
    """

  private func info(_ format: String, _ options: [String] = []) throws -> Info {
    let folder = try Workplace()
    _ = try folder.write(Self.scenario, to: "windows-in-a-dump.yaml")
    let build = ["build", "windows-in-a-dump.yaml", "--format", format, "--output", "s.dump"]
    #expect(try Command.run(build, in: folder).status == 0)
    let result = try Command.run(["info", "s.dump", "--json"] + options, in: folder)
    #expect(result.status == 0, "\(result.errors)")
    return try JSONDecoder().decode(Info.self, from: Data(result.output.utf8))
  }

  @Test(arguments: ["dmp", "dmp-bitmap"])
  func aCrashDumpNeedsNoOption(format: String) throws {
    let info = try info(format)
    #expect(info.mode == "x86-64" && info.os.hasPrefix("windows-17134"))
    let owners = info.roots.map { "\($0.root) \($0.process ?? "-") \($0.pid ?? -1)" }
    #expect(
      Set(owners) == [
        "0x100000 System 4", "0x200000 listed.exe 100", "0x300000 hidden.exe 104",
      ])
    let hidden = try #require(info.roots.first { $0.pid == 104 })
    #expect(hidden.found_by.contains("not in the list of processes"))
    #expect(info.fact("invalid-PTE mask")?.value == "0x200000000000")
    #expect(info.fact("invalid-PTE mask")?.source.hasPrefix("inferred: bit 45 in 9 of 9") == true)
    #expect(info.fact("kernel")?.value.contains("SwizzleBit") == true)
    #expect(info.fact("process list")?.source == "read: PsActiveProcessHead in the header")
    #expect(info.fact("PFN database")?.source == "read: PfnDataBase in the header")
    #expect(info.fact("self-map")?.source.hasPrefix("read:") == true)
  }

  @Test func aRawImageNeedsModeAndKernel() throws {
    let info = try info("raw", ["--mode", "x86-64", "--os", "windows-17134.619"])
    #expect(Set(info.roots.compactMap(\.pid)) == [4, 100, 104])
    #expect(info.fact("process list")?.source.hasPrefix("inferred:") == true)
    #expect(info.roots.allSatisfy { $0.found_by.contains("self-map") })
  }
}
