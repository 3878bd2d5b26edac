import ImageBuilder
import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// Compares every page that the builder intended with what the walker finds.
struct LedgerCheck {
  /// A page that is not as intended.
  struct Mismatch {
    var name: String
    var expected: String
    var got: String
  }

  let machine: Machine
  let ledger: Ledger

  /// The first pages, at most ten, that are not as intended.
  var mismatches: [Mismatch] {
    machine.addressSpaces.indices.flatMap { index -> [Mismatch] in
      var comparison = IntentComparison(ledger: ledger, space: index)
      return machine.paging(of: machine.addressSpaces[index])
        .perform(&comparison, on: machine.memory) + entryDifferences(in: index)
    }
  }

  /// The first entries of an address space that do not mean what they should, at most ten.
  private func entryDifferences(in space: Int) -> [Mismatch] {
    if let classifier = machine.linuxClassifier(in: machine.addressSpaces[space]) {
      return entryDifferences(in: space, classifier)
    }
    guard let search = EntrySearch(machine, machine.addressSpaces[space]) else { return [] }
    var found: [Mismatch] = []
    ledger.forEachEntry(in: space) { entry in
      let reading = search.entry(of: search.finding(of: entry.va), level: entry.level)
      if reading?.level != entry.level || reading?.reading.agrees(with: entry) != true {
        found.append(
          Mismatch(
            name: "\(entry.va) \(machine.paging.mode.entryName(entry.level))",
            expected: entry.words, got: reading?.words ?? "an entry that cannot be read"))
      }
      return found.count < 10
    }
    return found
  }
}

extension LedgerCheck {
  /// The entries that do not mean to Linux what they should.
  private func entryDifferences(
    in space: Int, _ classifier: LinuxClassifier
  ) -> [Mismatch] {
    var found: [Mismatch] = []
    ledger.forEachEntry(in: space) { entry in
      let finding = classifier.finding(of: entry.va)
      if finding.level != entry.level || finding.reading?.agrees(with: entry) != true {
        found.append(
          Mismatch(
            name: "\(entry.va) \(machine.paging.mode.entryName(entry.level))",
            expected: entry.words, got: finding.words))
      }
      return found.count < 10
    }
    return found
  }
}

extension LinuxEntryReading {
  /// Whether the entry means what it should and points where it should.
  fileprivate func agrees(with entry: IntendedEntry) -> Bool {
    let target = frame?.frame ?? swapFrame ?? swapOffset
    return .linux(state) == entry.state && (target == nil || target == entry.target)
  }
}

extension IntendedEntry {
  fileprivate var words: String {
    var words = state.rawValue
    if let protection { words += " \(protection.name)" }
    if let target, target != 0 { words += " \(target.hex)" }
    return words
  }
}

extension PTEReading {
  /// Whether the entry means what it should and points where it should.
  fileprivate func agrees(with entry: IntendedEntry) -> Bool {
    guard .windows(state) == entry.state else { return false }
    if let wanted = entry.protection, wanted != protection {
      // Some forms of 32-bit entries have no room for a protection, which then is none.
      guard protection == nil, wanted == .zeroAccess else { return false }
    }
    let target = pfn ?? pageFileOffset ?? prototypeAddress ?? subsectionAddress
    return target == nil || entry.target == nil || target == entry.target
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

  mutating func run(_ walker: some TableWalker) -> [LedgerCheck.Mismatch] {
    var found: [LedgerCheck.Mismatch] = []
    ledger.forEachPage(in: space) { page in
      for offset in [0, page.pageSize - 1] {
        let result = walker.translate(page.va.advanced(by: offset))
        guard !Self.agrees(result, page, offset) else { continue }
        found.append(
          LedgerCheck.Mismatch(
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
