/// Page walks as the manual words them, without a layout, mask or line of the library.
///
/// It is slow and plain on purpose: reserved bits are lists of bit numbers, each mode has its own
/// table of levels, and memory is a closure. The library is compared with it.
struct ReferenceProcessor: CustomStringConvertible {
  enum Mode: String, CaseIterable { case x86, pae, fourLevel, fiveLevel }

  var mode: Mode
  var cr3: UInt64 = 0
  var nxe = true
  var pse = true
  var pse36 = true
  var page1G = true
  var acceptsAccessedPDPTE = false
  var maxPhysicalAddress = 52

  var description: String {
    "\(mode.rawValue) CR3=\(String(cr3, radix: 16)) NXE=\(nxe) PSE=\(pse) PSE-36=\(pse36) "
      + "page1G=\(page1G) accepts A in PDPTE=\(acceptsAccessedPDPTE) M=\(maxPhysicalAddress)"
  }

  struct Answer: Hashable {
    var outcome: String
    /// The level that decided; 0 for a non-canonical address.
    var level = 0
    var reserved: UInt64 = 0
    var missing: UInt64 = 0
    var address: UInt64 = 0
    var pageSize: UInt64 = 0
    var write = false
    var user = false
    var execute = false
  }

  /// What one entry means, with the numbers of its offending bits.
  enum Meaning: Equatable {
    case notPresent
    case reserved([Int])
    case table(UInt64)
    case page(UInt64, size: UInt64)
  }

  /// Index bits of each level, the top one first: 4.3, 4.4.2 and 4.5.4.
  var geometry: [(level: Int, high: UInt64, low: UInt64)] {
    switch mode {
    case .x86: [(2, 31, 22), (1, 21, 12)]
    case .pae: [(3, 31, 30), (2, 29, 21), (1, 20, 12)]
    case .fourLevel: [(4, 47, 39), (3, 38, 30), (2, 29, 21), (1, 20, 12)]
    case .fiveLevel: [(5, 56, 48), (4, 47, 39), (3, 38, 30), (2, 29, 21), (1, 20, 12)]
    }
  }

  var entrySize: UInt64 { mode == .x86 ? 4 : 8 }

  /// Tables 4-3, 4-7 and 4-12.
  var root: UInt64 {
    switch mode {
    case .x86: cr3 & 0xffff_f000
    case .pae: cr3 & 0xffff_ffe0
    case .fourLevel, .fiveLevel: cr3 & 0xf_ffff_ffff_f000
    }
  }

  /// Bits 63:47 or 63:56 are all equal; 32-bit linear addresses have nothing above bit 31.
  func isCanonical(_ address: UInt64) -> Bool {
    switch mode {
    case .x86, .pae: address < 0x1_0000_0000
    case .fourLevel: address <= 0x7fff_ffff_ffff || address >= 0xffff_8000_0000_0000
    case .fiveLevel: address <= 0xff_ffff_ffff_ffff || address >= 0xff00_0000_0000_0000
    }
  }

  func meaning(_ entry: UInt64, level: Int) -> Meaning {
    guard entry % 2 == 1 else { return .notPresent }
    let large = isLargePage(entry, level: level)
    let offending = reservedBits(level: level, large: large, pageSizeBit: bit(7, entry))
      .filter { bit($0, entry) }
    guard offending.isEmpty else { return .reserved(offending.sorted()) }
    if level == 1 { return .page(entry & frameMask & ~0xfff, size: 4096) }
    guard large else { return .table(entry & frameMask & ~0xfff) }
    if mode == .x86 {
      // 4.3: bits 39:32 come from bits 20:13, bits 31:22 from bits 31:22.
      return .page((entry & 0xffc0_0000) | ((entry >> 13) & 0xff) << 32, size: 0x40_0000)
    }
    return level == 2
      ? .page(entry & frameMask / 0x20_0000 * 0x20_0000, size: 0x20_0000)
      : .page(entry & frameMask / 0x4000_0000 * 0x4000_0000, size: 0x4000_0000)
  }

