/// A processor's registers and the entries that one access uses, all as plain numbers.
struct CubeCase: Sendable {
  enum Mode: Int, Sendable { case x86 = 2, pae, fourLevel, fiveLevel }
  enum Kind: String, CaseIterable, Sendable {
    case read, write, execute, shadowStackRead, shadowStackWrite
  }
  enum Who: String, CaseIterable, Sendable { case user, supervisor, implicit }

  /// What a case sets of the processor; a change costs a new format and new rules.
  struct Registers: Hashable, Sendable {
    var mode = Mode.fourLevel
    var cr0: UInt64 = 0x8001_0001
    var cr4: UInt64 = 0x20
    var efer: UInt64 = 0xd00
    var pkru: UInt64 = 0
    var pkrs: UInt64 = 0
    var physicalBits: UInt64 = 46
    var hasPSE36 = true
    var hasPage1G = true
    var acceptsAccessedPDPTE = false
    var walksPDPTEs = false
    var ac = false
    /// AMD's rather than Intel's.
    var isAMD = false
    /// The address has bit 63 set, and all below it that are not translated.
    var isUpperHalf = false
  }

  var registers = Registers()
  var kind = Kind.read
  var who = Who.user
  /// The level whose entry is meant to map the page.
  var leaf = 1
  /// The entries by level; those below the page lead to nothing.
  var entries = InlineArray<6, UInt64>(repeating: 0)

  /// The tables by level; entries are at slot 3 of each, in a PAE PDPT at slot 1.
  ///
  /// Nothing lies behind the page table, so that no bit added to its address leads to memory.
  static func table(_ level: Int) -> UInt64 { 0x40_0000 - UInt64(level - 1) << 12 }
  /// The page, aligned for every size.
  static let page: UInt64 = 0x4000_0000

  func has(_ flag: UInt64) -> Bool { registers.cr4 & flag != 0 }
}

/// What must happen to a case.
struct CubeVerdict: Equatable {
  enum Outcome: Equatable {
    case translated(UInt64)
    case pageFault(UInt32)
    case generalProtection
    case missing
  }

  var outcome: Outcome
  /// The levels whose entries get A, and the one whose entry gets D; nothing where it faults.
  var accessed: ClosedRange<Int>?
  var dirty = 0
}

/// Accesses as the manual words them, one entry after the other, with masks typed from its tables.
///
/// It knows no layout, format or rule of the library. Section numbers are those of SDM 3A.
struct ManualProcessor {
  let item: CubeCase
  private var mode: CubeCase.Mode { item.registers.mode }
  private var noExecute: Bool { mode != .x86 && item.registers.efer & 0x800 != 0 }

  init(_ item: CubeCase) { self.item = item }

  /// 4.7: the flags that tell what the access was.
  private var accessFlags: UInt32 {
    var code: UInt32 = 0
    if item.kind == .write || item.kind == .shadowStackWrite { code += 2 }
    if item.who == .user { code += 4 }
    if item.kind == .execute && (noExecute || item.has(0x10_0000)) { code += 16 }
    if item.kind == .shadowStackRead || item.kind == .shadowStackWrite { code += 64 }
    return code
  }

  /// "Linear-Address-Space Separation", by bit 63 of the address alone; of 64-bit modes.
  private var isLASSViolation: Bool {
    guard item.has(0x800_0000), mode == .fourLevel || mode == .fiveLevel else { return false }
    switch (item.who, item.registers.isUpperHalf) {
    case (.user, let isUpper): return isUpper
    case (_, true): return false
    case (_, false) where item.kind == .execute: return true
    case (.implicit, _): return item.has(0x20_0000)
    case (.supervisor, _): return item.has(0x20_0000) && !item.registers.ac
    }
  }

  func verdict(offset: UInt64) -> CubeVerdict {
    if isLASSViolation { return CubeVerdict(outcome: .generalProtection) }
    var (isWritable, isUser, isExecutable) = (true, true, true)
    var isWritableAbove = true
    var level = mode.rawValue
    while level > 0 {
      let entry = item.entries[level]
      if entry % 2 == 0 { return CubeVerdict(outcome: .pageFault(accessFlags)) }
      let isPage = isPage(entry, level)
      if entry & reserved(level, isPage) != 0 {
        // 4.4.1: PDPTEs are checked as they are loaded with CR3.
        return mode == .pae && level == 3 && !item.registers.walksPDPTEs
          ? CubeVerdict(outcome: .generalProtection)
          : CubeVerdict(outcome: .pageFault(accessFlags + 9))
      }
      isWritableAbove = isWritable
      if mode != .pae || level < 3 {
        isWritable = isWritable && entry & 2 != 0
        isUser = isUser && entry & 4 != 0
        if mode != .x86 { isExecutable = isExecutable && entry >> 63 == 0 }
      }
      if isPage {
        let isStack = isWritableAbove && entry & 2 == 0 && entry & 0x40 != 0
        return decide(
          entry, level, offset, isWritable: isWritable, isUser: isUser,
          isExecutable: isExecutable, isStack: isStack)
      }
      if frame(entry, 12) != CubeCase.table(level - 1) { return CubeVerdict(outcome: .missing) }
      level -= 1
    }
    preconditionFailure("a PTE led to a table")
  }

