/// VMware's snapshots, put together by hand as the open readers take them apart: a header, groups of
/// 80 bytes, and tags of flags, length of the name, name, indices and data.
package enum WrittenSnapshot {
  /// The bytes of a number, lowest first.
  package static func number(_ value: UInt64, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  /// Tags of numbers of one width in bytes; indices tell those of one name apart.
  package static func tags(
    width: Int, _ tags: (name: String, indices: [UInt64], value: UInt64)...
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, indices, value) in tags {
      bytes += [UInt8(indices.count << 6 | width), UInt8(name.utf8.count)] + Array(name.utf8)
      for index in indices { bytes += number(index, 4) }
      bytes += number(value, width)
    }
    return bytes
  }

  /// The tag of a block: its size in the file and in memory, then padding up to a page, then the bytes.
  package static func block(
    _ name: String, _ data: [UInt8], memorySize: Int? = nil
  ) -> [UInt8] {
    [62, UInt8(name.utf8.count)] + Array(name.utf8) + number(UInt64(data.count), 8)
      + number(UInt64(memorySize ?? data.count), 8) + number(3, 2) + [0, 0, 0] + data
  }

  /// The file with these groups of tags.
  package static func file(_ groups: [(name: String, tags: [UInt8])]) -> [UInt8] {
    var file = number(0xbed2_bed2, 4) + number(8, 4) + number(UInt64(groups.count), 4)
    var offset = UInt64(12 + groups.count * 80)
    for (name, tags) in groups {
      file += Array(name.utf8) + [UInt8](repeating: 0, count: 64 - name.utf8.count)
      file += number(offset, 8) + number(UInt64(tags.count + 2), 8)
      offset += UInt64(tags.count + 2)
    }
    return file + groups.flatMap { $0.tags + [0, 0] }
  }
}
