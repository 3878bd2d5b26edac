/// The entries that a step changed, each with what it was at first.
struct EntryJournal {
  struct Change {
    var place: UInt64
    var before: UInt64
    var level: Int
    var address: UInt64
    var isPrototype: Bool
    var process: String
  }

  /// Whether changes are noted.
  var isOpen = true
  private(set) var changes: [Change] = []
  /// The places that changed; no entry has fewer than four bytes.
  private var known = NumberSet()
  /// How many entries changed and are not kept.
  var overflow: Int { known.count - changes.count }

  mutating func note(_ change: @autoclosure () -> Change, at place: UInt64) {
    guard isOpen, known.insert(place / 4), changes.count < StepChanges.limit else { return }
    changes.append(change())
  }

  mutating func beginStep(isOpen: Bool) {
    self.isOpen = isOpen
    guard !known.isEmpty else { return }
    changes.removeAll(keepingCapacity: true)
    known.removeAll()
  }
}
