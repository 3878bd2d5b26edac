import LinuxMemory
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// The pages that an address space has so far, to say which ones collide.
struct Collisions {
  private(set) var rules: [IntendedRule] = []
  /// The indexes of those whose entries stay 0, which no look at the tables finds.
  private var empty: [Int] = []

  mutating func add(_ plan: MappingPlan) {
    if let state = plan.software?.state, [.windows(.zero), .linux(.none)].contains(state) {
      empty.append(rules.count)
    }
    rules.append(plan.rule)
  }

  /// Refuses pages for which it is said that there is nothing.
  func checkEmpty(_ rule: IntendedRule) throws(Diagnostic) {
    for index in empty {
      let other = rules[index]
      // The pages of an item of `ptes` lie side by side.
      let range = other.start.rawValue...(other.last + (other.pageSize - 1))
      guard let first = rule.indexes(in: range)?.lowerBound else { continue }
      throw overlap(rule, page: first)
    }
  }

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
