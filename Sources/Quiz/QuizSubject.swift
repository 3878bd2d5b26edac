public import Paging

/// What the exercises of a quiz are about.
public enum QuizSubject: Hashable, Sendable {
  /// A machine small enough for paper: one table, few bits.
  case toy(ToyGeometry)
  /// A processor in a paging mode, whose tables no operating system has a meaning for.
  case processor(PagingMode)
  /// A Windows kernel, by its id, on a processor in a paging mode.
  case windows(PagingMode, id: String)
  /// A Linux kernel, by its id, on a processor in a paging mode.
  case linux(PagingMode, id: String)

  /// The subject in the words of the command line.
  public var name: String {
    switch self {
    case .toy(let geometry): geometry.description
    case .processor(let mode): mode.rawValue
    case .windows(let mode, let id), .linux(let mode, let id): "\(mode.rawValue), \(id)"
    }
  }

  /// What exercises on the subject can ask.
  public var kinds: [ExerciseKind] {
    switch self {
    case .toy: [.translate]
    // The accessed flag of arm64 is the operating system's to set.
    case .processor(.arm64): [.translate, .rights, .fault, .dump]
    case .processor: [.translate, .rights, .fault, .updates, .dump]
    case .windows: [.fault, .kernel, .frames]
    case .linux: [.fault, .kernel, .cost, .signal]
    }
  }
}

/// How hard the exercises are.
public enum QuizLevel: Int, CaseIterable, Sendable {
  /// Where an address lies: present or not, pages of 4 KiB.
  case addresses = 1
  /// Large pages and rights: whether an access faults, and with which code.
  case rights
  /// Reserved bits, registers that change the rules, addresses that no table translates.
  case registers
}

/// What an exercise asks.
public enum ExerciseKind: String, CaseIterable, Sendable {
  /// Where an address lies in physical memory.
  case translate
  /// Which rights the entries of all levels leave to a page.
  case rights
  /// Whether an access faults, and with which code.
  case fault
  /// What an entry is after an access: the accessed and dirty bits.
  case updates
  /// Where an address lies by an image that lacks some of the memory, or that this cannot be known.
  case dump
  /// What the kernel does about an access.
  case kernel
  /// Whether the kernel counts a fault as minor or major, or sends a signal.
  case cost
  /// Which signal the program gets, and with which code.
  case signal
  /// Which entries of the frame table (the PFN database) change as the kernel resolves a fault.
  case frames
}
