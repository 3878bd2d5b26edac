import Foundation
import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// Scenarios as text, and what the builder makes of them.
enum Fixture {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  static let diagnostics = folder.appendingPathComponent("Diagnostics")

  /// Whether goldens are written instead of compared; a run that writes them fails.
  static var isRecording: Bool { ProcessInfo.processInfo.environment["MMUBENCH_RECORD"] == "1" }

  /// A scenario of some lines on a machine.
  static func scenario(
    _ lines: String, machine: String = "{ mode: x86-64, memory: 16 MiB }"
  ) throws(DiagnosticList) -> Scenario {
    let text = """
      mmubench: 1
      scenario: a
      title: A title
      source: a test
      machine: \(machine)
      \(lines)
      """
    return try ScenarioParser.parse(text: text, path: "a.yaml", checkingName: false)
  }

  static func build(
    _ lines: String, machine: String = "{ mode: x86-64, memory: 16 MiB }"
  ) throws(DiagnosticList) -> BuiltImage {
    try ImageBuilder.build(scenario(lines, machine: machine))
  }

  /// The codes and places of what is wrong with a scenario; lines count from `machine:`, which is 5.
  static func faults(
    _ lines: String, machine: String = "{ mode: x86-64, memory: 16 MiB }"
  ) -> [String] {
    do throws(DiagnosticList) {
      _ = try build(lines, machine: machine)
      return []
    } catch {
      return error.diagnostics.map { "\($0.code.rawValue) \($0.mark)" }
    }
  }
}

extension BuiltImage {
  /// The words that are not 0, by their addresses.
  func words(_ width: Int) -> [UInt64: UInt64] {
    var words: [UInt64: UInt64] = [:]
    for run in machine.memory.runs {
      for address in stride(
        from: run.start.rawValue, through: run.last.rawValue, by: width)
      {
        let place = PhysicalAddress(address)
        let word =
          width == 4
          ? machine.memory.load(UInt32.self, at: place).map(UInt64.init)
          : machine.memory.load(UInt64.self, at: place)
        if let word, word != 0 { words[address] = word }
      }
    }
    return words
  }

  /// All bytes of the image, its gaps included, in one number (FNV-1a).
  var checksum: UInt64 {
    var sum: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ value: UInt64) {
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        sum = (sum ^ (value >> shift & 0xff)) &* 0x100_0000_01b3
      }
    }
    for run in machine.memory.runs {
      add(run.start.rawValue)
      add(run.byteCount)
    }
    for (address, word) in words(8).sorted(by: { $0.key < $1.key }) {
      add(address)
      add(word)
    }
    return sum
  }

  /// Where the walker and the ledger disagree, as text; at most ten.
  func disagreements() -> [String] {
    var found: [String] = []
    ledger.forEachPage { page in
      let space = machine.addressSpaces[page.space]
      for offset in [0, page.pageSize - 1] {
        let walk = machine.walk(page.va.advanced(by: offset), in: space)
        let translation = walk.result.translation
        if translation?.address == page.pa.advanced(by: offset),
          translation?.pageSize == page.pageSize, translation?.rights == page.rights
        {
          continue
        }
        let rights = translation.map { "\($0.rights)" } ?? "-"
        found.append(
          "space \(page.space) \(page.va)+\(offset.hex): meant \(page.pa) \(page.rights), "
            + "is \(walk.result.outcome) \(translation?.address.rawValue.hex ?? "-") \(rights)")
      }
      return found.count < 10
    }
    return found
  }
}
