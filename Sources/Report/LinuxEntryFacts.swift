import LinuxMemory
import PhysicalMemory

/// The facts that an entry of Linux says beside its state.
struct LinuxEntryFacts {
  private let reading: LinuxEntryReading

  init(_ reading: LinuxEntryReading) { self.reading = reading }

  /// The facts in words: `swap type 1`, `offset 0x115`, `soft-dirty`.
  var words: [String] {
    var words: [String] = []
    if let frame = reading.frame ?? reading.swapFrame.map({ PhysicalAddress($0 << 12) }) {
      words.append("frame \(frame.frame.hex)")
    }
    switch reading.swap {
    case .area(let area)?: words += ["swap area \(area)", "page \(offset)"]
    case .migration(.read)?: words.append("read-only")
    case .migration(.readExclusive)?: words.append("read-only, of this process alone")
    case .migration(.write)?: words.append("writable")
    case .devicePrivate(let isWritable)?: words.append(isWritable ? "writable" : "read-only")
    case .deviceExclusive?: words.append("a device uses it alone")
    case .marker?: words.append(reading.markers.words)
    case .swapInError?: words.append("could not be read from swap")
    case .poisoned?, nil: break
    }
    return words + flags
  }

  private var offset: String { reading.swapOffset?.hex ?? "?" }

  /// The names of the flags that are set.
  private var flags: [String] {
    let flags = [
      (reading.isSoftDirty, "soft-dirty"), (reading.isUserfaultWriteProtected, "uffd-wp"),
      (reading.isExclusive, "exclusive"), (reading.isSpecial, "special"),
    ]
    return flags.filter(\.0).map(\.1)
  }

  /// Adds the facts to an object.
  func writeMembers(to out: inout TextBuffer) {
    if let frame = reading.frame { out.member("pfn", hex: frame.frame) }
    if let type = reading.swapType { out.member("swap_type", type) }
    if let offset = reading.swapOffset { out.member("swap_offset", hex: offset) }
    if let frame = reading.swapFrame { out.member("pfn", hex: frame) }
    if let name = reading.swap?.typeName { out.member("swap_kind", name) }
    if reading.swap == .marker { out.member("markers", reading.markers.words) }
    if reading.isSoftDirty { out.member("soft_dirty", true) }
    if reading.isUserfaultWriteProtected { out.member("uffd_wp", true) }
    if reading.isExclusive { out.member("exclusive", true) }
    if reading.isSpecial { out.member("special", true) }
  }
}

extension SwapTypes.Meaning {
  /// The name of the type.
  fileprivate var typeName: String {
    switch self {
    case .area: "area"
    case .poisoned: "hwpoison"
    case .migration(.read): "migration-read"
    case .migration(.readExclusive): "migration-read-exclusive"
    case .migration(.write): "migration-write"
    case .devicePrivate(isWritable: true): "device-write"
    case .devicePrivate(isWritable: false): "device-read"
    case .deviceExclusive: "device-exclusive"
    case .marker: "marker"
    case .swapInError: "swapin-error"
    }
  }
}

extension PTEMarkers {
  /// The names of the markers.
  fileprivate var words: String {
    let names: [(PTEMarkers, String)] = [
      (.userfaultWriteProtect, "uffd-wp"), (.poisoned, "poisoned"), (.guardRegion, "guard"),
    ]
    return names.filter { contains($0.0) }.map(\.1).joined(separator: " ")
  }
}
