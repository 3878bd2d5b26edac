import ImageBuilder
import Machine
import Paging
import PhysicalMemory

/// Compares every page that the builder intended with what the walker finds.
struct LedgerCheck {
  /// A page that is not as intended.
  struct Difference {
    var name: String
    var expected: String
    var got: String
  }

  let machine: Machine
  let ledger: Ledger

  /// The first pages, at most ten, that are not as intended.
  var differences: [Difference] {
    machine.addressSpaces.indices.flatMap { index -> [Difference] in
      var comparison = IntentComparison(ledger: ledger, space: index)
      return machine.paging(of: machine.addressSpaces[index])
        .perform(&comparison, on: machine.memory)
    }
  }
}

/// Walks the first and the last byte of every intended page of one address space.
private struct IntentComparison: WalkerOperation {
  let ledger: Ledger
  let space: Int
  private let limit = 10

  init(ledger: Ledger, space: Int) {
    self.ledger = ledger
    self.space = space
  }

  mutating func run(_ walker: some TableWalker) -> [LedgerCheck.Difference] {
    var found: [LedgerCheck.Difference] = []
    ledger.forEachPage(in: space) { page in
      for offset in [0, page.pageSize - 1] {
        let result = walker.translate(page.va.advanced(by: offset))
        guard !Self.agrees(result, page, offset) else { continue }
        found.append(
          LedgerCheck.Difference(
            name: page.va.advanced(by: offset).description,
            expected: "\(page.pa.advanced(by: offset)) \(page.pageSize.hex) \(page.rights)",
            got: Self.describe(result)))
      }
      return found.count < limit
    }
    return found
  }

  private static func agrees(_ result: WalkResult, _ page: IntendedPage, _ offset: UInt64) -> Bool {
    guard let translation = result.translation else { return false }
    return translation.address == page.pa.advanced(by: offset)
      && translation.pageSize == page.pageSize && translation.rights == page.rights
  }

  private static func describe(_ result: WalkResult) -> String {
    guard let translation = result.translation else { return result.outcome.rawValue }
    return "\(translation.address) \(translation.pageSize.hex) \(translation.rights)"
  }
}