  /// 4.3, 4.4.2, 4.5.4: which entries map a page.
  private func isPage(_ entry: UInt64, _ level: Int) -> Bool {
    if level == 1 { return true }
    guard entry & 0x80 != 0 else { return false }
    switch level {
    case 2: return mode != .x86 || item.has(0x10)
    case 3: return mode != .pae && item.registers.hasPage1G
    default: return false
    }
  }

  /// Tables 4-4 to 4-20: the bits that must be 0 in an entry that is present.
  private func reserved(_ level: Int, _ isPage: Bool) -> UInt64 {
    let width = item.registers.physicalBits
    if mode == .x86 {
      guard level == 2, isPage else { return 0 }
      guard item.registers.hasPSE36 else { return 0x003f_e000 }
      // Bits 20:13 are address bits 39:32 as far as the processor has them.
      let used = min(width, 40) - 32
      return 0x0020_0000 | (0x001f_e000 & (0x001f_e000 << used))
    }
    let above: UInt64 = (0xf_ffff_ffff_ffff >> width) << width
    if mode == .pae && level == 3 {
      let accessed: UInt64 =
        item.registers.acceptsAccessedPDPTE || item.registers.walksPDPTEs ? 0 : 0x20
      return 0xfff0_0000_0000_01c6 | accessed | above
    }
    var bits = above | (noExecute ? 0 : 0x8000_0000_0000_0000)
    if mode == .pae { bits |= 0x7ff0_0000_0000_0000 }
    if level > 3 || (level == 3 && !isPage) { bits |= 0x80 }
    // AMD APM 2, 5.3: bits 8:7 of a PML4E must be zero.
    if level > 3 && item.registers.isAMD { bits |= 0x100 }
    if isPage && level == 2 { bits |= 0x1f_e000 }
    if isPage && level == 3 { bits |= 0x3fff_e000 }
    return bits
  }

  /// The address in an entry, from bit `low` on.
  private func frame(_ entry: UInt64, _ low: UInt64) -> UInt64 {
    ((mode == .x86 ? entry & 0xffff_ffff : entry & 0xf_ffff_ffff_ffff) >> low) << low
  }

  private func address(_ entry: UInt64, _ level: Int, _ offset: UInt64) -> UInt64 {
    switch (mode, level) {
    case (.x86, 2):
      frame(entry, 22) + (entry >> 13 & 0xff) << 32 + offset % 0x40_0000
    case (_, 1): frame(entry, 12) + offset % 0x1000
    case (_, 2): frame(entry, 21) + offset % 0x20_0000
    default: frame(entry, 30) + offset % 0x4000_0000
    }
  }

  /// 4.6.1 and 4.6.2: whether the access is allowed.
  private func decide(
    _ entry: UInt64, _ level: Int, _ offset: UInt64, isWritable: Bool, isUser: Bool,
    isExecutable: Bool, isStack: Bool
  ) -> CubeVerdict {
    let isWrite = item.kind == .write || item.kind == .shadowStackWrite
    let writeProtect = item.registers.cr0 & 0x1_0000 != 0
    let allowed: Bool
    switch (item.kind, item.who == .user) {
    case (.shadowStackRead, let byUser), (.shadowStackWrite, let byUser):
      allowed = isStack && byUser == isUser
    case (.execute, true): allowed = isUser && isExecutable
    case (.execute, false): allowed = isExecutable && !(isUser && item.has(0x10_0000))
    case (.read, true): allowed = isUser
    case (.write, true): allowed = isUser && isWritable
    case (_, false):
      let mayReach =
        !isUser || !item.has(0x20_0000) || (item.registers.ac && item.who == .supervisor)
      allowed = mayReach && (item.kind == .read || isWritable || !writeProtect)
    }
    // 4.6.2: the register depends on the page, CR4 says whether it counts.
    let isLong = mode == .fourLevel || mode == .fiveLevel
    let keyCounts = isLong && item.kind != .execute && item.has(isUser ? 0x40_0000 : 0x100_0000)
    let pair = (isUser ? item.registers.pkru : item.registers.pkrs) >> ((entry >> 59 & 15) * 2)
    let respectsWD = writeProtect || (isUser && item.who == .user)
    let keyForbids = keyCounts && (pair & 1 == 1 || (pair & 2 == 2 && isWrite && respectsWD))
    guard allowed && !keyForbids else {
      return CubeVerdict(outcome: .pageFault(accessFlags + 1 + (keyForbids ? 32 : 0)))
    }
    let top = mode == .pae && !item.registers.walksPDPTEs ? 2 : mode.rawValue
    return CubeVerdict(
      outcome: .translated(address(entry, level, offset)), accessed: level...top,
      dirty: isWrite ? level : 0)
  }
}
