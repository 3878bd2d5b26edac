extension Scenario {
  /// `pagemap:` with words that were read from `/proc/PID/pagemap` and what they must say, or with the
  /// word that the machine would give; nil is not compared.
  public struct PagemapExpectation: Sendable {
    /// `pagemap:`, the virtual address.
    public var va: Located<UInt64>
    /// `words:`, one for each page; empty where the word is to be computed.
    public var words: [Located<UInt64>]
    /// `entry:`, the word that the kernel would give by tables and areas.
    public var entry: Located<UInt64>?
    /// `privileged:`, whether the reader has CAP_SYS_ADMIN; true unless said.
    public var isPrivileged: Located<Bool>?
    /// `start:`, the address of the first word; the page of the address unless said.
    public var start: Located<UInt64>?
    /// `kernel:`, whose words they are; the newest unless said.
    public var kernel: Located<String>?
    /// `outcome:`.
    public var outcome: Located<PageOutcome>?
    /// `pa:`, where the address is.
    public var pa: Located<UInt64>?
    /// `swap-type:`.
    public var swapType: Located<UInt64>?
    /// `swap-offset:` in pages.
    public var swapOffset: Located<UInt64>?
    /// `flags:`, all that are set.
    public var flags: [Located<String>]?
  }

  /// Where a page is.
  public enum PageOutcome: String, CaseIterable, Sendable {
    /// In memory, at a frame that is said.
    case present
    /// In memory, at a frame that is not said to this reader.
    case withheld
    /// In swap, or wherever a special swap type says.
    case swapped
    /// Nowhere.
    case none
    /// There is no word for it.
    case unknown
  }
}
