import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// Compares bytes at a virtual address, across pages, with what a scenario expects of them.
struct BytesCheck {
  private let expected: Scenario.BytesExpectation
  /// What is there; nil where nothing is mapped or the image lacks the byte.
  private let found: [UInt8?]

  init(_ expected: Scenario.BytesExpectation, _ machine: Machine, _ space: AddressSpace?) {
    self.expected = expected
    var machine = machine
    if let space { machine.paging = machine.paging(of: space) }
    let count = UInt64(expected.bytes.value.count)
    let first = expected.va.value
    // Behind the last address there is nothing.
    let last = min(
      first.addingReportingOverflow(count - 1).overflow ? .max : first + count - 1,
      machine.paging.mode.lastAddress)
    let pieces = PieceCollector()
    if first <= last {
      machine.read(first...last, .virtual) { piece in
        pieces.bytes += piece.bytes
        return true
      }
    }
    found = pieces.bytes + [UInt8?](repeating: nil, count: Int(count) - pieces.bytes.count)
  }

  var difference: Difference? {
    guard found != expected.bytes.value else { return nil }
    return (Self.text(expected.bytes.value), Self.text(found))
  }

  /// What is there, as a golden has it.
  var goldenLine: String { "bytes-at \(expected.va.value.hex) \(Self.text(found))" }

  private static func text(_ bytes: [UInt8?]) -> String {
    bytes.map { byte in byte.map { String($0.hex(digits: 2).dropFirst(2)) } ?? "??" }
      .joined(separator: " ")
  }
}

/// Bytes as they come in.
private final class PieceCollector {
  var bytes: [UInt8?] = []
}

extension MemoryPiece {
  /// Each byte of the piece; nil for those of which nothing is known.
  fileprivate var bytes: [UInt8?] {
    guard case .bytes(let bytes) = content else {
      return [UInt8?](repeating: nil, count: Int(count))
    }
    return bytes
  }
}