  func walk(_ address: UInt64, read: (UInt64) -> UInt64?) -> Answer {
    guard isCanonical(address) else { return Answer(outcome: "non-canonical") }
    var table = root
    var answer = Answer(outcome: "mapped", write: true, user: true, execute: true)
    for (level, high, low) in geometry {
      let index = (address >> low) % (1 << (high - low + 1))
      let entryAddress = table + index * entrySize
      guard let entry = read(entryAddress) else {
        return Answer(outcome: "missing", level: level, missing: entryAddress)
      }
      switch meaning(entry, level: level) {
      case .notPresent: return Answer(outcome: "not-present", level: level)
      case .reserved(let bits):
        return Answer(
          outcome: "reserved-bits", level: level, reserved: bits.reduce(0) { $0 | 1 << UInt64($1) })
      case .table(let next):
        restrict(&answer, by: entry, level: level)
        table = next
      case .page(let page, let size):
        restrict(&answer, by: entry, level: level)
        answer.level = level
        answer.address = page + address % size
        answer.pageSize = size
        return answer
      }
    }
    preconditionFailure("a PTE led to a table")
  }

  /// 4.6: every entry that the walk uses must allow a write, a user access, a fetch.
  func restrict(_ answer: inout Answer, by entry: UInt64, level: Int) {
    // A PAE PDPTE has no rights (Table 4-8), 32-bit entries have no XD.
    if mode == .pae && level == 3 { return }
    answer.write = answer.write && bit(1, entry)
    answer.user = answer.user && bit(2, entry)
    if mode != .x86 { answer.execute = answer.execute && !bit(63, entry) }
  }

  private var frameMask: UInt64 { mode == .x86 ? 0xffff_ffff : 0xf_ffff_ffff_ffff }

  private func bit(_ number: Int, _ word: UInt64) -> Bool { word >> UInt64(number) & 1 == 1 }

  private func isLargePage(_ entry: UInt64, level: Int) -> Bool {
    guard bit(7, entry) else { return false }
    switch (mode, level) {
    case (.x86, 2): return pse
    case (.pae, 2), (.fourLevel, 2), (.fiveLevel, 2): return true
    case (.fourLevel, 3), (.fiveLevel, 3): return page1G
    default: return false
    }
  }

  /// 4.7 and the tables of the entries.
  private func reservedBits(level: Int, large: Bool, pageSizeBit: Bool) -> [Int] {
    switch mode {
    case .x86:
      guard large else { return [] }
      guard pse36 else { return Array(13...21) }
      // Table 4-4: bits 20:13 hold address bits 39:32; those from MAXPHYADDR on are reserved.
      let highest = min(40, maxPhysicalAddress)
      return [21] + Array(13...20).filter { $0 - 13 + 32 >= highest }
    case .pae:
      let above = Array(maxPhysicalAddress..<63)
      if level == 3 {
        return [1, 2, 6, 7, 8, 63] + above + (acceptsAccessedPDPTE ? [] : [5])
      }
      return above + (nxe ? [] : [63]) + (large ? Array(13...20) : [])
    case .fourLevel, .fiveLevel:
      var bits = Array(maxPhysicalAddress..<52) + (nxe ? [] : [63])
      if level >= 4 { bits.append(7) }
      if level == 3 && !page1G { bits.append(7) }
      if large { bits += Array(13..<(level == 2 ? 21 : 30)) }
      return bits
    }
  }
}

extension ReferenceProcessor {
  /// Every combination of mode and features that differ in a mode.
  static let all: [Self] = {
    var all: [Self] = []
    for maximum in [32, 33, 36, 39, 40, 46, 51, 52] {
      for first in [false, true] {
        for second in [false, true] {
          all.append(Self(mode: .x86, pse: first, pse36: second, maxPhysicalAddress: maximum))
          all.append(
            Self(
              mode: .pae, nxe: first, acceptsAccessedPDPTE: second, maxPhysicalAddress: maximum))
          for mode in [Mode.fourLevel, .fiveLevel] {
            all.append(
              Self(mode: mode, nxe: first, page1G: second, maxPhysicalAddress: maximum))
          }
        }
      }
    }
    return all
  }()
}
