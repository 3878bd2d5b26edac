/// Walks of VMSAv8-64 stage 1 as the manual words them, without a layout, mask or line of the
/// library (ARM ARM D8.2 to D8.4).
///
/// It is slow and plain on purpose: addresses are assembled bit by bit. The library is compared
/// with it.
struct ReferenceARM64: CustomStringConvertible {
  struct Half: Hashable {
    /// The granule as a power of 2.
    var granule: UInt64 = 12
    /// 64 - TnSZ.
    var bits: UInt64 = 48
    var ttbr: UInt64 = 0
    var walksAreDisabled = false
    var ignoresTopByte = false
    var hasMemoryTags = false
    var hierarchyIsDisabled = false
  }

  struct Answer: Hashable {
    var outcome: String
    /// The number of the level, -1 to 3; nil where no table was read.
    var level: Int?
    var bits: UInt64 = 0
    var missing: UInt64 = 0
    var address: UInt64 = 0
    var size: UInt64 = 0
    var write = false
    var user = false
    var execute = false
  }

  var lower = Half()
  var upper = Half()
  var ds = false
  /// The encoding of IPS.
  var ips: UInt64 = 5
  /// PAMax.
  var physicalBits = 52

  var description: String {
    "lower \(lower) upper \(upper) DS=\(ds) IPS=\(ips) PAMax=\(physicalBits)"
  }

  /// Table D8-2 and the text under it: what the granule's descriptors can hold bounds IPS.
  func outputBits(_ half: Half) -> Int {
    let said = [32, 36, 40, 42, 44, 48, 52, 52][Int(ips)]
    return min(said, physicalBits, isWide(half) ? 52 : 48)
  }

  func isWide(_ half: Half) -> Bool { half.granule == 16 ? physicalBits == 52 : ds }

  /// Tables D8-18 to D8-20: the level that a walk starts with.
  static func startLevel(_ half: Half) -> Int {
    switch half.granule {
    case 12: half.bits <= 30 ? 2 : half.bits <= 39 ? 1 : half.bits <= 48 ? 0 : -1
    case 14: half.bits <= 25 ? 3 : half.bits <= 36 ? 2 : half.bits <= 47 ? 1 : 0
    default: half.bits <= 29 ? 3 : half.bits <= 42 ? 2 : 1
    }
  }

  /// The lowest address bit that an entry of the level resolves.
  static func shift(_ half: Half, _ level: Int) -> UInt64 {
    half.granule + UInt64(3 - level) * (half.granule - 3)
  }

  /// Table D8-14: which levels have block descriptors.
  func hasBlocks(_ half: Half, _ level: Int) -> Bool {
    switch (half.granule, level) {
    case (12, 1), (12, 2), (14, 2), (16, 2): true
    case (12, 0), (14, 1): ds
    case (16, 1): physicalBits == 52
    default: false
    }
  }

  /// Where the bits of an output address stand in a descriptor.
  func places(_ half: Half, low: UInt64) -> [(bit: UInt64, address: UInt64)] {
    var places = (low..<48).map { (bit: $0, address: $0) }
    if half.granule == 16 {
      if isWide(half) { places += (12...15).map { (bit: $0, address: $0 + 36) } }
    } else if ds {
      places += [(48, 48), (49, 49), (8, 50), (9, 51)]
    }
    return places
  }

  /// The address in a word, and the bits of the word that are beyond the output size.
  func address(_ word: UInt64, _ half: Half, low: UInt64) -> (address: UInt64, excess: UInt64) {
    var (address, excess) = (0 as UInt64, 0 as UInt64)
    for place in places(half, low: low) where word >> place.bit & 1 == 1 {
      address |= 1 << place.address
      if place.address >= UInt64(outputBits(half)) { excess |= 1 << place.bit }
    }
    return (address, excess)
  }

