extension Scenario {
  /// `machine:`, all that is not page tables.
  public struct Machine: Sendable {
    /// Where the key `machine` is.
    public var mark: SourceMark
    /// `mode:`; nil leaves it to the dump.
    public var mode: Located<String>?
    /// `memory:`.
    public var memory: Located<Memory>
    /// `os:`, the operating system.
    public var os: Located<String>?
    /// `os:` as a list: the scenario is one for each of them; empty where `os:` is no list.
    public var systems: [System]
    /// `vendor:`, the processor's manufacturer.
    public var vendor: Located<String>?
    /// `root:`, the top table with its low bits; nil for an automatic one, or the dump's.
    public var root: Located<UInt64>?
    /// `registers:`, in the order of the file.
    public var registers: [Register]
    /// `ac:`, RFLAGS.AC.
    public var alignmentCheck: Located<Bool>?
    /// `physical-bits:`, MAXPHYADDR.
    public var physicalBits: Located<Int>?
    /// `c-bit:`, the bit of an entry that says its page is encrypted.
    public var encryptionBit: Located<Int>?
    /// `shared-bit:`, the bit of an entry that says its page is shared.
    public var sharedBit: Located<Int>?
    /// `features:`, in the order of the file.
    public var features: [Feature]
    /// `accept:`, deviations of the hardware that are taken as harmless.
    public var accept: [Located<String>]
    /// `tables:`, where automatic tables go.
    public var tables: Tables?
    /// `absent:`, ranges that the image does not hold.
    public var absent: [Located<ClosedRange<UInt64>>]
  }

  /// What physical memory the machine has.
  public enum Memory: Sendable {
    /// So many bytes from address 0.
    case size(UInt64)
    /// These ranges, ends inclusive, in the order of the file.
    case ranges([Located<ClosedRange<UInt64>>])
    /// A memory dump.
    case dump(Dump)
    /// Only these words; everything else is absent.
    case facts(Facts)
  }

  /// `memory: { dump: FILE, base: ADDRESS }`.
  public struct Dump: Sendable {
    /// `dump:`, the file, relative to the scenario.
    public var file: Located<String>
    /// `base:`, the address of a raw image's first byte.
    public var base: Located<UInt64>?
  }

  /// `memory: { facts: { ADDRESS: VALUE }, width: BYTES }`.
  public struct Facts: Sendable {
    /// The words, in the order of the file; each fits the width.
    public var words: [Fact]
    /// The bytes of each word, 4 or 8.
    public var width: Int
  }

  /// One known little-endian word of memory.
  public struct Fact: Sendable {
    /// The physical address.
    public var address: Located<UInt64>
    /// What memory holds there.
    public var value: Located<UInt64>
  }

  /// One item of `registers:`.
  public struct Register: Sendable {
    /// The name, as the file writes it.
    public var name: Located<String>
    /// What the register holds.
    public var setting: Setting

    /// What a register holds.
    public enum Setting: Sendable {
      /// This value.
      case value(Located<UInt64>)
      /// The mode's default with these fields changed.
      case fields([FieldSetting])
    }
  }

  /// A field by the manual's name, and its value.
  public struct FieldSetting: Sendable {
    /// The name, as the file writes it.
    public var name: Located<String>
    /// The value, not yet checked against the width of the field.
    public var value: Located<UInt64>
  }

  /// One item of `features:`.
  public struct Feature: Sendable {
    /// The name, as the file writes it.
    public var name: Located<String>
    /// Whether the processor has it.
    public var isEnabled: Located<Bool>
  }

  /// `tables:`, where automatic tables and pages go.
  public struct Tables: Sendable {
    /// Where the key `tables` is.
    public var mark: SourceMark
    /// `from:`, the first frame; nil leaves it to the builder.
    public var from: Located<UInt64>?
    /// `order:`.
    public var order: Order
    /// `seed:`, 0 unless said; used by the shuffled order.
    public var seed: UInt64

    /// The order in which frames are handed out.
    public enum Order: String, CaseIterable, Sendable {
      /// Upwards, one after the other.
      case sequential
      /// In an order that the seed determines.
      case shuffled
    }
  }
}
