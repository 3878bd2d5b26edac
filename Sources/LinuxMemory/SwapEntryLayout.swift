public import BitLayout

/// Where a kernel keeps swap type and offset in an entry with P=0.
public struct SwapEntryLayout: Sendable {
  /// All bits of the entry.
  public let word: WordLayout
  /// The swap type.
  public let type: BitField
  /// The swap offset, in pages; for pages that are elsewhere, a frame number or markers.
  public let offset: BitField
  /// Whether the offset is stored inverted, so that it never looks like a frame of memory (L1TF).
  public let offsetIsInverted: Bool
  /// The page was written since the last clearing.
  public let softDirty: BitField?
  /// userfaultfd write-protects the page.
  public let userfaultWriteProtect: BitField?
  /// The page belongs to this process alone.
  public let exclusive: BitField?

  init(
    _ word: WordLayout, type: BitField, offset: BitField, offsetIsInverted: Bool = false,
    softDirty: BitField? = nil, userfaultWriteProtect: BitField? = nil, exclusive: BitField? = nil
  ) {
    self.word = word
    self.type = type
    self.offset = offset
    self.offsetIsInverted = offsetIsInverted
    self.softDirty = softDirty
    self.userfaultWriteProtect = userfaultWriteProtect
    self.exclusive = exclusive
  }

  /// The swap offset of an entry.
  public func offset(of entry: UInt64) -> UInt64 {
    offset.value(in: offsetIsInverted ? ~entry : entry)
  }

  /// The entry for a page in swap, or nil where a number does not fit its field.
  public func entry(type: UInt64, offset: UInt64) -> UInt64? {
    guard let entry = self.offset.setting(offset, in: 0) else { return nil }
    return self.type.setting(
      type, in: offsetIsInverted ? entry ^ self.offset.mask : entry)
  }

  /// The layout of a kernel.
  public init(_ version: LinuxVersion, _ format: LinuxEntryFormat) {
    self =
      switch format {
      case .x64: Self.x64(version)
      case .pae: Self.pae(version)
      case .i386: Self.i386(version)
      case .arm64: Self.arm64(version)
      }
  }
}

extension SwapEntryLayout {
  static let softDirtyName: StaticString = "soft_dirty"
  static let softDirtyMeaning: StaticString = "written since the last clear"
  static let protectMeaning: StaticString = "write-protected by userfaultfd"
  static let exclusiveMeaning: StaticString = "the page belongs to this process alone"

  static func type(_ high: UInt8, _ low: UInt8) -> BitField {
    BitField("type", high, low, .value, "swap type: the number of a swap area, or what else it is")
  }

  static func offset(_ high: UInt8, _ low: UInt8) -> BitField {
    BitField("offset", high, low, .value, "swap offset in pages, or a frame number")
  }

  static func invertedOffset(_ high: UInt8, _ low: UInt8) -> BitField {
    BitField("offset", high, low, .value, "swap offset in pages or a frame number, inverted")
  }

  static func exclusive(_ bit: UInt8) -> BitField {
    BitField("exclusive", bit, .value, exclusiveMeaning)
  }

  /// A bit that the kernel leaves 0 or does not look at.
  static func unused(_ high: UInt8, _ low: UInt8) -> BitField {
    BitField("unused", high, low, .ignored, "not part of a swap entry")
  }
}
