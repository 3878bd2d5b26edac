extension Scenario {
  /// What one address space maps.
  public struct Layout: Sendable {
    /// `map:`, applied first.
    public var map: [Mapping]
    /// `share:`, applied after `map`.
    public var share: [Share]
    /// `entries:`, applied last, in order.
    public var entries: [EntryEdit]
    /// `ptes:`, applied after `share`, in order.
    public var ptes: [SoftwareEntry]
    /// `vads:`.
    public var vads: [Vad]
    /// `vmas:`.
    public var vmas: [Vma]
    /// `self-map: { slot: N }`, the entry of the top table that points to the top table.
    public var selfMapSlot: Located<UInt64>?

    /// Maps nothing.
    public init() { self.init(map: [], share: [], entries: [], ptes: [], vads: [], vmas: []) }

    init(
      map: [Mapping], share: [Share], entries: [EntryEdit], ptes: [SoftwareEntry], vads: [Vad],
      vmas: [Vma], selfMapSlot: Located<UInt64>? = nil
    ) {
      (self.map, self.share, self.entries) = (map, share, entries)
      (self.ptes, self.vads, self.vmas, self.selfMapSlot) = (ptes, vads, vmas, selfMapSlot)
    }
  }

  /// One item of `map:`.
  public struct Mapping: Sendable {
    /// Where the item starts.
    public var mark: SourceMark
    /// `va:`.
    public var va: Located<Extent>
    /// `to:`.
    public var to: Located<Destination>
    /// `page:`, the size of each page in bytes; 4 KiB unless said, and then at the item's mark.
    public var page: Located<UInt64>
    /// `every:`, the distance between pages in bytes; nil for the page size.
    public var every: Located<UInt64>?
    /// `rights:`, every right granted unless said.
    public var rights: Rights
    /// `alternate:` laid over `rights:`, taken in turn page after page; empty for none.
    public var alternate: [Rights]
    /// `fields:` of the leaf entry.
    public var fields: [FieldSetting]
    /// `upper:`, fields of the entries above, by level.
    public var upper: [UpperFields]
    /// `on:`, the systems it is for; empty for all.
    public var on: [Located<String>] = []

    /// Pages of 4 KiB of which nothing else is said.
    public init(
      mark: SourceMark, va: Located<Extent>, to: Located<Destination>, rights: Rights
    ) {
      self.init(
        mark: mark, va: va, to: to, page: Located(4096, at: mark), every: nil, rights: rights,
        alternate: [], fields: [], upper: [], on: [])
    }

    init(
      mark: SourceMark, va: Located<Extent>, to: Located<Destination>, page: Located<UInt64>,
      every: Located<UInt64>?, rights: Rights, alternate: [Rights], fields: [FieldSetting],
      upper: [UpperFields], on: [Located<String>]
    ) {
      (self.mark, self.va, self.to) = (mark, va, to)
      (self.page, self.every, self.rights) = (page, every, rights)
      (self.alternate, self.fields, self.upper, self.on) = (alternate, fields, upper, on)
    }
  }

  /// The virtual addresses of a mapping.
  public enum Extent: Hashable, Sendable {
    /// The one page at this address.
    case page(UInt64)
    /// All pages of this range, ends inclusive.
    case range(ClosedRange<UInt64>)
  }

  /// The frames of a mapping.
  public enum Destination: Hashable, Sendable {
    /// Every page to the frame at this address.
    case frame(UInt64)
    /// Each page to the frame of its own address.
    case identity
    /// Frames that the builder hands out.
    case automatic
    /// Frames one after the other, in steps of `stride` bytes; nil for the page size.
    case consecutive(from: UInt64, stride: UInt64?)
    /// The frames of `consecutive`, each once, in an order that the seed determines.
    case shuffled(from: UInt64, seed: UInt64)
    /// Any frames of the range, drawn by the seed, perhaps one more than once.
    case random(in: ClosedRange<UInt64>, seed: UInt64)
  }

  /// What a mapping grants.
  public struct Rights: Hashable, Sendable {
    /// Writing.
    public var write: Bool
    /// Access from user mode.
    public var user: Bool
    /// Fetching instructions.
    public var execute: Bool

    /// Grants what is not refused.
    public init(write: Bool = true, user: Bool = true, execute: Bool = true) {
      self.write = write
      self.user = user
      self.execute = execute
    }
  }

  /// One item of `upper:`.
  public struct UpperFields: Sendable {
    /// The level's entry name, as the file writes it.
    public var level: Located<String>
    /// The fields to change in the entries of that level.
    public var fields: [FieldSetting]
  }

  /// One item of `share:`: the entry of `level` for `va` becomes a copy of the one for `with`.
  public struct Share: Sendable {
    /// Where the item starts.
    public var mark: SourceMark
    /// `va:`.
    public var va: Located<UInt64>
    /// `level:`, an entry name.
    public var level: Located<String>
    /// `with:`, the address whose entry is copied.
    public var with: Located<UInt64>
    /// `process:`, whose tables the copied entry is in; nil for the same address space.
    public var process: Located<ProcessReference>?
  }

  /// One item of `entries:`.
  public struct EntryEdit: Sendable {
    /// Where the item starts.
    public var mark: SourceMark
    /// Which entry or word.
    public var place: Place
    /// What happens to it.
    public var change: Change
    /// `on:`, the systems it is for; empty for all.
    public var on: [Located<String>]

    /// Which entry or word an edit is about.
    public enum Place: Sendable {
      /// The entry of this level that a walk of `va` reads.
      case entry(va: Located<UInt64>, level: Located<String>)
      /// The word of `width` bytes (4 or 8) at a physical address.
      case word(at: Located<UInt64>, width: Int)
    }

    /// What an edit does.
    public enum Change: Sendable {
      /// The word becomes this value.
      case value(Located<UInt64>)
      /// Fields by name, then bits by number, in the word as it is. `fields` is empty for a raw word.
      case bits(fields: [FieldSetting], set: [Located<Int>], clear: [Located<Int>])
    }
  }

  /// One item of `contents:`.
  public struct Content: Sendable {
    /// Where the item starts.
    public var mark: SourceMark
    /// Which address the first byte goes to.
    public var place: Place
    /// The bytes.
    public var data: Located<Data>

    /// The address of a content's first byte.
    public enum Place: Sendable {
      /// `pa:`.
      case physical(Located<UInt64>)
      /// `va:` in the address space of `process:`.
      case virtual(Located<UInt64>, process: Located<ProcessReference>?)
    }

    /// What a content consists of.
    public enum Data: Hashable, Sendable {
      /// `text:`, as UTF-8.
      case text(String)
      /// `bytes:`.
      case bytes([UInt8])
      /// `fill:` with `size:`.
      case fill(UInt8, size: UInt64)
      /// `random:`, a seed, with `size:`.
      case random(seed: UInt64, size: UInt64)
      /// `words:`, 64-bit little-endian.
      case words([UInt64])
    }
  }
}
