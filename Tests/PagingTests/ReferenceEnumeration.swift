/// Enumeration by plain recursion over every index, without a memo: what the reference processor
/// translates, in the order of its indexes.
struct ReferencePage: Hashable, CustomStringConvertible {
  var virtual: UInt64
  var physical: UInt64
  var size: UInt64
  var write: Bool
  var user: Bool
  var execute: Bool

  var description: String {
    "0x\(String(virtual, radix: 16)) -> 0x\(String(physical, radix: 16)) of \(size)"
      + (write ? " w" : "") + (user ? " u" : "") + (execute ? " x" : "")
  }
}

struct ReferenceFindings {
  var pages: [ReferencePage] = []
  /// The first address, level and bits of each entry with reserved bits.
  var reserved: [[UInt64]] = []
  /// The first address, level and place of each entry that is absent.
  var missing: [[UInt64]] = []
}

extension ReferenceProcessor {
  func enumerate(read: (UInt64) -> UInt64?) -> ReferenceFindings {
    var findings = ReferenceFindings()
    let all = Answer(outcome: "mapped", write: true, user: true, execute: true)
    enumerate(table: root, depth: 0, base: 0, rights: all, read, &findings)
    return findings
  }

  private func enumerate(
    table: UInt64, depth: Int, base: UInt64, rights: Answer, _ read: (UInt64) -> UInt64?,
    _ findings: inout ReferenceFindings
  ) {
    let (level, high, low) = geometry[depth]
    for index in 0..<(1 << (high - low + 1)) as Range<UInt64> {
      let entryAddress = table + index * entrySize
      var address = base + index << low
      if depth == 0 && !isCanonical(address) {
        address |= mode == .fiveLevel ? 0xff00_0000_0000_0000 : 0xffff_0000_0000_0000
      }
      guard let entry = read(entryAddress) else {
        findings.missing.append([address, UInt64(level), entryAddress])
        continue
      }
      var rights = rights
      switch meaning(entry, level: level) {
      case .notPresent: break
      case .reserved(let bits):
        findings.reserved.append(
          [address, UInt64(level), bits.reduce(0) { $0 | 1 << UInt64($1) }])
      case .table(let next):
        restrict(&rights, by: entry, level: level)
        enumerate(
          table: next, depth: depth + 1, base: address, rights: rights, read, &findings)
      case .page(let page, let size):
        restrict(&rights, by: entry, level: level)
        findings.pages.append(
          ReferencePage(
            virtual: address, physical: page, size: size, write: rights.write,
            user: rights.user, execute: rights.execute))
      }
    }
  }
}
