/// A parsed scenario: what the file says, with the place of every statement, before anything of it is
/// checked against a paging mode.
public struct Scenario: Sendable {
  /// The text the scenario was read from.
  public var file: ScenarioSource
  /// `scenario:`, the name of the scenario and of its file.
  public var id: Located<String>
  /// `title:`, one sentence.
  public var title: Located<String>
  /// `source:`, where the behaviour comes from.
  public var sources: [Located<String>]
  /// `about:`, a longer text.
  public var about: Located<String>?
  /// `machine:`, memory and registers.
  public var machine: Machine
  /// `windows:`, what the kernel keeps in memory.
  public var windows: Windows?
  /// `linux:`, what the kernel's entries depend on.
  public var linux: Linux?
  /// The address spaces: the file's own, or its `processes:`.
  public var spaces: Spaces
  /// `timeline:`, what happens to the machine; nil where it stands still.
  public var timeline: Timeline?
  /// `contents:`, what the frames hold.
  public var contents: [Content]
  /// `expect:`, in the order of the file.
  public var expectations: [Expectation]
  /// `golden:`, whether a golden belongs to the scenario.
  public var golden: Bool
  /// `deviates:`, what known oracles answer differently.
  public var deviations: [Deviation]
  /// Which system of a list `os:` the scenario is for; nil where there is no list.
  public var variant: String?

  /// Which address spaces the scenario has.
  public enum Spaces: Sendable {
    /// One unnamed address space, from `map`, `share`, `entries` and `self-map` of the file itself.
    case single(Layout)
    /// The address spaces of a `processes:` list.
    case processes([Process])
    /// `processes: { truth: FILE }`: roots and pids are in a real dump's truth file.
    case truth(Located<String>)
  }

  /// One item of `processes:`.
  public struct Process: Sendable {
    /// Where the item starts.
    public var mark: SourceMark
    /// `name:`.
    public var name: Located<String>?
    /// `pid:`.
    public var pid: Located<UInt64>?
    /// `root:`, the top table; nil for an automatic one.
    public var root: Located<UInt64>?
    /// `kva-shadow:`, whether the process has a root for user mode; as `windows:` says unless said.
    public var kvaShadow: Located<Bool>?
    /// `listed:`, whether the kernel's list of processes has it.
    public var isListed: Bool
    /// `recorded-root:`, what its record says the root is; the root unless said.
    public var recordedRoot: Located<UInt64>?
    /// `wsle:`, the index of the first page that a timeline brings into the working set.
    public var firstWorkingSetIndex: Located<UInt64>?
    /// What the address space maps.
    public var layout: Layout
  }

  /// How a statement refers to a process.
  public enum ProcessReference: Hashable, Sendable {
    /// By number.
    case pid(UInt64)
    /// By name.
    case name(String)
  }

  /// One item of `deviates:`.
  public struct Deviation: Sendable {
    /// Where the item starts.
    public var mark: SourceMark
    /// `oracle:`, who answers differently.
    public var oracle: Located<String>
    /// `id:`, the deviation's name in the list of known ones.
    public var id: Located<String>?
    /// `va:`, the address asked for.
    public var va: Located<UInt64>?
    /// `process:`, whose address it is.
    public var process: Located<ProcessReference>?
    /// `answers:`, what the oracle says.
    public var answers: Located<String>
    /// `note:`, why.
    public var note: Located<String>?
  }
}
