public import BitLayout

/// The fields that the entries of all x86 paging modes share.
///
/// They are computed properties that inline, because a stored global read from another module would
/// cost an access call for each use on the hot path.
public enum X86Fields {
  /// Present.
  @inlinable public static var present: BitField {
    BitField("P", 0, .value, "present: the entry is used; if 0 the other bits are software's")
  }
  /// Read/write.
  @inlinable public static var writable: BitField {
    BitField("RW", 1, .value, "writes are allowed")
  }
  /// User/supervisor.
  @inlinable public static var user: BitField {
    BitField("US", 2, .value, "user-mode accesses are allowed")
  }
  /// Page-level write-through.
  @inlinable public static var writeThrough: BitField {
    BitField("PWT", 3, .value, "page-level write-through, selects the memory type")
  }
  /// Page-level cache disable.
  @inlinable public static var cacheDisable: BitField {
    BitField("PCD", 4, .value, "page-level cache disable, selects the memory type")
  }
  /// Accessed.
  @inlinable public static var accessed: BitField {
    BitField("A", 5, .value, "accessed: the processor has used the entry")
  }
  /// Dirty.
  @inlinable public static var dirty: BitField {
    BitField("D", 6, .value, "dirty: software has written to the page")
  }
  /// Page size.
  @inlinable public static var pageSize: BitField {
    BitField("PS", 7, .value, "page size: the entry maps a page")
  }
  /// Global.
  @inlinable public static var global: BitField {
    BitField("G", 8, .value, "global: the translation survives a load of CR3 if CR4.PGE=1")
  }
  /// The PAT bit of an entry that maps a 4-KByte page.
  @inlinable public static var pat: BitField {
    BitField("PAT", 7, .value, "page attribute table, selects the memory type")
  }
  /// The PAT bit of an entry that maps a larger page.
  @inlinable public static var patOfLargePage: BitField {
    BitField("PAT", 12, .value, "page attribute table, selects the memory type; no address bit")
  }
  /// Execute-disable.
  @inlinable public static var executeDisable: BitField {
    BitField("XD", 63, .value, "instruction fetches are refused if EFER.NXE=1, else reserved")
  }
  /// The protection key.
  @inlinable public static var protectionKey: BitField {
    BitField("PK", 62, 59, .value, "protection key if CR4.PKE or CR4.PKS is 1, else ignored")
  }

  static var lowFlags: [BitField] {
    [present, writable, user, writeThrough, cacheDisable, accessed]
  }
}
