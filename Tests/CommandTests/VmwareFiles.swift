/// The files of a suspended virtual machine: a snapshot with the registers, and 64 KiB of memory beside it.
enum VmwareFiles {
  private static func number(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  /// A value of the snapshot, with the numbers that tell it from others of its name.
  private static func tag(_ name: String, _ indices: [UInt64], _ data: [UInt8]) -> [UInt8] {
    [UInt8(indices.count << 6 | data.count), UInt8(name.utf8.count)] + Array(name.utf8)
      + indices.flatMap { number($0, 4) } + data
  }

  /// A snapshot in 4-level paging, with the top table in frame 1.
  static var snapshot: [UInt8] {
    let registers =
      tag("CR64", [0, 0], number(0x8005_0031, 8)) + tag("CR64", [0, 3], number(0x1000, 8))
      + tag("CR64", [0, 4], number(0x6f8, 8))
    let regions =
      tag("regionsCount", [], number(1, 4)) + tag("regionPPN", [0], number(0, 4))
      + tag("regionPageNum", [0], number(0, 4)) + tag("regionSize", [0], number(16, 4))
    let groups = [("cpu", registers), ("memory", regions)]
    var file = number(0xbed2_bed2, 4) + number(8, 4) + number(UInt64(groups.count), 4)
    var offset = UInt64(12 + groups.count * 80)
    for (name, tags) in groups {
      file += Array(name.utf8) + [UInt8](repeating: 0, count: 64 - name.utf8.count)
      file += number(offset, 8) + number(UInt64(tags.count + 2), 8)
      offset += UInt64(tags.count + 2)
    }
    return file + groups.flatMap { $0.1 + [0, 0] }
  }

  /// Memory in which these entries of the one table of pages map frame 5.
  static func memory(mapping entries: [Int]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 16 << 12)
    func store(_ value: UInt64, at offset: Int) {
      bytes.replaceSubrange(offset..<offset + 8, with: number(value, 8))
    }
    store(0x2007, at: 0x1000)
    store(0x3007, at: 0x2000)
    store(0x4007, at: 0x3000)
    for entry in entries { store(0x5007, at: 0x4000 + 8 * entry) }
    return bytes
  }
}
