public import PhysicalMemory
import ScenarioFile
public import WindowsMemory

/// An entry that is not valid, as the scenario means it.
public struct IntendedEntry: Hashable, Sendable {
  /// The index of the address space, in the order of the scenario.
  public var space: Int
  /// The first virtual address that the entry translates.
  public var va: VirtualAddress
  /// The level of the entry; 1 is PTE.
  public var level: Int
  /// What it means.
  public var state: IntendedState
  /// The protection in it, where it has one.
  public var protection: MMProtection?
  /// What it points at: a frame, a page of a page file, an address; 0 where it points at nothing.
  ///
  /// Nil for a table in transition whose frame the builder chose.
  public var target: UInt64?
}

/// Entries of one item that are not valid.
struct IntendedEntries: Sendable {
  var rule: IntendedRule
  var level: Int
  var software: SoftwareRule

  func entry(_ index: UInt64, space: Int) -> IntendedEntry {
    // Above the leaves a frame is that of the table, which may be the builder's choice.
    let isChosen = level > 1 && software.state == .windows(.transition) && rule.frames[index] == 0
    return IntendedEntry(
      space: space, va: rule.address(index), level: level, state: software.state,
      protection: software.protection,
      target: isChosen ? nil : software.target(index, rule))
  }
}

extension Ledger {
  /// Gives all entries that are meant not to be valid, of an address space or of all, to `body` until
  /// it returns false.
  ///
  /// They come in the order of the scenario. What `entries:` changed and what the image lacks is left
  /// out, as are entries that are shared from other addresses.
  public func forEachEntry(in space: Int? = nil, _ body: (IntendedEntry) -> Bool) {
    for index in owners.indices where space == nil || space == index {
      for owner in owners[index] {
        for entries in owned[owner].entries {
          for page in 0..<entries.rule.count {
            let entry = entries.entry(page, space: index)
            guard !isChanged(entry, owner: owner) else { continue }
            guard body(entry) else { return }
          }
        }
      }
    }
  }

  private func isChanged(_ entry: IntendedEntry, owner: Int) -> Bool {
    (entry.level...levelCount).contains { level in
      owned[owner].changed[level].contains(entry.va.rawValue)
    }
  }
}
