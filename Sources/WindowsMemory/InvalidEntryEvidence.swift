public import Paging
public import PhysicalMemory

/// What entries that are not valid have in common: from it follow the invalid-PTE mask and, where a
/// kernel's patch level is not known, whether its entries have a SwizzleBit.
///
/// Entries in prototype form are left out, for their addresses have high bits of their own, and so are
/// those with the bit that SwizzleBit would be: they do not carry the mask.
public struct InvalidEntryEvidence: Sendable, Hashable {
  /// The entries that were looked at.
  public private(set) var count: UInt64 = 0
  /// Of them, those without any bit that a mask can have.
  public private(set) var plainCount: UInt64 = 0
  /// How many have each bit.
  private var counts = [UInt64](repeating: 0, count: 64)
  /// How many have a bit and no other that a mask can have.
  private var loneCounts = [UInt64](repeating: 0, count: 64)
  /// Entries whose page-file number is certainly where old kernels have it, and where later ones do.
  private var oldNumbers: UInt64 = 0
  private var newNumbers: UInt64 = 0

  private static let bits = InvalidEntryBits()
  /// Fewer entries say nothing.
  private static let least: UInt64 = 4
  /// As many are looked at as tell; tables beyond that are left out.
  private static let most: UInt64 = 1 << 20

  /// The generations of software layouts.
  public enum Generation: String, Sendable {
    /// Of before August 2018: the number of the page file is in bits 4:1.
    case plain
    /// Of after that: SwizzleBit is bit 4.
    case swizzled
  }

  /// Creates evidence of nothing.
  public init() {}

  /// Counts the entries of an address space that are not valid.
  public mutating func count(of state: PagingState, in memory: MemoryImage) {
    let half: UInt64 = state.mode.virtualAddressBits == 32 ? 0x7fff_ffff : 0x7fff_ffff_ffff
    var operation = EvidenceOperation(evidence: self, range: 0...half)
    self = state.perform(&operation, on: memory)
  }

  /// Counts one entry.
  package mutating func count(_ entry: UInt64) {
    guard entry != 0, entry & Self.bits.exceptions == 0 else { return }
    count += 1
    var lone: Int?
    var bits = entry & Self.bits.candidates
    if bits == 0 { plainCount += 1 }
    if bits.nonzeroBitCount == 1 { lone = bits.trailingZeroBitCount }
    while bits != 0 {
      counts[bits.trailingZeroBitCount] += 1
      bits &= bits - 1
    }
    if let lone { loneCounts[lone] += 1 }
    countNumber(of: entry, hasPage: entry & Self.bits.candidates != 0 && lone == nil)
  }

  private mutating func countNumber(of entry: UInt64, hasPage: Bool) {
    guard hasPage, entry & Self.bits.transition == 0 else { return }
    if entry & Self.bits.newNumber != 0 {
      newNumbers += 1
    } else if ![0, Self.bits.allocated].contains(entry & Self.bits.oldNumber) {
      oldNumbers += 1
    }
  }

  /// Whether there is enough to go by.
  public var isEnough: Bool { count >= Self.least }

  /// The bit that nearly all entries have, a good part of them as their only high one; nil where none
  /// does.
  public var maskBit: Int? {
    guard isEnough else { return nil }
    let bits = counts.indices.filter {
      counts[$0] != 0 && counts[$0] * 20 >= count * 19 && loneCounts[$0] * 4 >= count
    }
    return bits.count == 1 ? bits[0] : nil
  }

  /// The mask with that bit.
  public var mask: InvalidPTEMask? {
    maskBit.map { InvalidPTEMask(rawValue: 1 << UInt64($0)) }
  }

  /// Whether a good part of the entries has no high bit at all, so that there is no mask.
  public var hasNoMask: Bool { isEnough && plainCount * 4 >= count }

  /// The generation, as far as the entries tell.
  public var generation: Generation? {
    if maskBit != nil { return .swizzled }
    if newNumbers > 0, oldNumbers == 0 { return .swizzled }
    return oldNumbers > 0 && newNumbers == 0 ? .plain : nil
  }

  /// What the mask follows from: `bit 45 in 412 of 412 entries that are not valid`.
  public var maskWords: String {
    if let maskBit {
      return "bit \(maskBit) in \(counts[maskBit]) of \(count) entries that are not valid"
    }
    if hasNoMask { return "\(plainCount) of \(count) entries that are not valid have no high bit" }
    return count == 0
      ? "there are no entries to infer it from"
      : "\(count) entries that are not valid do not tell"
  }

  /// What the generation follows from.
  public var generationWords: String {
    if maskBit != nil { return "the entries carry a mask" }
    switch generation {
    case .swizzled: return "\(newNumbers) entries have a page-file number in bits 15:12"
    case .plain: return "\(oldNumbers) entries have a page-file number in bits 4:1"
    case nil: return "the entries do not tell"
    }
  }

  var isFull: Bool { count >= Self.most }
}

private struct EvidenceOperation: WalkerOperation {
  let evidence: InvalidEntryEvidence
  let range: ClosedRange<UInt64>

  mutating func run(_ walker: some TableWalker) -> InvalidEntryEvidence {
    var visitor = EvidenceVisitor(evidence: evidence)
    walker.scan(range, visitor: &visitor)
    return visitor.evidence
  }
}

private struct EvidenceVisitor: TableVisitor {
  static var seesAbsent: Bool { true }

  var evidence: InvalidEntryEvidence
  private var seen = FoldTable<Bool>(empty: false)

  init(evidence: InvalidEntryEvidence) { self.evidence = evidence }

  mutating func enter(_ table: TableVisit) -> Bool {
    guard !evidence.isFull, seen.value(for: table.key) == nil else { return false }
    seen.store(true, for: table.key)
    return true
  }

  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {}

  mutating func absent(_ entry: EntryVisit) { evidence.count(entry.entry) }

  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {}

  mutating func missing(_ entry: EntryVisit) {}

  mutating func leave(_ table: TableVisit) {}
}
