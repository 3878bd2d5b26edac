import PhysicalMemory
import ScenarioFile

/// The pages that an address space has so far, to say which ones collide.
struct Collisions {
  private(set) var rules: [IntendedRule] = []

  mutating func add(_ rule: IntendedRule) { rules.append(rule) }

  /// Page `index` of `rule` and something before it want the same addresses.
  func overlap(_ rule: IntendedRule, page index: UInt64) -> Diagnostic {
    let address = rule.address(index).rawValue
    let pages = address...(address + (rule.pageSize - 1))
    let earlier = rules.first {
      $0.index(holding: address) != nil || $0.indexes(in: pages) != nil
    }
    let note: String
    if let earlier {
      note = "line \(earlier.mark.line) maps it first"
    } else {
      note = "an entry for it is there"
    }
    return Diagnostic(
      .overlap, "the page at \(address.hex) is mapped already", at: rule.mark, notes: [note])
  }
}