  /// TTBRn_EL1.BADDR.
  func table(_ half: Half) -> UInt64 {
    let bits = half.bits - Self.shift(half, Self.startLevel(half)) + 3
    // AArch64.S1TTBaseAddress: with DS=1 whatever IPS says.
    let is52 = half.granule == 16 ? outputBits(half) > 48 : ds
    let alignment: UInt64 = 1 << max(bits, is52 ? 6 : 1)
    let low = half.ttbr % (1 << 48) / alignment * alignment
    return is52 ? low | (half.ttbr >> 2 & 15) << 48 : low
  }

  func half(of address: UInt64) -> Half { address >> 55 & 1 == 0 ? lower : upper }

  func walk(_ address: UInt64, _ read: (UInt64) -> UInt64?) -> Answer {
    let half = half(of: address)
    let side = address >> 55 & 1
    let isTag = { (bit: UInt64) in bit > 55 && bit < 60 && half.hasMemoryTags }
    for bit in half.bits...(half.ignoresTopByte ? 55 : 63)
    where address >> bit & 1 != side && !isTag(bit) {
      return Answer(outcome: "non-canonical")
    }
    if half.walksAreDisabled { return Answer(outcome: "not-present") }
    var table = table(half)
    let limit: UInt64 = 1 << UInt64(outputBits(half))
    if table >= limit { return Answer(outcome: "reserved-bits", bits: table - table % limit) }
    var (noWrite, noUser, noUserExecute, noExecute) = (false, false, false, false)
    for level in Self.startLevel(half)...3 {
      let shift = Self.shift(half, level)
      let position = address & (1 << half.bits - 1)
      let at = table + (position >> shift & (1 << (half.granule - 3) - 1)) * 8
      guard let word = read(at) else {
        return Answer(outcome: "missing", level: level, missing: at)
      }
      let isTable = word & 3 == 3 && level < 3
      let isPage = word & 3 == 3 && level == 3 || word & 3 == 1 && hasBlocks(half, level)
      guard isTable || isPage else { return Answer(outcome: "not-present", level: level) }
      let (output, excess) = self.address(word, half, low: isPage ? shift : half.granule)
      guard excess == 0 else { return Answer(outcome: "reserved-bits", level: level, bits: excess) }
      if isTable {
        table = output
        guard !half.hierarchyIsDisabled else { continue }
        noExecute = noExecute || word >> 59 & 1 == 1
        noUserExecute = noUserExecute || word >> 60 & 1 == 1
        noUser = noUser || word >> 61 & 1 == 1
        noWrite = noWrite || word >> 62 & 1 == 1
        continue
      }
      let user = word >> 6 & 1 == 1 && !noUser
      let mayUser = word >> 54 & 1 == 0 && !noUserExecute
      let mayKernel = word >> 53 & 1 == 0 && !noExecute
      return Answer(
        outcome: "mapped", level: level, address: output | address & (1 << shift - 1),
        size: 1 << shift, write: word >> 7 & 1 == 0 && !noWrite, user: user,
        execute: user ? mayUser : mayKernel)
    }
    preconditionFailure("level 3 has no tables")
  }

  /// TCR_EL1 by bit numbers (D19.2).
  var tcr: UInt64 {
    let tg0: [UInt64: UInt64] = [12: 0, 16: 1, 14: 2]
    let tg1: [UInt64: UInt64] = [14: 1, 12: 2, 16: 3]
    var tcr = (64 - lower.bits) | (64 - upper.bits) << 16
    tcr |= (tg0[lower.granule] ?? 0) << 14 | (tg1[upper.granule] ?? 0) << 30 | ips << 32
    for (isSet, bit) in [
      (lower.walksAreDisabled, 7), (upper.walksAreDisabled, 23), (lower.ignoresTopByte, 37),
      (upper.ignoresTopByte, 38), (lower.hierarchyIsDisabled, 41),
      (upper.hierarchyIsDisabled, 42), (ds, 59), (lower.hasMemoryTags, 60),
      (upper.hasMemoryTags, 61),
    ] as [(Bool, UInt64)] where isSet {
      tcr |= 1 << bit
    }
    return tcr
  }
}
