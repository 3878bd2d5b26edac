import Foundation
import Machine
import Paging
import PhysicalMemory

/// Walks that somebody expects, one JSON object a line, as `build --truth` and `walk --json` write them.
struct WalkTruth {
  /// A walk, with what is said of it.
  private struct Line: Decodable {
    var va: GuestTruth.HexNumber
    var mode: String?
    var root: GuestTruth.HexNumber?
    var outcome: String
    var pa: GuestTruth.HexNumber?
    var pageSize: UInt64?
    var write: Bool?
    var user: Bool?
    var execute: Bool?
    var stoppedAt: String?
    var reserved: GuestTruth.HexNumber?
    var missing: GuestTruth.HexNumber?

    enum CodingKeys: String, CodingKey {
      case va, mode, root, outcome, pa, write, user, execute, reserved, missing
      case pageSize = "page_size"
      case stoppedAt = "stopped_at"
    }
  }

  let path: String
  let bytes: [UInt8]

  /// Compares each walk under its root.
  func compare(_ machine: Machine, limit: Int) throws -> Verification.Outcome {
    let decoder = JSONDecoder()
    var differences: [String] = []
    var (number, count) = (0, UInt64(0))
    var roots: Set<UInt64> = []
    for text in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      guard !text.isEmpty, differences.count < limit else { continue }
      let line: Line
      do {
        line = try decoder.decode(Line.self, from: Data(text))
      } catch let error as DecodingError {
        throw GuestTruth.Problem(
          description: "\(path):\(number): expected a walk object: \(GuestTruth.describe(error))")
      }
      count += 1
      if let root = line.root?.value { roots.insert(root) }
      if let difference = difference(line, machine) {
        differences.append("line \(number): \(difference)")
      }
    }
    return Verification.Outcome(
      compared: [("roots", UInt64(roots.count)), ("walks", count)], differences: differences)
  }

  private func difference(_ line: Line, _ machine: Machine) -> String? {
    let address = VirtualAddress(line.va.value)
    var state = machine.paging
    if let root = line.root?.value { setRoot(root, for: address, &state) }
    let name = "root \(state.half(of: address).root), \(address)"
    if let mode = line.mode, mode != state.mode.rawValue {
      return "\(name): the walk is in mode \(mode), the machine's is \(state.mode.rawValue)"
    }
    let result = state.walk(address, in: machine.memory).result
    guard line.outcome == result.outcome.rawValue else {
      let wanted = line.pa.map { "mapped to \($0.value.hex)" } ?? line.outcome
      let got = result.translation.map { "mapped to \($0.address)" } ?? result.outcome.rawValue
      return "\(name) is \(wanted), the tables say \(got)"
    }
    var facts: [String] = []
    func compare<Value: Equatable>(_ key: String, _ wanted: Value?, _ got: Value) {
      guard let wanted, wanted != got else { return }
      facts.append("\(key) is \(wanted), the tables say \(got)")
    }
    switch result {
    case .mapped(let page):
      compare("pa", line.pa?.value.hex, page.address.rawValue.hex)
      compare("page_size", line.pageSize, page.pageSize)
      compare("write", line.write, page.rights.contains(.write))
      compare("user", line.user, page.rights.contains(.user))
      compare("execute", line.execute, page.rights.contains(.execute))
    case .stopped(let stop):
      compare("stopped_at", line.stoppedAt, state.mode.entryName(stop.level))
      if case .reservedBits(let bits) = stop.cause {
        compare("reserved", line.reserved?.value.hex, bits.hex)
      }
      compare("missing", line.missing?.value.hex, stop.entryAddress.rawValue.hex)
    }
    return facts.isEmpty ? nil : "\(name): \(facts.joined(separator: "; "))"
  }

  /// On arm64 the root of an upper address is TTBR1_EL1.
  private func setRoot(_ root: UInt64, for address: VirtualAddress, _ state: inout PagingState) {
    let isUpper = state.isARM64 && ARM64Half(of: address.rawValue) == .upper
    if isUpper { state.ttbr1 = root } else { state.cr3 = root }
  }
}
