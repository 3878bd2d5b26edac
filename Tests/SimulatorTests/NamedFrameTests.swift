import PhysicalMemory
import ScenarioFile
import Testing
import Workbench

/// Frames that the steps of a timeline of Linux name.
@Suite struct NamedFrameTests {
  private static func run(_ steps: String) throws -> TimelineRun {
    let text = """
      mmubench: 1
      scenario: frames
      title: Frames with names
      source: the test
      machine: { mode: x86-64, memory: 4 MiB, os: linux-6.1 }
      timeline:
        - { mmap: 0x7f0000000000..0x7f000000ffff, prot: [read, write] }
        - { read: 0x7f0000000000 }
      \(steps)

      """
    let run = try #require(try TimelineRun(ScenarioParser.read(text: text, path: "frames.yaml")))
    while try run.step() != nil { #expect(run.violations == []) }
    return run
  }

  private static func frame(of page: UInt64, _ run: TimelineRun) -> UInt64? {
    run.pagemap(0x7f00_0000_0000 + page * frameSize, of: nil).map { $0 & 0xffff }
  }

  @Test func aFrameThatAStepTookIsNotTakenAgainWhenItsTurnComes() throws {
    let run = try Self.run(
      """
        - { write: 0x7f0000000000, frames: [0x9000] }
        - { write: 0x7f0000001000..0x7f0000006fff }
      """)
    let frames = (0...6).map { Self.frame(of: $0, run) }
    #expect(frames == [9, 6, 7, 8, 0xa, 0xb, 0xc])
  }

  @Test func aFrameThatWasGivenBackMayBeNamedAgain() throws {
    let run = try Self.run(
      """
        - { write: 0x7f0000001000, frames: [0x9000] }
        - { madvise: 0x7f0000001000..0x7f0000001fff, advice: dontneed }
        - { write: 0x7f0000002000, frames: [0x9000] }
      """)
    #expect(Self.frame(of: 2, run) == 9)
  }

  @Test func aHugePageLeavesFramesWithNamesAlone() throws {
    let run = try Self.run(
      """
        - { mmap: 0x7f0000200000..0x7f00003fffff, prot: [read, write] }
        - { madvise: 0x7f0000200000..0x7f00003fffff, advice: hugepage }
        - { write: 0x7f0000200000 }
        - { write: 0x7f0000001000, frames: [0x20_0000] }
      """)
    #expect(Self.frame(of: 1, run) == 0x200)
    #expect(Self.frame(of: 0x200, run).map { $0 < 0x200 } == true)
  }
}
