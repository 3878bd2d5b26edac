import LinuxMemory
import Machine
import Paging

/// What Linux does about an access, as far as entry and area say it.
enum LinuxReaction: String, CaseIterable {
  case nothing = "nothing: the processor makes the access by itself"
  case zeroPage = "it maps the page of zeros that all share, read-only"
  case newPage = "it gives the process a new page, filled with zeros"
  case file = "it maps the page of the file, read first unless it is in the page cache"
  case swap = "it maps the page from swap, read first unless it is in the swap cache"
  case unmapped = "it sends SIGSEGV with the code SEGV_MAPERR"
  case fileCopy = "it gives the process a copy of the file's page"
  case copies = "it copies the page, unless nobody else has it: then it makes it writable"
  case shares = "it makes the page writable for all who share it"
  case rights = "it puts back the rights that it took away to learn where the page is used"
  case refused = "it sends SIGSEGV with the code SEGV_ACCERR"
  case pastEnd = "it sends SIGBUS with the code BUS_ADRERR"
  case userfault = "it lets the program wait for whoever reads the userfaultfd"
  case moves = "it lets the program wait until the page has arrived in another frame"
  case broken = "it sends SIGBUS with the code BUS_MCEERR_AR"
  case itself = "it goes on at the exception table, or reports an oops"

  /// What the verdict on an access comes to; nil where more than entry and area decides.
  init?(_ answer: AccessAnswer) {
    guard answer.result.outcome != .translated else {
      self = .nothing
      return
    }
    // Where a page is there and the retry faults again, two answers would be right.
    guard let verdict = answer.verdict?.linux, verdict.secondFault == nil else { return nil }
    switch (verdict.signal, verdict.oops) {
    case (.mapError?, _): self = .unmapped
    case (.accessError?, _): self = .refused
    case (.addressError?, _): self = .pastEnd
    case (.memoryError?, _): self = .broken
    case (nil, .unlessFixedUp?): self = .itself
    case (nil, nil): self.init(resolution: verdict)
    case (.protectionKey?, _), (.otherException?, _), (nil, .certain?): return nil
    }
  }

  private init?(resolution verdict: LinuxVerdict) {
    let isShared = verdict.finding.holder?.flags.contains(.shared) == true
    switch verdict.resolution {
    case .mapZeroPage: self = .zeroPage
    case .makePage: self = .newPage
    case .mapFilePage: self = .file
    case .copyFilePage: self = .fileCopy
    case .swapIn: self = .swap
    case .restoreRights: self = .rights
    case .makeWritable where isShared: self = .shares
    case .copyPage, .copyOrMakeWritable, .makeWritable: self = .copies
    case .wait: self = verdict.finding.state == .migration ? .moves : .userfault
    // What is resolved by halves, or not at all, and huge pages, of which exercises have none.
    case .swapInAndCopy, .swapInAndWait, .makeHugePage, .split, .tryAgain, nil: return nil
    }
  }

  /// What there is to choose from at a level: what can happen there.
  static func choices(_ level: QuizLevel) -> [LinuxReaction] {
    switch level {
    case .addresses: Array(allCases.prefix { $0 != .fileCopy })
    case .rights: Array(allCases.prefix { $0 != .userfault })
    case .registers: allCases
    }
  }

  /// The reaction among those of a level.
  func choice(_ level: QuizLevel) -> Answer.Choice {
    .init(self, of: Self.choices(level), rawValue)
  }
}
