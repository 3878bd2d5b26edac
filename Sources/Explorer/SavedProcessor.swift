import ImageBuilder
import Paging
import PhysicalMemory

/// What a walk depends on beside mode, root and memory, as `machine:` says it.
struct SavedProcessor {
  let state: PagingState

  /// The lines of `machine:`.
  var settings: [String] {
    var settings = [
      "registers: { \(registers.map { "\($0.0): \($0.1.hex)" }.joined(separator: ", ")) }"
    ]
    if state.alignmentCheck { settings.append("ac: true") }
    if state.physicalBits != 52 { settings.append("physical-bits: \(state.physicalBits)") }
    if let vendor = state.vendor { settings.append("vendor: \(vendor.rawValue)") }
    if let bit = state.encryptionBit { settings.append("c-bit: \(bit)") }
    if let bit = state.sharedBit { settings.append("shared-bit: \(bit)") }
    return settings + features
  }

  private var features: [String] {
    let usual = PagingState(mode: state.mode).features
    let others = ProcessorWords.features.sorted { $0.key < $1.key }
      .filter { state.features[keyPath: $0.value] != usual[keyPath: $0.value] }
      .map { "\($0.key): \(state.features[keyPath: $0.value])" }
    let accepted = ProcessorWords.deviations.sorted { $0.key < $1.key }
      .filter { state.features[keyPath: $0.value] }.map(\.key)
    return (others.isEmpty ? [] : ["features: { \(others.joined(separator: ", ")) }"])
      + (accepted.isEmpty ? [] : ["accept: [\(accepted.joined(separator: ", "))]"])
  }

  private var registers: [(String, UInt64)] {
    if state.isARM64 {
      return (state.of(.upper).isUnknownUpperHalf ? [] : [("ttbr1", state.ttbr1)])
        + [("tcr", state.tcr), ("sctlr", state.sctlr)]
        + (state.pan == 0 ? [] : [("pan", state.pan)])
    }
    return [("cr0", state.cr0), ("cr4", state.cr4)]
      + (state.mode == .x86 ? [] : [("efer", state.efer)])
      + (state.pkru == 0 ? [] : [("pkru", state.pkru)])
      + (state.pkrs == 0 ? [] : [("pkrs", state.pkrs)])
  }
}

extension PagingState {
  /// Whether this is the upper half of arm64, whose top table nobody knows.
  var isUnknownUpperHalf: Bool { arm64.half == .upper && upperRegister == nil }
}
