import Foundation
import Machine
import Paging
import PhysicalMemory
import Report
import TestSupport
import Testing
import Workbench

/// What pages say of the kernel: its bits of entries, and the ways through it.
@Suite struct HTMLKernelTests {
  private static let scenarios = Repository.file("Scenarios")

  private static func page(of scenario: String, os: String? = nil) throws -> String {
    var overrides = MachineOverrides()
    overrides.system = os
    let path = scenarios.appending(path: "\(scenario).yaml").path
    let exhibit = try Exhibit(path, overrides: overrides)
    var report = HTMLReport(exhibit.machine, title: "a page")
    report.questions = exhibit.questions
    report.steps = exhibit.steps
    return Fixture.written { report.write(to: &$0) }
  }

  /// The types of the kernels (facts of `_MMPTE_HARDWARE`): bit 9, bit 11, and from 1809 on 59:56.
  @Test func bitsThatTheProcessorIgnoresHaveTheNamesOfWindows() throws {
    let page = try Self.page(of: "windows/win-valid-cow", os: "windows-19041.508/x86-64")
    for name in ["CopyOnWrite (9) = 1", "Write (11) = 1", "WsleAge (59:56) = 0x0"] {
      #expect(page.contains("title=\"\(name): "), "\(name)")
    }
    #expect(
      page.contains("; what the processor ignores, by _MMPTE_HARDWARE of Windows 10.0.19041.508"))
    // What the processor reads has the processor's names.
    for name in ["RW (1)", "US (2)", "XD (63)", "frame (51:12)"] {
      #expect(page.contains("title=\"\(name) = "), "\(name)")
    }
  }

  @Test func bitsThatTheProcessorIgnoresHaveTheNamesOfLinux() throws {
    let page = try Self.page(of: "linux/linux-fault-paths")
    for name in ["special (9)", "uffd_wp (10)", "soft_dirty (11)"] {
      #expect(page.contains("title=\"\(name) = "), "\(name)")
    }
    #expect(page.contains("; what the processor ignores, by Linux "))
  }

  /// What the kernel would have done about another entry is there, and is not taken.
  @Test func otherEntriesWouldHaveGoneOtherWays() throws {
    let page = try Self.page(of: "windows/win-commit-demand-zero")
    let ways = page.components(separatedBy: "<li class=\"idle\">").dropFirst()
      .map { $0.prefix { $0 != "\n" } }
    for (state, function) in [
      ("transition", "MiResolveTransitionFault"), ("page-file", "MiResolvePageFileFault"),
      ("prototype", "MiResolveProtoPteFault"), ("guarded", "MiCheckForUserStackOverflow"),
    ] {
      #expect(
        ways.contains { $0.contains("if the entry were \(state)") && $0.contains(function) },
        "\(state)")
    }
    let linux = try Self.page(of: "linux/linux-fault-paths")
    #expect(linux.contains("if the entry were swap"))
    #expect(linux.contains("if the entry were hwpoison"))
  }

  /// The panel names a kind of area that would not allow the access: the drawing has its way, of this
  /// very entry.
  @Test func everyKindOfAreaHasItsWay() throws {
    let path = Self.scenarios.appending(path: "linux/linux-swap-entry-fields.yaml").path
    var report = HTMLReport(try Exhibit(path).machine, title: "a page")
    report.questions = [MachineQuestion(VirtualAddress(0x40_0123), Access(.read, as: .user))]
    let page = Fixture.written { report.write(to: &$0) }
    #expect(page.contains("an area that does not allow it: fatal: SIGSEGV, SEGV_ACCERR"))
    let taken = page.components(separatedBy: "<li class=\"taken\">").dropFirst()
      .map { String($0.prefix { $0 != "\n" }) }
    for (function, outcome, area) in [
      ("do_swap_page", "hard: a major fault", "an area that allows it"),
      ("bad_area_access_error", "fatal: SIGSEGV, SEGV_ACCERR", "an area that does not allow it"),
    ] {
      #expect(
        taken.contains {
          $0.contains("\(function) → \(outcome)") && $0.contains("(read by user mode, if \(area)")
        }, "\(function)")
    }
  }

  /// The processor finds no page at 0x301000 of lesson 9; the kernel goes on through a prototype entry.
  @Test func thePrototypeEntryIsDrawnAsTheKernelsWay() throws {
    let page = try Self.page(of: "course/09-prototype-entries")
    let section = try #require(
      page.components(separatedBy: "<section class=\"question\"").dropFirst()
        .first { $0.contains("<h3") && $0.contains(">0x0000000000301000") })
    #expect(section.contains(">prototype PTEs</text>"))
    #expect(section.contains(">the kernel&#39;s way</text>"))
    #expect(section.contains(">page in memory</text>"))
    #expect(!section.contains(">no page</text>"))
  }

  @Test func theMapOfATimelineSaysWhen() throws {
    #expect(try Self.page(of: "timelines/win-page-life").contains("<p>after the last step, 1"))
    #expect(!(try Self.page(of: "windows/win-valid-cow").contains("after the last step")))
  }

  @Test func oneOfSeveralSystemsSaysSo() throws {
    let first = try Self.page(of: "windows/win-valid-cow")
    #expect(first.contains("this is windows-2600.6419-up/x86; --os and --mode take another"))
  }

  /// x86 looks at VM_EXEC only once the page is there: what resolves the first fault is no way to the
  /// signal.
  @Test func aSecondFaultIsAWayOfItsOwn() throws {
    let page = try Self.page(of: "linux/linux-fault-paths")
    let taken = page.components(separatedBy: "<li class=\"taken\">").dropFirst()
      .map { $0.components(separatedBy: "</li>")[0] }
    let place = try #require(taken.firstIndex { $0.contains("second page fault") })
    let (first, second) = (taken[place - 1], taken[place])
    #expect(first.contains("do_anonymous_page → soft: a minor fault"))
    #expect(first.contains("fetch by user mode, the first time"))
    #expect(!first.contains("bad_area_access_error"))
    #expect(
      second.contains("second page fault → do_user_addr_fault → bad_area_access_error → fatal"))
    #expect(second.contains("the second time: 0x15 (P U I)"))
    #expect(page.contains("There are two faults."))
  }
}
