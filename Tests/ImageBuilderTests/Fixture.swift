import Foundation
import Glibc
import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// Scenarios as text, and what the builder makes of them.
enum Fixture {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  static let diagnostics = folder.appendingPathComponent("Diagnostics")

  /// A scenario of some lines on a machine.
  static func scenario(
    _ lines: String, machine: String = "{ mode: x86-64, memory: 1 MiB }"
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
    _ lines: String, machine: String = "{ mode: x86-64, memory: 1 MiB }"
  ) throws(DiagnosticList) -> BuiltImage {
    try ImageBuilder.build(scenario(lines, machine: machine))
  }

  /// The codes and places of what is wrong with a scenario; lines count from `machine:`, which is 5.
  static func faults(
    _ lines: String, machine: String = "{ mode: x86-64, memory: 1 MiB }"
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
      var start = run.start.rawValue
      while start <= run.last.rawValue {
        let end = min(start | 0xfff, run.last.rawValue)
        if !isZero(start, count: Int(end - start + 1)) {
          for address in stride(from: start, through: end, by: width) {
            let word = word(at: address, width)
            if word != 0 { words[address] = word }
          }
        }
        start = end + 1
      }
    }
    return words
  }

  private func word(at address: UInt64, _ width: Int) -> UInt64 {
    let place = PhysicalAddress(address)
    return width == 4
      ? machine.memory.load(UInt32.self, at: place).map(UInt64.init) ?? 0
      : machine.memory.load(UInt64.self, at: place) ?? 0
  }

  private func isZero(_ start: UInt64, count: Int) -> Bool {
    machine.memory.withBytes(at: PhysicalAddress(start), count: count) { bytes in
      unsafe bytes.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress, unsafe bytes[0] == 0 else { return false }
        return unsafe memcmp(base, base + 1, count - 1) == 0
      }
    } ?? false
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

extension Fixture {
  /// A machine as a dump with one process gives it.
  static func dump() throws -> Machine {
    Machine(
      memory: .flat(FlatMemory(try ByteMapping.zeroed(count: 1 << 16))),
      paging: PagingState(mode: .x86_64, cr3: 0x2000),
      addressSpaces: [
        AddressSpace(register: 0x2000, pid: 1, process: "init", foundBy: "a note"),
        AddressSpace(register: 0x3000, pid: 2, process: "sh", foundBy: "a note"),
      ], format: "elf", size: 1 << 16)
  }
}

extension BuiltImage {
  /// The number of pages that the enumeration finds in all spaces, shared ones in each place.
  func mappedPages() -> UInt64 {
    var count: UInt64 = 0
    for space in machine.addressSpaces {
      let counter = Counter()
      machine.paging(of: space).map(machine.memory, expandingCopies: true) { piece in
        if case .run(let run) = piece { counter.pages += run.pageCount }
        return true
      }
      count += counter.pages
    }
    return count
  }

  private final class Counter {
    var pages: UInt64 = 0
  }
}
