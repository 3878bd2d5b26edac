import PhysicalMemory

/// The header of a VMware snapshot and its groups.
enum VmwareLayout {
  static let magic = HeaderField("magic", at: 0, 4)
  static let groupCount = HeaderField("group count", at: 8, 4)
  static let headerSize: UInt64 = 12
  static let groupSize: UInt64 = 80
  static let nameSize = 64
  static let groupOffset = HeaderField("group offset", at: 64, 8)

  static let magics: Set<UInt32> = [0xbed2_bed0, 0xbad1_bad1, 0xbed2_bed2, 0xbed3_bed3]
  /// The lowest digit of the magic number is a version; 0 has 32-bit sizes of blocks.
  static let versionMask: UInt64 = 0xf
}

/// A named value in a group: flags, length of the name, name, indices, data.
struct VmwareTag {
  /// What a value is called.
  struct Key: Hashable {
    var name: String
    var indices: [UInt32]
  }

  /// The lowest six bits of the flags are the size of the data, the highest two count the indices.
  private static let sizeMask: UInt8 = 0x3f
  private static let indexShift: UInt8 = 6
  /// Sizes that stand for a block: its sizes in the file and in memory, padding, and the bytes.
  private static let blockSizes: ClosedRange<UInt8> = 62...63

  let key: Key
  let isEnd: Bool
  let data: UInt64
  /// The bytes in the file.
  let byteCount: UInt64
  /// The bytes when decompressed.
  let memoryCount: UInt64

  /// Where the next tag is.
  var end: UInt64 { data + byteCount }

  /// Nil where the tag reaches past the end of the file.
  init?(_ bytes: ByteMapping, at offset: UInt64, hasWideSizes: Bool) {
    guard let flags = bytes.load(UInt8.self, at: offset),
      let nameLength = bytes.load(UInt8.self, at: offset + 1),
      let name = bytes.text(at: offset + 2, count: Int(nameLength))
    else { return nil }
    isEnd = flags == 0 && nameLength == 0
    var place = offset + 2 + UInt64(nameLength)
    var indices: [UInt32] = []
    for _ in 0..<flags >> Self.indexShift {
      guard let index = bytes.load(UInt32.self, at: place) else { return nil }
      indices.append(index)
      place += 4
    }
    key = Key(name: name, indices: indices)
    let size = flags & Self.sizeMask
    if Self.blockSizes.contains(size) {
      let width: UInt64 = hasWideSizes ? 8 : 4
      func number(_ offset: UInt64) -> UInt64? {
        hasWideSizes
          ? bytes.load(UInt64.self, at: offset)
          : bytes.load(UInt32.self, at: offset).map { UInt64($0) }
      }
      guard let inFile = number(place), let inMemory = number(place + width),
        let padding = bytes.load(UInt16.self, at: place + 2 * width)
      else { return nil }
      byteCount = inFile
      memoryCount = inMemory
      data = place + 2 * width + 2 + UInt64(padding)
    } else {
      byteCount = UInt64(size)
      memoryCount = UInt64(size)
      data = place
    }
    guard data <= UInt64(bytes.count), byteCount <= UInt64(bytes.count) - data else { return nil }
  }

  /// The data as a little-endian number of up to 8 bytes.
  func value(in bytes: ByteMapping) -> UInt64? {
    switch byteCount {
    case 1: bytes.load(UInt8.self, at: data).map { UInt64($0) }
    case 2: bytes.load(UInt16.self, at: data).map { UInt64($0) }
    case 4: bytes.load(UInt32.self, at: data).map { UInt64($0) }
    case 8: bytes.load(UInt64.self, at: data)
    default: nil
    }
  }
}
