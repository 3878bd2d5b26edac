/// What must happen to a combination of the kernel's cube, from its conditions alone.
///
/// Written from the manual (SDM 3A, 4.6 to 4.8) without a look at tables, layouts or rules of the
/// library: error codes and bits of entries are plain numbers here.
struct KernelExpectation {
  /// The error code; nil where the access is made.
  private(set) var code: UInt32?
  /// The last entries as the access leaves them.
  private(set) var pte: UInt64
  private(set) var pde: UInt64
  /// The bits of the PDE in which processors may differ: A where the access faults.
  private(set) var openPDEBits: UInt64 = 0

  private typealias Condition = KernelCube.Condition

  /// The flags and reserved bits of the two entries that a combination has.
  static func entries(_ flags: UInt32) -> (pte: UInt64, pde: UInt64) {
    var (pte, pde): (UInt64, UInt64) = (0, 0)
    for (condition, bit) in pteBits where flags & condition.bit != 0 { pte |= 1 << bit }
    for (condition, bit) in pdeBits where flags & condition.bit != 0 { pde |= 1 << bit }
    return (pte, pde)
  }

  private static let pteBits: [(Condition, UInt64)] = [
    (.ptePresent, 0), (.pteWritable, 1), (.pteUser, 2), (.pteAccessed, 5), (.pteDirty, 6),
    (.pte36, 36), (.pte51, 51), (.pteNX, 63),
  ]
  private static let pdeBits: [(Condition, UInt64)] = [
    (.pdePresent, 0), (.pdeWritable, 1), (.pdeUser, 2), (.pdeAccessed, 5), (.pdeDirty, 6),
    (.pdePSE, 7), (.pde13, 13), (.pde36, 36), (.pde51, 51), (.pdeNX, 63),
  ]

  /// Decides a combination whose entries are these words.
  init(_ flags: UInt32, pte: UInt64, pde: UInt64) {
    self.pte = pte
    self.pde = pde
    if flags & Condition.twice.bit != 0 {
      // A supervisor read goes before; a fault of its is passed over.
      let access = Condition.user.bit | Condition.write.bit | Condition.fetch.bit
      decide(flags & ~access)
    }
    decide(flags)
  }

  private mutating func decide(_ flags: UInt32) {
    func has(_ condition: Condition) -> Bool { flags & condition.bit != 0 }
    openPDEBits = 0
    var base: UInt32 = has(.write) ? 2 : 0
    if has(.user) { base |= 4 }
    if has(.fetch) && (has(.nxe) || has(.smep)) { base |= 16 }

    // The walk: a present entry with a reserved bit ends it as an absent entry does.
    if !has(.pdePresent) { return fault(base) }
    if has(.pde51) || has(.pde36) || has(.pde13) || (has(.pdeNX) && !has(.nxe)) {
      return fault(base | 9)
    }
    let isLarge = has(.pdePSE)
    if !isLarge {
      if !has(.ptePresent) { return fault(base) }
      if has(.pte51) || has(.pte36) || (has(.pteNX) && !has(.nxe)) { return fault(base | 9) }
    }

    // The rights: all levels must agree.
    let isWritable = has(.pdeWritable) && !has(.pdpteReadOnly) && (isLarge || has(.pteWritable))
    let isUserPage = has(.pdeUser) && (isLarge || has(.pteUser))
    let isExecutable = !has(.pdeNX) && (isLarge || !has(.pteNX))
    let ignoresReadOnly = !has(.user) && !has(.writeProtect)
    var refused = has(.user) && !isUserPage
    if has(.write) && !isWritable && !ignoresReadOnly { refused = true }
    if has(.fetch) && !isExecutable { refused = true }
    if has(.fetch) && !has(.user) && isUserPage && has(.smep) { refused = true }
    // The key of a user page counts for data; PKRU has AD and WD of key 1 only.
    if isUserPage && has(.keys) && has(.key) && !has(.fetch)
      && (has(.keyAccessDisable) || (has(.keyWriteDisable) && has(.write) && !ignoresReadOnly))
    {
      return fault(base | 33)
    }
    if refused { return fault(base | 1) }

    code = nil
    pde |= 0x20
    if isLarge {
      if has(.write) { pde |= 0x40 }
    } else {
      pte |= has(.write) ? 0x60 : 0x20
    }
  }

  private mutating func fault(_ code: UInt32) {
    self.code = code
    openPDEBits = 0x20
  }
}
