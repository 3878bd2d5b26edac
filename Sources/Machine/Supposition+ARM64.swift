import BitLayout
import Paging
import PhysicalMemory

/// The changes that are tried on arm64.
extension Supposition {
  /// All changes that could matter to a question with this verdict.
  func arm64Candidates(_ verdict: Verdict) -> [[Change]] {
    privileges + registerBits(verdict) + outputSizes(verdict) + descriptors(verdict)
      + sameRights(verdict)
  }

  /// Single bits of registers, of the half that the address belongs to.
  private func registerBits(_ verdict: Verdict) -> [[Change]] {
    let layouts = ARM64RegisterLayouts.self
    let half = ARM64Half(of: pointer.rawValue) == .lower ? layouts.lower : layouts.upper
    var tcr = [
      layouts.hardwareAccess, layouts.hardwareDirty, half.disable, half.topByteIgnored,
      half.hierarchyDisable, half.userDisable, half.topByteOfDataOnly,
    ]
    // Where a walk finds a page, another form of descriptors would only make another of it.
    if verdict.walk.stop != nil { tcr.append(layouts.wideDescriptors) }
    if half.memoryTag.isSet(in: state.tcr) { tcr.append(half.memoryTag) }
    let fields: [(Change.Register, [BitField])] = [
      (.tcr, tcr), (.sctlr, [layouts.writableNeverExecuted, layouts.enhancedPAN]),
      (.pstate, [Change.Register.privilegedAccessNever]),
    ]
    let single = fields.flatMap { register, fields in
      fields.map { [toggled($0, of: register)] }
    }
    // HD counts only with HA.
    let both = [layouts.hardwareAccess, layouts.hardwareDirty]
    return both.contains { $0.isSet(in: state.tcr) }
      ? single : single + [both.map { toggled($0, of: .tcr) }]
  }

  /// The least output size, and the least processor, that have the address bits which are too many.
  private func outputSizes(_ verdict: Verdict) -> [[Change]] {
    guard let stop = verdict.walk.stop, case .reservedBits = stop.cause else { return [] }
    let now = ARM64RegisterLayouts.outputSize.value(in: state.tcr)
    let sizes = (now...Self.largestOutputSize).dropFirst().map { Change.outputSize($0) }
    let processors = (state.physicalBits...52).dropFirst().map { Change.physicalBits($0) }
    let frees = { (change: Change) in
      supposing([change])?.verdict.isFurther(than: verdict) == true
    }
    let alone = [sizes.first(where: frees), processors.first(where: frees)].compactMap { $0 }
    if !alone.isEmpty { return alone.map { [$0] } }
    // A processor with fewer bits than IPS says needs both.
    return [sizes.last, processors.last].compactMap { $0.map { [$0] } }
  }

  /// TCR_EL1.IPS=0b110.
  private static let largestOutputSize: UInt64 = 6

  private func descriptors(_ verdict: Verdict) -> [[Change]] {
    var seen: Set<PhysicalAddress> = []
    return verdict.steps.flatMap { step -> [[Change]] in
      guard let entry = step.entry, seen.insert(step.entryAddress).inserted else { return [] }
      var changes: [[Change]] = []
      if let stop = verdict.walk.stop, case .reservedBits(let bits) = stop.cause,
        stop.entryAddress == step.entryAddress
      {
        changes.append([flip("", bits, of: step)])
      }
      return changes
        + Self.deciding(entry, level: step.level, isLast: step == verdict.steps.last)
        .map { [flip($0.name, $0.bits, of: step)] }
    }
  }

  private typealias Flag = (name: String, bits: UInt64)

  private static func isTable(_ entry: UInt64, level: Int) -> Bool {
    level > 1 && ARM64Layouts.type.isSet(in: entry)
  }

  /// The flags of a descriptor that decide about translation and rights.
  private static func deciding(_ entry: UInt64, level: Int, isLast: Bool) -> [Flag] {
    // A descriptor of 0 is empty: what it would say if it were valid is nobody's intention.
    if entry == 0 { return [] }
    let layouts = ARM64Layouts.self
    if isTable(entry, level: level) {
      return [
        named(layouts.valid),
        ("APTable[0]", layouts.accessTableNoUser), ("APTable[1]", layouts.accessTableReadOnly),
        named(layouts.userExecuteNeverTable), named(layouts.privilegedExecuteNeverTable),
      ]
    }
    // A block is no table, unless that is where the walk ends at L3.
    let type = isLast && level == 1 && layouts.valid.isSet(in: entry) ? [named(layouts.type)] : []
    return type + [
      named(layouts.valid),
      ("AP[1]", layouts.accessUser), ("AP[2]", layouts.accessReadOnly),
      named(layouts.accessFlag), named(layouts.dirtyModifier), named(layouts.userExecuteNever),
      named(layouts.privilegedExecuteNever),
    ]
  }

  private static func named(_ field: BitField) -> Flag {
    (String(describing: field.name), field.mask)
  }

  /// The same right in all descriptors that take it away, where there are several.
  private func sameRights(_ verdict: Verdict) -> [[Change]] {
    let layouts = ARM64Layouts.self
    let rights: [(table: Flag, leaf: Flag, isLost: (UInt64) -> Bool)] = [
      (
        ("APTable[1]", layouts.accessTableReadOnly), ("AP[2]", layouts.accessReadOnly),
        { $0 != 0 }
      ),
      (("APTable[0]", layouts.accessTableNoUser), ("AP[1]", layouts.accessUser), { $0 == 0 }),
      (
        Self.named(layouts.userExecuteNeverTable), Self.named(layouts.userExecuteNever),
        { $0 != 0 }
      ),
      (
        Self.named(layouts.privilegedExecuteNeverTable),
        Self.named(layouts.privilegedExecuteNever), { $0 != 0 }
      ),
    ]
    return rights.compactMap { right in
      var seen: Set<PhysicalAddress> = []
      let changes = verdict.steps.compactMap { step -> Change? in
        guard let entry = step.entry else { return nil }
        let isTable = Self.isTable(entry, level: step.level)
        let flag = isTable ? right.table : right.leaf
        guard isTable ? entry & flag.bits != 0 : right.isLost(entry & flag.bits),
          seen.insert(step.entryAddress).inserted
        else { return nil }
        return flip(flag.name, flag.bits, of: step)
      }
      return changes.count > 1 ? changes : nil
    }
  }
}
