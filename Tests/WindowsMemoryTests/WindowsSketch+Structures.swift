/// Structures as published listings have them, for three shapes of the tree of VADs.
extension WindowsSketch {
  /// A descriptor, as a test wants it.
  struct Descriptor {
    var pages: ClosedRange<UInt64>
    var protection: UInt64
    var isPrivate = true
    var isCommitted = false
    /// `_MI_VAD_TYPE`: 2 is an image.
    var type: UInt64 = 0
    var left: UInt64?
    var right: UInt64?
    /// The subsection, or before Vista the control area.
    var section: UInt64?
    var first: UInt64?
    var last: UInt64?
  }

  /// `_MMVAD` of Windows 10 19041.
  mutating func putVAD10(_ vad: Descriptor, _ at: UInt64) {
    if let left = vad.left { point(at, to: left) }
    if let right = vad.right { point(at + 0x08, to: right) }
    put(vad.pages.lowerBound & 0xffff_ffff, 4, at + 0x18)
    put(vad.pages.upperBound & 0xffff_ffff, 4, at + 0x1c)
    put(vad.pages.lowerBound >> 32, 1, at + 0x20)
    put(vad.pages.upperBound >> 32, 1, at + 0x21)
    put(vad.type << 4 | vad.protection << 7 | (vad.isPrivate ? 1 << 20 : 0), 4, at + 0x30)
    put(vad.isCommitted ? 1 << 31 : 0, 4, at + 0x34)
    putTail(vad, at + 0x48, at + 0x50, at + 0x58)
  }

  /// `_MMVAD` of Windows 7 x64.
  mutating func putVAD7(_ vad: Descriptor, _ at: UInt64) {
    if let left = vad.left { point(at + 0x08, to: left) }
    if let right = vad.right { point(at + 0x10, to: right) }
    put(vad.pages.lowerBound, 8, at + 0x18)
    put(vad.pages.upperBound, 8, at + 0x20)
    let flags =
      vad.type << 52 | (vad.isCommitted ? 1 << 55 : 0) | vad.protection << 56
      | (vad.isPrivate ? 1 << 63 : 0)
    put(flags, 8, at + 0x28)
    putTail(vad, at + 0x48, at + 0x50, at + 0x58)
  }

  /// `_MMVAD` of Windows XP.
  mutating func putVADXP(_ vad: Descriptor, _ at: UInt64) {
    put(vad.pages.lowerBound, 4, at)
    put(vad.pages.upperBound, 4, at + 0x04)
    if let left = vad.left { point(at + 0x0c, to: left) }
    if let right = vad.right { point(at + 0x10, to: right) }
    let image: UInt64 = vad.type == 2 ? 1 << 20 : 0
    let flags =
      image | vad.protection << 24 | (vad.isCommitted ? 1 << 30 : 0)
      | (vad.isPrivate ? 1 << 31 : 0)
    put(flags, 4, at + 0x14)
    putTail(vad, at + 0x18, at + 0x1c, at + 0x20)
  }

  private mutating func putTail(
    _ vad: Descriptor, _ section: UInt64, _ first: UInt64, _ last: UInt64
  ) {
    guard !vad.isPrivate else { return }
    if let place = vad.section { point(section, to: place) }
    if let place = vad.first { point(first, to: place) }
    if let place = vad.last { point(last, to: place) }
  }

  /// `_SUBSECTION` of Windows 10 x64 with its `_CONTROL_AREA`.
  mutating func putSubsection10(
    _ at: UInt64, area: UInt64, base: UInt64?, count: UInt64, next: UInt64? = nil,
    start: UInt64 = 0, full: UInt64 = 0
  ) {
    point(at, to: area)
    if let base { point(at + 0x08, to: base) }
    if let next { point(at + 0x10, to: next) }
    put(start, 4, at + 0x24)
    put(full, 4, at + 0x28)
    put(count, 4, at + 0x2c)
  }

  /// The flags of a `_CONTROL_AREA` of x64 from Vista SP1 on: bit 5 says image, bit 7 file.
  mutating func putControlArea(_ at: UInt64, isImage: Bool = false, isFile: Bool = false) {
    put((isImage ? 1 << 5 : 0) | (isFile ? 1 << 7 : 0), 4, at + 0x38)
  }

  /// The record of a process of Windows 10 19041, linked to the next.
  mutating func putProcess10(
    _ at: UInt64, pid: UInt64, _ name: String, root: UInt64, userRoot: UInt64 = 0,
    vadRoot: UInt64? = nil, nextLinks: UInt64
  ) {
    put(root, 8, at + 0x28)
    put(userRoot, 8, at + 0x388)
    put(pid, 8, at + 0x440)
    point(at + 0x448, to: nextLinks)
    put(name, at + 0x5a8)
    if let vadRoot { point(at + 0x7d8, to: vadRoot) }
  }
}
