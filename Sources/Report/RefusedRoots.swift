public import Machine
public import Paging
import PhysicalMemory

/// Says of top tables that the processor refuses every entry that is present in them.
///
/// Then nothing is mapped, though the tables below may be whole.
public struct RefusedRoots: Sendable {
  private let paging: PagingState
  /// The top tables that are refused.
  private var roots: [PhysicalAddress] = []
  /// The number of top tables.
  private var count = 0
  private var reserved: UInt64 = 0
  private var isCured = true

  /// Looks at the top tables of paging states; nil where in each of them an entry leads on, or none is present.
  public init?(_ states: [PagingState], in machine: Machine) {
    guard let first = states.first else { return nil }
    paging = first
    var seen: Set<PhysicalAddress> = []
    for state in states where seen.insert(state.root).inserted {
      count += 1
      guard let refusal = Self.refusal(of: state, machine) else { continue }
      roots.append(state.root)
      reserved |= refusal.reserved
      isCured = isCured && refusal.isCured
    }
    if roots.isEmpty { return nil }
  }

  /// The reserved bits of all present entries, and whether they lead on where an accessed bit is accepted.
  private static func refusal(
    of state: PagingState, _ machine: Machine
  ) -> (reserved: UInt64, isCured: Bool)? {
    var accepting = state
    accepting.features.acceptsAccessedPDPTE = true
    var reserved: UInt64 = 0
    var isCured = state.mode == .pae
    for half in state.halves {
      let level = half.topLevel
      for index in 0..<half.entryCount(level) {
        guard let entry = half.entry(of: half.root, at: index, in: machine.memory) else { continue }
        switch half.meaning(of: entry, level: level) {
        case .notPresent: continue
        case .reserved(let bits):
          reserved |= bits
          if case .reserved = accepting.meaning(of: entry, level: level) { isCured = false }
        case .table, .page: return nil
        }
      }
    }
    return reserved == 0 ? nil : (reserved, isCured)
  }

  /// What is refused and why, and what takes it as harmless.
  public var sentence: String {
    let name = paging.mode.entryName(paging.topLevel)
    let place =
      count == 1
      ? "root \(roots[0])"
      : "\(roots.count == count ? "all" : "\(roots.count) of") \(count) roots (\(roots[0]) first)"
    let text =
      "all present \(name)s of \(place) have reserved bits set (\(reserved.hex)): the processor"
      + " refuses them, and so nothing is mapped there"
    guard isCured else { return text }
    return text
      + "; QEMU sets bit 5, accessed, in them: --accept pdpte-accessed takes it as harmless"
  }
}
