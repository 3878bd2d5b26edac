import Explorer
import Foundation
import Golden
import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Testing
import WindowsMemory
import Workbench

/// What a saved scenario rests on goes along: what the processor accepts, prototype entries, ranges and
/// areas.
@Suite struct SavedAnswersTests {
  static let scenarios = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Scenarios")

  private static func exhibit(_ scenario: String) throws -> Exhibit {
    try Exhibit(scenarios.appending(path: "\(scenario).yaml").path)
  }

  private static func saved(
    _ question: MachineQuestion, _ exhibit: Exhibit
  ) throws -> (text: String, result: ScenarioResult) {
    var query = [(name: "va", value: question.pointer.rawValue.hex)]
    if let access = question.access {
      query += [("access", access.kind.rawValue), ("as", access.privilege.rawValue)]
    }
    if let space = question.space { query.append(("root", space.register.hex)) }
    let page = Explorer(exhibit.machine, title: "saved", indexedAs: nil).page("/save", query: query)
    let text = String(decoding: page.bytes, as: UTF8.self)
    #expect(page.status == 200, "\(text)")
    let folder = FileManager.default.temporaryDirectory.appending(path: "saved-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: try #require(page.fileName))
    try Data("\(text)golden: false\n".utf8).write(to: file)
    return (text, ScenarioRunner().run(file.path))
  }

  @Test(arguments: [
    ("dumps/i386-pae-faults", UInt64(0xc883_6000), Access?.none, "accept: [pdpte-"),
    (
      "course/09-prototype-entries", 0x30_1000, Access(.read, as: .user),
      "status: STATUS_PAGE_FAULT_TRANSITION"
    ),
    (
      "windows/win-proto-to-transition", 0x40_0000, Access(.write, as: .user),
      "status: STATUS_PAGE_FAULT_COPY_ON_WRITE"
    ),
    (
      "linux/linux-fault-paths", 0x70_2008, Access(.read, as: .user),
      "signal: SIGBUS, signal-code: BUS_ADRERR"
    ),
  ])
  func whatTheAnswerRestsOnGoesAlong(
    scenario: String, address: UInt64, access: Access?, word: String
  ) throws {
    let exhibit = try Self.exhibit(scenario)
    let (text, result) = try Self.saved(.init(VirtualAddress(address), access), exhibit)
    #expect(result.verdict == .passed, "\(text)\n\(result)")
    #expect(text.contains(word), "\(text)")
    #expect(!text.contains("cannot be said"), "\(text)")
  }

  /// Addresses around those that a scenario asks about, with every access, answer as on the page; where
  /// they cannot, the file says so and still passes.
  @Test(arguments: [
    "arm64/arm64-rights", "x86/pae-ad-updates-walked", "x86/x86-pse36", "x86/x64-lam48",
    "course/07-demand-zero", "course/09-prototype-entries", "windows/win-proto-to-each-state",
    "windows/win-proto-vad-lookup", "windows/win-zero-pte-private-vad",
    "windows/win-proto-to-valid",
    "windows/win-guard-page", "linux/linux-fault-paths", "dumps/i386-pae-faults",
  ])
  func whateverIsSavedAnswersAsThePage(scenario: String) throws {
    let exhibit = try Self.exhibit(scenario)
    var random = SplitMix64(seed: UInt64(scenario.utf8.reduce(0) { $0 + Int($1) }))
    #expect(!exhibit.questions.isEmpty)
    for question in exhibit.questions.prefix(8) {
      let offset = [0, frameSize, 0 &- frameSize][Int(random.next() % 3)]
      let address = question.pointer.rawValue &+ offset
      guard address <= exhibit.machine.paging.mode.lastAddress else { continue }
      let kinds = [Access.Kind.read, .write, .execute]
      let access = Access(
        kinds[Int(random.next() % 3)], as: random.next() % 2 == 0 ? .user : .supervisor)
      let asked = MachineQuestion(VirtualAddress(address), access, in: question.space)
      let (text, result) = try Self.saved(asked, exhibit)
      #expect(result.verdict == .passed, "\(text)\n\(result)")
      guard !text.contains("cannot be said") else { continue }
      let verdict = exhibit.machine.answer(asked)?.verdict
      if let cost = verdict?.cost { #expect(text.contains("cost: \(cost.rawValue)"), "\(text)") }
      if let status = verdict?.windows?.status {
        #expect(text.contains("status: \(status.name)"), "\(text)")
      }
      if let signal = verdict?.linux?.signal {
        #expect(text.contains("signal-code: \(signal.codeName)"), "\(text)")
      }
    }
  }
}
