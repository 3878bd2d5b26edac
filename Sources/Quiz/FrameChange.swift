import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// Which entries of the PFN database change as a fault is resolved.
///
/// A page table's share count is the number of its valid and transition entries, so a page that comes
/// back from transition leaves it alone.
enum FrameChange: String, CaseIterable {
  case none = "none"
  case page = "that of the page"
  case zeroed = "those of a frame of the zeroed list and of the page table"
  case free = "those of a frame of the free list and of the page table"
  case table = "that of the page table"

  /// The change; nil where a section's pages or copies are part of it, whose share counts depend on
  /// who else has them.
  init?(_ reaction: Reaction, of answer: AccessAnswer) {
    if answer.verdict?.windows?.finding.isShared == true, reaction != .nothing { return nil }
    switch reaction {
    case .nothing, .guardPage, .violation: self = .none
    case .dirty, .transition: self = .page
    case .zeroes: self = .zeroed
    case .reads: self = .free
    case .copies, .shares: return nil
    }
  }

  var choice: Answer.Choice { .init(self, of: Self.allCases, rawValue) }
}

/// Works out, entry by entry, what becomes of the PFN database as a fault is resolved.
struct FrameSolution {
  let reaction: Reaction
  let answer: AccessAnswer
  let tables: [Exercise.Table]
  let decoder: PTEDecoder?

  /// The remarks, in the order in which the kernel acts.
  var remarks: [Exercise.Remark] {
    switch reaction {
    case .nothing:
      [all("no fault, no kernel: accessed and dirty bits are in the entry, not in the database")]
    case .guardPage:
      [all("the guard is taken out of the entry, which has no frame yet: none is given out")]
    case .violation:
      [all("the access is refused: no page is brought in, and none is given up")]
    case .dirty:
      [
        page(
          "Modified 0 → 1; it stays active, with reference count 1 and share count 1: the entry was"
            + " valid and is so still")
      ]
    case .transition:
      [
        page(
          "on the standby list, or the modified list where Modified is set → active; reference count"
            + " 0 → 1; share count 1, where the link to its neighbour on the list was"),
        table("as it was: an entry in transition counts in the share count as a valid one does"),
      ]
    case .zeroes:
      [new("zeroed", "the program must find zeros, and such frames are filled with them already")]
        + taken
    case .reads:
      [
        new(
          "free",
          "what is read replaces all that the frame holds, so zeros would be wasted on it; until the"
            + " read ends, ReadInProgress is 1")
      ] + taken
    case .copies, .shares: []
    }
  }

  private func all(_ text: String) -> Exercise.Remark { .init(subject: "none", text: text) }

  private func page(_ text: String) -> Exercise.Remark {
    let frame = answer.verdict?.windows?.finding.reading?.pfn
    return .init(subject: frame.map { "PFN \($0.hex)" } ?? "the page", text: text)
  }

  private func new(_ list: String, _ why: String) -> Exercise.Remark {
    let entry = answer.walk.steps.last
    let before = entry?.entry.map(\.hex) ?? "the entry"
    let place = entry.map { " at \($0.entryAddress)" } ?? ""
    return .init(
      subject: "the frame",
      text:
        "on the \(list) list → active; reference count 0 → 1; share count 1, where the link was;"
        + " PteAddress is that of the PTE\(place), OriginalPte what that was, \(before). The \(list)"
        + " list: \(why)")
  }

  private var taken: [Exercise.Remark] {
    guard let step = answer.walk.steps.last else { return [] }
    let frame = step.entryAddress.rawValue / frameSize
    let used = tables.first { $0.address.rawValue / frameSize == frame }.map(inUse)
    let count = used.map { ": \($0) before, \($0 + 1) after" } ?? ""
    return [
      table(
        "share count one more, for it counts the entries that are valid or in transition\(count)")
    ]
  }

  private func table(_ text: String) -> Exercise.Remark {
    let frame = answer.walk.steps.last.map { $0.entryAddress.rawValue / frameSize }
    return .init(subject: frame.map { "PFN \($0.hex)" } ?? "the page table", text: text)
  }

  private func inUse(_ table: Exercise.Table) -> Int {
    table.entries.count { entry in
      let state = decoder?.reading(of: entry.value, table: .process).state
      return state == .valid || state == .transition
    }
  }
}
