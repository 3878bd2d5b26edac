import LinuxMemory
import Machine
import PhysicalMemory
import ScenarioFile
import Simulator
import Testing
import WindowsMemory
import Workbench

/// Timelines with many ranges, areas and processes: what is written in place of all of it, step by step, is what
/// it would be if it were written at once.
@Suite struct ManyStepsTests {
  private static func run(_ os: String, _ steps: [String]) throws -> TimelineRun {
    let mode = os == "windows-2600.6419" ? "x86" : "x86-64"
    let text =
      """
      mmubench: 1
      scenario: many
      title: Many steps
      source: the test
      machine: { mode: \(mode), memory: 16 MiB, os: \(os) }
      processes: [{ name: a, pid: 100 }]
      timeline:

      """ + steps.map { "  - { \($0) }\n" }.joined()
    let run = try #require(try TimelineRun(ScenarioParser.read(text: text, path: "many.yaml")))
    while let report = try run.step(.counts) {
      #expect(report.status?.isSuccess ?? true, "step \(report.number)")
      #expect(run.violations == [], "after step \(report.number)")
    }
    return run
  }

  private static func address(_ number: Int) -> UInt64 { 0x100_0000 + UInt64(number) * 0x1_0000 }

  @Test(arguments: ["windows-2600.6419", "windows-7601.17514", "windows-19041.508"])
  func descriptorsThatComeAndGoAreATreeInMemory(os: String) throws {
    let all = (0..<150).map { $0 * 37 % 150 }
    let gone = all.filter { $0 % 3 == 0 }
    let run = try Self.run(
      os,
      all.map { "reserve: \(Self.address($0))..\(Self.address($0) + 0xfff)" }
        + gone.map { "free: \(Self.address($0))" })
    let machine = run.machine
    let space = try #require(machine.addressSpaces.first { $0.pid == 100 })
    let tree = try #require(machine.classifier(in: space)?.vadTree())
    #expect(tree.problem == nil)
    let left = (0..<150).filter { $0 % 3 != 0 }
    #expect(tree.vads.map(\.start.rawValue) == left.map(Self.address))
  }

  @Test func processesThatEndAreTakenOutOfTheirRing() throws {
    let begun = (0..<40).map { 200 + $0 * 4 }
    let ended = begun.filter { $0 % 12 == 0 } + [100]
    let run = try Self.run(
      "windows-19041.508",
      begun.map { "create-process: p\($0).exe, pid: \($0)" }
        + ended.map { "exit: true, process: \($0)" })
    let left = begun.filter { !ended.contains($0) }
    #expect(run.machine.addressSpaces.compactMap(\.pid) == left.map(UInt64.init) + [4])
    #expect(run.machine.addressSpaces.allSatisfy { $0.record != nil })
  }

  @Test func areasThatDifferInNothingAreJoinedWhateverCameFirst() throws {
    func map(_ page: Int) -> String {
      "mmap: \(0x100_0000 + page * 0x1000)..\(0x100_0fff + page * 0x1000), prot: [read, write]"
    }
    let odd = (0..<40).map { map(2 * $0 + 1) }
    let run = try Self.run("linux-6.1", odd)
    #expect(run.machine.addressSpaces.first?.areas?.areas.count == 40)
    let filled = try Self.run("linux-6.1", odd + (0..<41).reversed().map { map(2 * $0) })
    let areas = try #require(filled.machine.addressSpaces.first?.areas?.areas)
    #expect(areas.map(\.start) == [0x100_0000])
    #expect(areas.map(\.end) == [0x100_0000 + 81 * 0x1000])
  }

  /// A page that many have a copy yet to make of is the last one's own again.
  @Test func aPageOfManyProcessesIsMappedByThoseThatHaveNotWritten() throws {
    let children = (0..<40).map { 200 + $0 }
    let run = try Self.run(
      "linux-6.1",
      ["mmap: 0x1000000..0x1000fff, prot: [read, write]", "write: 0x1000000"]
        + children.map { "fork: c\($0), pid: \($0)" }
        + children.dropFirst(2).map { "write: 0x1000000, process: \($0)" }
        + ["exit: true, process: 200"])
    func isExclusive(_ pid: Int) -> Bool? {
      run.pagemap(0x100_0000, of: .pid(UInt64(pid))).map { $0 >> 56 & 1 == 1 }
    }
    #expect(isExclusive(100) == false)
    #expect(isExclusive(201) == false)
    for pid in children.dropFirst(2) { #expect(isExclusive(pid) == true) }
  }
}
