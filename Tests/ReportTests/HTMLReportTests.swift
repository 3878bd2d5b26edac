import Foundation
import Machine
import Paging
import PhysicalMemory
import Report
import TestSupport
import Testing
import Workbench

/// The page of `report`: what is on it, and that nothing gets into it that does not belong there.
@Suite struct HTMLReportTests {
  private static let scenarios = Repository.file("Scenarios")

  private static func page(of scenario: String) throws -> String {
    let exhibit = try Exhibit(scenarios.appending(path: "\(scenario).yaml").path)
    var report = HTMLReport(exhibit.machine, title: "a page")
    report.scenario = exhibit.scenario
    report.questions = exhibit.questions
    report.steps = exhibit.steps
    return Fixture.written { report.write(to: &$0) }
  }

  private static func page(
    _ machine: Machine, _ questions: [MachineQuestion], title: String = "a page"
  ) -> String {
    var report = HTMLReport(machine, title: title)
    report.questions = questions
    return Fixture.written { report.write(to: &$0) }
  }

  /// Scenarios of every kind that pages are made of.
  private static let kinds = [
    "x86/x64-rights-intersection", "x86/x64-2m-reserved", "arm64/arm64-rights",
    "windows/win-proto-to-each-state", "windows/win-non-canonical", "hostile/x64-tables-absent",
    "timelines/win-page-life", "timelines/linux-fork", "dumps/rekall-vtop-large-page",
  ]

  @Test(arguments: kinds) func everyElementIsClosed(scenario: String) throws {
    let markup = Markup(try Self.page(of: scenario))
    #expect(markup.problems == [])
    #expect(markup.ids.count == Set(markup.ids).count, "an id stands twice")
    for target in markup.targets where target.hasPrefix("#") {
      #expect(markup.ids.contains(String(target.dropFirst())), "\(target) leads nowhere")
    }
  }

  @Test(arguments: kinds) func nothingIsLoaded(scenario: String) throws {
    let markup = Markup(try Self.page(of: scenario))
    #expect(markup.targets.filter { !$0.hasPrefix("#") && $0 != "data:," } == [])
    #expect(markup.attributes.filter { ["src", "srcset", "action", "style"].contains($0) } == [])
    #expect(markup.attributes.filter { $0.hasPrefix("on") } == [])
  }

  @Test func theSameInputGivesTheSameBytes() throws {
    let scenario = "timelines/win-page-life"
    #expect(try Self.page(of: scenario) == Self.page(of: scenario))
  }

