import Explorer
import Foundation
import Golden
import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Testing
import Workbench

/// What is saved is a scenario whose machine gives the same answer.
@Suite struct SavedScenarioTests {
  private static let scenarios = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Scenarios")

  private func saved(
    _ explorer: Explorer, _ query: [(name: String, value: String)]
  ) throws -> (name: String, text: String, opened: OpenScenario) {
    let page = explorer.page("/save", query: query)
    let text = String(decoding: page.bytes, as: UTF8.self)
    #expect(page.status == 200, "\(text)")
    let name = try #require(page.fileName)
    return (name, text, try OpenScenario(ScenarioParser.read(text: text, path: name)))
  }

  @Test(arguments: [
    ["va": "0x400123"], ["va": "0x500000"], ["va": "0x8000000000000000"],
    ["va": "0x400000", "access": "write", "as": "user", "set": "CR4.SMAP"],
    ["va": "0x400000", "access": "write", "as": "supervisor", "set": "CR4.SMAP"],
  ])
  func itAnswersTheSame(query: [String: String]) throws {
    let (name, text, opened) = try saved(
      try ExplorerTests.explorer(), query.map { (name: $0.key, value: $0.value) })
    #expect(name.hasPrefix("explored-\(query["va"] ?? "")"))
    #expect(name.hasSuffix(query["set"] == nil ? ".yaml" : "-cr4-smap.yaml"))
    #expect(text.contains("fails without: `mmubench run --update \(name)`"))
    let address = VirtualAddress(try NumberText.number(query["va"] ?? ""))
    var machine = try ExplorerTests.machine()
    if query["set"] == "CR4.SMAP" { machine.paging.cr4 ^= 0x20_0000 }
    let (got, wanted) = (opened.machine.walk(address), machine.walk(address))
    #expect(got.result == wanted.result)
    #expect(got.steps == wanted.steps)
    guard query["access"] != nil else { return }
    let access = Access(.write, as: query["as"] == "user" ? .user : .supervisor)
    #expect(
      opened.machine.access(address, access).result == machine.access(address, access).result)
    #expect(text.contains("error-code") == (query["as"] == "supervisor"))
  }

  /// Every question of a scenario, saved, passes as it is.
  @Test(arguments: [
    "arm64/arm64-4k-basic", "arm64/arm64-halves", "arm64/arm64-rights", "x86/pae-4k-basic",
    "windows/win-skeleton", "windows/win-valid-cow", "windows/win-skeleton-mask",
    "windows/win-proto-to-each-state", "linux/linux-fault-paths",
  ])
  func itPasses(scenario: String) throws {
    let path = Self.scenarios.appending(path: "\(scenario).yaml").path
    guard FileManager.default.fileExists(atPath: path) else {
      Issue.record("no \(path)")
      return
    }
    let exhibit = try Exhibit(path)
    let explorer = Explorer(exhibit.machine, title: scenario, indexedAs: nil)
    let folder = FileManager.default.temporaryDirectory.appending(path: "saved-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var names: Set<String> = []
    for question in exhibit.questions.prefix(20) where question.alignmentCheck == nil {
      var query = [(name: "va", value: question.pointer.rawValue.hex)]
      if let access = question.access {
        query += [("access", access.kind.rawValue), ("as", access.privilege.rawValue)]
      }
      if let space = question.space { query.append(("root", space.register.hex)) }
      let (name, text, _) = try saved(explorer, query)
      names.insert(name)
      #expect(text.contains("os: ") == (exhibit.machine.system.id != "none"))
      let file = folder.appending(path: name)
      try Data("\(text)golden: false\n".utf8).write(to: file)
      let result = ScenarioRunner().run(file.path)
      #expect(result.verdict == .passed, "\(text)\n\(result)")
    }
    #expect(names.count == exhibit.questions.prefix(20).count { $0.alignmentCheck == nil })
  }

  /// At its end the timeline's process has unmapped all that it had: that no area holds an address is
  /// known, and the scenario says as much.
  @Test func thatAProcessHasNoAreasIsSaid() throws {
    let path = Self.scenarios.appending(path: "timelines/linux-swap.yaml").path
    let explorer = Explorer(try Exhibit(path).machine, title: "linux-swap", indexedAs: nil)
    let (_, text, opened) = try saved(
      explorer, [("va", "0x1234"), ("access", "write"), ("as", "user")])
    #expect(text.contains("signal-code: SEGV_MAPERR") && !text.contains("expects less"), "\(text)")
    let answer = opened.machine.access(VirtualAddress(0x1234), Access(.write, as: .user))
    #expect(answer.verdict?.linux?.finding.area == LinuxFinding.AreaAnswer.none)
  }
}
