import PhysicalMemory
import WindowsMemory

/// Entries that are not valid, by rule: the same form for every page, and what each points at.
struct SoftwareRule: Sendable {
  /// What the entries mean.
  let state: PTEState
  /// The protection in them.
  let protection: MMProtection?
  /// Composes them.
  let series: PTESeries
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
