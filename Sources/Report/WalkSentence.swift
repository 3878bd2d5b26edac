import BitLayout
import Machine
import Paging
import PhysicalMemory

/// The sentence that a walk ends with: what was found, or why it went no further.
struct WalkSentence {
  let paging: PagingState
  let walk: Walk

  /// The style that fits the outcome.
  var style: TextStyle {
    switch walk.result.outcome {
    case .mapped: walk.isInImage ? .green : .yellow
    case .notPresent: .yellow
    case .reservedBits, .nonCanonical: .red
    case .missing: .yellow
    }
  }

  /// The sentence; a second one where the frame is not in the image.
  var lines: [String] {
    switch walk.result {
    case .mapped(let translation): mapped(translation)
    case .stopped(let stop): [stopped(stop)]
    }
  }

  private func mapped(_ translation: Translation) -> [String] {
    let size = Wording.size(translation.pageSize)
    let line =
      "mapped to \(translation.address) in a \(size) page; \(Wording.rights(translation.rights))"
    guard !walk.isInImage else { return [line] }
    let frame = PhysicalAddress(translation.address.rawValue & ~(frameSize - 1))
    return [line, "the image does not hold the frame at \(frame): its contents are unknown"]
  }

  private func stopped(_ stop: WalkStop) -> String {
    if paging.isARM64 { return ARM64Sentence(paging: paging, walk: walk).stopped(stop) }
    let name = walk.mode.entryName(stop.level)
    let words = EntryText(paging: paging, level: stop.level, entry: stop.entry)
    switch stop.cause {
    case .notPresent:
      return "not present: \(name) \(stop.entry.hex) at \(stop.entryAddress) has P=0"
        + " (SDM 3A, 4.7)"
    case .reservedBits(let bits):
      let citation = words.layout.map { " (\($0.citation))" } ?? ""
      return "reserved bits: \(name) \(stop.entry.hex) at \(stop.entryAddress) has"
        + " \(words.offence(of: bits)) set: \(bits.hex)\(citation)"
    case .nonCanonical: return Self.nonCanonical(walk.mode)
    case .missing:
      return "unknown: the image does not hold the \(name) at \(stop.entryAddress)"
    }
  }

  private static func nonCanonical(_ mode: PagingMode) -> String {
    let bits = mode.virtualAddressBits
    guard bits > 32 else { return "not an address of this mode: it has more than 32 bits" }
    return nonCanonical("bits 63:\(bits - 1)")
  }

  /// The sentence, with the bits of the address that should be equal.
  static func nonCanonical(_ bits: String) -> String {
    "not canonical: \(bits) are not all equal, no table is read (SDM 1, 3.3.7.1)"
  }
}
