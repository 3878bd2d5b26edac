import TestSupport

/// The files of a suspended virtual machine: a snapshot with the registers, and 64 KiB of memory beside it.
enum VmwareFiles {
  /// A snapshot in 4-level paging, with the top table in frame 1.
  static var snapshot: [UInt8] {
    let registers = WrittenSnapshot.tags(
      width: 8, ("CR64", [0, 0], 0x8005_0031), ("CR64", [0, 3], 0x1000), ("CR64", [0, 4], 0x6f8))
    let regions = WrittenSnapshot.tags(
      width: 4, ("regionsCount", [], 1),
      ("regionPPN", [0], 0), ("regionPageNum", [0], 0), ("regionSize", [0], 16))
    return WrittenSnapshot.file([("cpu", registers), ("memory", regions)])
  }

  /// Memory in which these entries of the one table of pages map frame 5.
  static func memory(mapping entries: [Int]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 16 << 12)
    func store(_ value: UInt64, at offset: Int) {
      bytes.replaceSubrange(offset..<offset + 8, with: WrittenSnapshot.number(value, 8))
    }
    store(0x2007, at: 0x1000)
    store(0x3007, at: 0x2000)
    store(0x4007, at: 0x3000)
    for entry in entries { store(0x5007, at: 0x4000 + 8 * entry) }
    return bytes
  }
}
