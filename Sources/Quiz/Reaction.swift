import Machine
import Paging
import WindowsMemory

/// What a kernel does about an access, as far as one entry says it.
enum Reaction: String, CaseIterable {
  case nothing = "nothing: the processor makes the access by itself"
  case dirty = "it sets the entry dirty and writable, and the access is made again"
  case zeroes = "it gives the page a frame of zeros"
  case transition = "it takes the page back from where it still lies in memory"
  case reads = "it reads the page from a page file"
  case guardPage = "it removes the guard and raises STATUS_GUARD_PAGE_VIOLATION"
  case violation = "it raises STATUS_ACCESS_VIOLATION"
  case copies = "it gives the process a copy of the page, for itself"
  case shares = "it lets the entry lead to the frame that the section has the page in"

  /// What the verdict on an access comes to; nil where the entry alone does not tell.
  init?(_ answer: AccessAnswer) {
    let verdict = answer.verdict?.windows
    switch (answer.result.outcome, verdict?.status, verdict?.finding.state) {
    case (.translated, _, _): self = .nothing
    case (_, .guardPageViolation, _): self = .guardPage
    case (_, .accessViolation, _): self = .violation
    case (_, .copyOnWrite, .valid) where verdict?.finding.isShared == false: self = .copies
    case (_, .transition, .valid): self = .shares
    case (_, _, .demandZero): self = .zeroes
    case (_, _, .transition): self = .transition
    case (_, _, .pageFile): self = .reads
    case (_, .success, .valid): self = .dirty
    default: return nil
    }
  }

  var choice: Answer.Choice { .init(self, of: Self.allCases, rawValue) }
}

extension Answer.Choice {
  init<Value: Equatable>(_ value: Value, of all: [Value], _ text: String) {
    let place = all.firstIndex(of: value) ?? 0
    self.init(letter: Array("abcdefghijklmnopqrstuvwxyz")[place], text: text)
  }
}