  /// What a scenario or a dump says is text, whatever it looks like.
  @Test func hostileNamesAreText() throws {
    let name = "\"><script>alert('x')</script>\u{202e}&amp;"
    var machine = try Fixture.machine("x86-64")
    machine.addressSpaces[0].process = name
    machine.addressSpaces[0].foundBy = name
    machine.provenance.append(.init("root", name, from: name))
    let space = machine.addressSpaces[0]
    let page = Self.page(
      machine, [MachineQuestion(VirtualAddress(0x40_0000), in: space)], title: name)
    let markup = Markup(page)
    #expect(markup.problems == [])
    #expect(markup.names.filter { $0 == "script" }.count == 1, "only the page's own script")
    #expect(!page.contains("\u{202e}"))
    #expect(
      page.contains("&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\u{fffd}&amp;amp;"))
  }

  /// Of every entry that was read, every bit stands in exactly one field of its strip.
  @Test func everyBitOfEveryEntryIsNamed() throws {
    let machine = try Fixture.machine("x86-64")
    let address = try #require(HTMLReport.example(of: machine))
    let page = Self.page(machine, [MachineQuestion(address)])
    let strips = page.components(separatedBy: "aria-label=\"fields, the highest bits first\"")
      .dropFirst().map { $0.prefix { $0 != "\n" } }
    #expect(strips.count == machine.walk(address).steps.count)
    for strip in strips {
      var mask: UInt64 = 0
      let field = #/<li class="[^"]*" title="[^"(]+\((\d+)(?::(\d+))?\) = /#
      for match in String(strip).matches(of: field) {
        let high = try #require(UInt64(match.1))
        let low = try match.2.map { try #require(UInt64($0)) } ?? high
        for bit in low...high {
          #expect(mask & 1 << bit == 0, "bit \(bit) stands twice")
          mask |= 1 << bit
        }
      }
      #expect(mask == UInt64.max)
    }
  }

  /// The sentences are those of the text output, not others that say nearly the same.
  @Test func thePageSaysWhatTheTextSays() throws {
    let machine = try Fixture.machine("faults")
    let address = try #require(HTMLReport.example(of: machine))
    let access = Access(.write, as: .user)
    let answer = machine.access(address, access)
    let page = Self.page(machine, [MachineQuestion(address, access)])
    let text = Fixture.written { AccessText(machine.paging).write(answer, to: &$0) }
    for line in text.split(separator: "\n").dropFirst() {
      let words = line.trimmingCharacters(in: .whitespaces)
      // The table of entries is drawn; the sentences below it stand there as they are.
      guard words.contains("; ") || words.hasPrefix("page fault") || words.hasPrefix("refused")
      else { continue }
      #expect(page.contains(words), "\(words)")
    }
  }

  /// A write to a copy-on-write page faults and is resolved; a read does not: of the two ways, the
  /// one of the read is the one not taken.
  @Test func theBranchNotTakenIsIdle() throws {
    let machine = try Workbench.open(
      Self.scenarios.appending(path: "windows/win-valid-cow.yaml").path)
    let page = Self.page(
      machine, [MachineQuestion(VirtualAddress(0x20_1000), Access(.write, as: .user))])
    #expect(
      page.contains(
        "<li class=\"taken\"><strong>taken: </strong>page fault → MmAccessFault → MiCopyOnWrite"))
    #expect(page.contains("<li class=\"idle\">no exception → no fault"))
    #expect(page.contains("class=\"function idle\""))
  }

  /// Step 3 of the timeline trims a page: the valid PTE 0x8000000000006867 goes into transition.
  @Test func changedDigitsAndBitsAreMarked() throws {
    let page = try Self.page(of: "timelines/win-page-life")
    let step = try #require(page.components(separatedBy: "id=\"step-3\"").dropFirst().first)
    let moment = step.prefix(upTo: step.range(of: "id=\"step-4\"")?.lowerBound ?? step.endIndex)
    // Bit 63 (XD) is cleared, bits 6:0 too but for those of Protection 4, which begins at bit 5; bit 11
    // was Write and is Transition, and still 1.
    #expect(moment.contains("0x<mark>8</mark>00000000000"))
    #expect(moment.contains("0x<mark>0</mark>00000000000"))
    #expect(moment.contains("class=\"set changed\" title=\"Protection (9:5) = 0x4"))
    #expect(moment.contains("class=\"set\" title=\"Transition (11) = 1"))
    #expect(moment.contains("class=\"set changed\" title=\"P (0) = 1"))
    let path = Self.scenarios.appending(path: "timelines/win-page-life.yaml").path
    #expect(page.matches(of: #/<li class="moment"/#).count == (try Exhibit(path).steps.count))
  }

  @Test func aQuestionThatStandsTwiceIsAskedOnce() throws {
    let path = Self.scenarios.appending(path: "course/07-demand-zero.yaml").path
    let questions = try Exhibit(path).questions
    #expect(Set(questions).count == questions.count)
    #expect(questions.contains { $0.access == Access(.write, as: .user) })
    #expect(questions.allSatisfy { $0.space?.process == "lesson.exe" })
  }

  /// Eight hundred runs in two parts of the address space are all counted, and all drawn: neighbours
  /// together, never what is far apart.
  @Test func aMapOfManyRunsIsWholeAndCoarse() throws {
    let text = """
      mmubench: 1
      scenario: many-runs
      title: Runs of a page each
      source: made up
      machine: { mode: x86-64, memory: 16 MiB, tables: { from: 0x80_0000 } }
      map:
        - va: 0x0040_0000..0x0059_0fff
          to: { from: 0x0 }
          alternate: [{ write: true }, { write: false }]
        - va: 0x7000_0000_0000..0x7000_0018_efff
          to: { from: 0x20_0000 }
          alternate: [{ write: true }, { write: false }]
      expect: [{ walk: 0x0040_0000 }]
      """
    let page = try withFile("many-runs.yaml", holding: text) {
      Self.page(try Workbench.open($0), [])
    }
    #expect(page.contains("800 runs, pages: 800 of 4 KiB"))
    #expect(page.contains("800 pieces are drawn as 320 bands"))
    let bands = page.matches(of: #/data-run="(0x[0-9a-f]+) (0x[0-9a-f]+) /#)
    #expect(bands.count == 320)
    #expect(bands.first?.1 == "0x400000" && bands.last?.2 == "0x70000018efff")
    #expect(bands.allSatisfy { ($0.1.count > 8) == ($0.2.count > 8) }, "a band spans the hole")
  }

  @Test func aMapShowsTheRangeThatIsAskedFor() throws {
    let machine = try Fixture.machine("x86-64")
    let address = try #require(HTMLReport.example(of: machine)).rawValue
    var report = HTMLReport(machine, title: "a page")
    report.mapRange = address...address
    let page = Fixture.written { report.write(to: &$0) }
    #expect(page.contains("<p>1 run, pages: 1 of "))
  }

  /// A course's worth of questions is answered; what is beyond a page is named.
  @Test func questionsThatAreNotAnsweredAreNamed() throws {
    let machine = try Fixture.machine("x86-64")
    var report = HTMLReport(machine, title: "a page")
    report.questions = (0..<1001).map { MachineQuestion(VirtualAddress($0 << 30)) }
    #expect(report.unanswered == ["0x000000fa00000000"])
    let page = Fixture.written { report.write(to: &$0) }
    #expect(page.contains("id=\"q1000\"") && !page.contains("id=\"q1001\""))
    #expect(page.contains("not answered: 1 question more:"))
    #expect(page.contains("<ul class=\"unanswered\"><li>0x000000fa00000000</li></ul>"))
  }

  /// fork makes an entry of the child's for every page: the map count of the frame goes from 1 to 2, and a
  /// write afterwards takes a frame for the copy.
  @Test func stepsOfLinuxShowFrames() throws {
    let page = try Self.page(of: "timelines/linux-fork")
    let tables = page.components(separatedBy: "<table class=\"frames\">").dropFirst()
      .map { $0.prefix(upTo: $0.range(of: "</table>")?.lowerBound ?? $0.endIndex) }
    #expect(
      tables.contains {
        $0.contains("<td>before</td><td>anonymous</td><td><mark>1</mark></td>")
          && $0.contains("<td>after</td><td>anonymous</td><td><mark>2</mark></td>")
      })
    #expect(tables.contains { $0.contains("<td>before</td><td><mark>free</mark></td>") })
  }

  /// Of thousands of free frames and three on another list, the bar of the three is seen.
  @Test func barsOfSmallListsAreSeen() throws {
    for scenario in ["timelines/win-page-life", "timelines/linux-fork"] {
      for match in try Self.page(of: scenario).matches(
        of: #/max="(\d+)" value="(\d+)">(\d+)<\/meter>/#)
      {
        let (most, value, count) = (Int(match.1) ?? 0, Int(match.2) ?? 0, Int(match.3) ?? 0)
        #expect(count == 0 ? value == 0 : value * 64 >= most, "\(count) of \(most)")
      }
    }
  }

  /// A fault in a step has the drawing of a fault in a report, with what was not taken in grey.
  @Test(arguments: ["timelines/win-copy-on-write", "timelines/linux-fork"])
  func faultsOfStepsHaveTheirWaysDrawn(scenario: String) throws {
    let moments = try Self.page(of: scenario).components(separatedBy: "<li class=\"moment\"")
      .dropFirst().filter { $0.contains("<div class=\"fault\">") }
    #expect(!moments.isEmpty)
    for moment in moments {
      #expect(moment.contains("<svg class=\"handlers\""))
      #expect(moment.contains("<rect") && moment.contains("class=\"function\""))
    }
    #expect(moments.contains { $0.contains("class=\"function idle\"") })
  }

  /// The entry that a step's access faulted at might have been another, as in a report of the fault alone;
  /// one that the processor uses differs by the kernel's own bits.
  @Test func faultsOfStepsHaveTheWaysOfOtherEntries() throws {
    let moments = try Self.page(of: "timelines/win-page-life")
      .components(separatedBy: "<li class=\"moment\"").dropFirst()
    let transition = try #require(moments.first { $0.contains("transition: soft") })
    for condition in ["demand-zero", "page-file", "guarded"] {
      #expect(transition.contains("if the entry were \(condition)"))
    }
    #expect(!transition.contains("if the entry were transition"))
    let valid = try #require(moments.first { $0.contains("valid: soft") })
    #expect(valid.contains("if CopyOnWrite were 1") && valid.contains(">MiCopyOnWrite<"))
    let fork = try Self.page(of: "timelines/linux-fork")
    #expect(!fork.contains("if the entry were anonymous"))
  }

  /// Pointing at any entry of a drawing, a neighbour too, names every bit of it; on paper, those that
  /// are set are named.
  @Test func everyBitOfANeighbourIsNamed() throws {
    let page = try Self.page(of: "x86/x64-rights-intersection")
    let titles = page.matches(of: #/<title>PTE\[0x[0-9a-f]+\] 0x[0-9a-f]+: ([^<]*)<\/title>/#)
    #expect(titles.count > 3)
    for title in titles {
      var mask: UInt64 = 0
      for field in title.1.matches(of: #/\((\d+)(?::(\d+))?\) = /#) {
        let high = try #require(UInt64(field.1))
        let low = try field.2.map { try #require(UInt64($0)) } ?? high
        for bit in low...high { mask |= 1 << bit }
      }
      #expect(mask == UInt64.max, "\(title.1)")
    }
    #expect(page.contains("the bits of the neighbours</summary>"))
    #expect(
      page.contains("RW (1) = 1, P (0) = 1</td>") || page.contains("US (2) = 1, P (0) = 1</td>"))
  }

  /// Two strips of an entry are told apart: before, after.
  @Test func stripsOfAChangedEntrySayWhen() throws {
    let page = try Self.page(of: "timelines/win-page-life")
    let before = page.matches(of: #/<p class="when">before</p><ul class="bits"/#).count
    #expect(before > 0)
    #expect(page.matches(of: #/<p class="when">after</p><ul class="bits"/#).count > 0)
    #expect(!page.contains("</ul>\n<ul class=\"bits\""))
  }

  /// Drawings are laid out for paper: none is wider than what has text of 6 points there.
  @Test(arguments: [
    "linux/linux-fault-paths", "windows/win-bug-checks", "x86/la57-rights-cube",
    "dumps/x64-4l-pti",
  ])
  func drawingsAreNoWiderThanPaper(scenario: String) throws {
    let widths = try Self.page(of: scenario).matches(of: #/viewBox="0 0 (\d+) /#)
      .compactMap { Int($0.1) }
    #expect(!widths.isEmpty && widths.allSatisfy { $0 <= 896 })
  }
}

/// The elements of a page, read with no help from what wrote it.
private struct Markup {
  private(set) var names: [String] = []
  private(set) var ids: [String] = []
  private(set) var targets: [String] = []
  private(set) var attributes: Set<String> = []
  private(set) var problems: [String] = []

  private static let empty: Set = ["meta", "link", "input", "br"]

  init(_ page: String) {
    var open: [String] = []
    var rest = page[...]
    while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
      let tag = rest[rest.index(after: start)..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("!") { continue }
      if tag.hasPrefix("/") {
        let name = String(tag.dropFirst())
        if open.popLast() != name { problems.append("</\(name)> closes something else") }
        continue
      }
      let name = String(tag.prefix { $0 != " " && $0 != "/" })
      names.append(name)
      read(tag)
      if tag.hasSuffix("/") || Self.empty.contains(name) { continue }
      open.append(name)
      guard ["script", "style"].contains(name), let close = rest.range(of: "</\(name)>") else {
        continue
      }
      rest = rest[close.lowerBound...]
    }
    problems += open.map { "<\($0)> is not closed" }
  }

  private mutating func read(_ tag: Substring) {
    for match in tag.matches(of: #/ ([A-Za-z:-]+)="([^"]*)"/#) {
      let (key, value) = (String(match.1), String(match.2))
      attributes.insert(key)
      if key == "id" { ids.append(value) }
      if key == "href" { targets.append(value) }
    }
  }
}
