public import Machine
public import Paging
import PhysicalMemory

/// Says of top tables that the processor refuses every entry that is present in them, or of PAE any.
///
/// Then nothing is mapped, though the tables below may be whole. The four PDPTEs of PAE are loaded together:
/// one of them that has reserved bits set keeps the register from being loaded (SDM 3A, 4.4.1).
public struct RefusedRoots: Sendable {
  private let paging: PagingState
  /// The top tables that are refused.
  private var roots: [PhysicalAddress] = []
  /// The number of top tables.
  private var count = 0
  private var reserved: UInt64 = 0
  private var isCured = true
  /// Whether no entry of the refused tables leads on.
  private var isWhole = true

  /// Looks at the top tables of paging states; nil where none of them is refused.
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
      isWhole = isWhole && refusal.isWhole
    }
    if roots.isEmpty { return nil }
  }

  /// The reserved bits of the present entries, whether these lead on where an accessed bit is accepted, and
  /// whether none of the table's leads on.
  private static func refusal(
    of state: PagingState, _ machine: Machine
  ) -> (reserved: UInt64, isCured: Bool, isWhole: Bool)? {
    var accepting = state
    accepting.features.acceptsAccessedPDPTE = true
    var reserved: UInt64 = 0
    let isPAE = state.mode == .pae
    var (isCured, isWhole) = (isPAE, true)
    for half in state.halves {
      let level = half.topLevel
      for index in 0..<half.entryCount(level) {
        guard let entry = half.entry(of: half.root, at: index, in: machine.memory) else { continue }
        switch half.meaning(of: entry, level: level) {
        case .notPresent: continue
        case .reserved(let bits):
          reserved |= bits
          if case .reserved = accepting.meaning(of: entry, level: level) { isCured = false }
        case .table, .page:
          guard isPAE else { return nil }
          isWhole = false
        }
      }
    }
    return reserved == 0 ? nil : (reserved, isCured, isWhole)
  }

  /// What is refused and why, and what takes it as harmless.
  public var sentence: String {
    let name = paging.mode.entryName(paging.topLevel)
    let place =
      count == 1
      ? "root \(roots[0])"
      : "\(roots.count == count ? "all" : "\(roots.count) of") \(count) roots (\(roots[0]) first)"
    let text =
      "\(isWhole ? "all present " : "")\(name)s of \(place) have reserved bits set (\(reserved.hex)):"
      + " the processor refuses them, and so what they lead to is not mapped"
    guard isCured else { return text }
    return text
      + "; QEMU sets bit 5, accessed, in them: --accept pdpte-accessed takes it as harmless"
  }
}
