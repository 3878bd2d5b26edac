import Foundation
import Report
import ScenarioFile
import Simulator
import TestSupport
import Testing
import Workbench

/// The published WinDbg session, line by line.
@Suite struct PublishedSessionTests {
  private static let scenario = Repository.file("Scenarios/timelines/win-lifecycle.yaml").path

  private static func session() throws -> [String] {
    let run = try #require(try TimelineRun(ScenarioParser.read(path: scenario)))
    var out = TextBuffer()
    while let report = try run.step() {
      WindbgTimeline().write(report, run.machine, to: &out)
    }
    return String(decoding: out.bytes, as: UTF8.self).components(separatedBy: "\n")
  }

  /// "virtual to physical address using windbg" (2021), in the order of the session.
  private static let published = [
    """
                        VA 001f0000
    PDE at C0600000            PTE at C0000F80
    contains 000000006A1A6867  contains 0000000000000000
    pfn 6a1a6     ---DA--UWEV  not valid
    """,
    """
                        VA 001f0000
    PDE at C0600000            PTE at C0000F80
    contains 000000006A1A6867  contains 0000000000000080
    pfn 6a1a6     ---DA--UWEV  not valid
                                DemandZero
                                Protect: 4 - ReadWrite
    """,
    """
                        VA 001f0000
    PDE at C0600000            PTE at C0000F80
    contains 000000006A1A6867  contains 8000000069FC8867
    pfn 6a1a6     ---DA--UWEV  pfn 69fc8     ---DA--UW-V
    """,
    """
        PFN 00069FC8 at address 84B979E0
        flink       00000157  blink / share count 00000001  pteaddress C0000F80
        reference count 0001   Cached     color 0   Priority 5
        restore pte 00000080  containing page 06A1A6  Active     M
        Modified
    """,
    "#69fc8000 61 61 61 61 61 61 61 61-61 61 61 61 61 61 61 61 aaaaaaaaaaaaaaaa",
    "001f0000  61 61 61 61 61 61 61 61-61 61 61 61 61 61 61 61  aaaaaaaaaaaaaaaa",
    """
    1: kd> db 0x001f0000+0xff0
    001f0ff0  61 61 61 61 61 61 61 61-61 61 61 61 61 61 61 61  aaaaaaaaaaaaaaaa
    001f1000  ?? ?? ?? ?? ?? ?? ?? ??-?? ?? ?? ?? ?? ?? ?? ??  ????????????????
    """,
    """
        PFN 00069C49 at address 84B917FC
        flink       00000158  blink / share count 00000001  pteaddress C0000F88
        reference count 0001   Cached     color 0   Priority 5
        restore pte 00000080  containing page 06A1A6  Active     M
        Modified
    """,
  ]

  @Test func everyPublishedBlockComesInItsOrder() throws {
    var rest = try Self.session()[...]
    for block in Self.published {
      let lines = block.components(separatedBy: "\n")
      let start = rest.indices.first { rest[$0...].starts(with: lines) }
      let found = try #require(start, "not there, or too early:\n\(block)")
      rest = rest[(found + lines.count)...]
    }
  }
}
