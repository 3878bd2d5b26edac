public import LinuxMemory
import PhysicalMemory
public import WindowsMemory

/// Entries that are not valid, by rule: the same form for every page, and what each points at.
struct SoftwareRule: Sendable {
  /// What the entries mean.
  let state: IntendedState
  /// The protection in them.
  let protection: MMProtection?
  /// Composes them.
  let series: EntrySeries
  /// What they point at: pages of a page file, or addresses; nil for the frames of the pages.
  let targets: FrameSequence?

  /// What the entry of page `index` points at.
  func target(_ index: UInt64, _ rule: IntendedRule) -> UInt64 {
    targets.map { $0[index] } ?? rule.frames[index] >> 12
  }
}

/// An entry above the leaves that is not to be valid, with the tables behind it as they are.
struct InvalidTablePlan: Sendable {
  /// The entries, one for each `page` of the rule.
  var rule: IntendedRule
  let level: Int
  /// What is written.
  let software: SoftwareRule
  /// Where the table of a transition is; nil for the one that the builder makes.
  let frame: UInt64?
}

/// Composes entries that are not valid, whichever kernel's they are.
enum EntrySeries: Sendable {
  /// Of Windows.
  case windows(PTESeries)
  /// Of Linux, with the size of the page as a power of 2.
  case linux(LinuxEntrySeries, pageShift: UInt64)

  /// The entry that points at a page, a frame or an address; nil where that does not fit.
  func entry(_ target: UInt64) -> UInt64? {
    switch self {
    case .windows(let series): series.entry(target)
    case .linux(let series, let pageShift): series.entry(target, pageShift: pageShift)
    }
  }
}

/// What an entry that is not valid means, to the kernel that the scenario is for.
public enum IntendedState: Hashable, Sendable {
  /// To Windows.
  case windows(PTEState)
  /// To Linux.
  case linux(LinuxEntryReading.State)

  /// The word of the command line.
  public var rawValue: String {
    switch self {
    case .windows(let state): state.rawValue
    case .linux(let state): state.rawValue
    }
  }
}
