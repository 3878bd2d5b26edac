import BitLayout

/// What the fields of the memory manager's words mean.
///
/// The names are those of the types; the meanings are from published descriptions and from what
/// debuggers print. Where nobody has published a meaning, that is said.
struct FieldMeanings {
  typealias Entry = (name: StaticString, meaning: StaticString)

  private let general: [String: Entry]
  private let special: [WindowsStructure: [String: Entry]]

  init() {
    func byName(_ entries: [Entry]) -> [String: Entry] {
      Dictionary(entries.map { (String(describing: $0.name), $0) }) { first, _ in first }
    }
    general = byName(Self.entryFields + Self.descriptorFields)
    special = [
      .hardware: byName(Self.hardwareFields), .prototype: byName(Self.prototypeFields),
      .subsection: byName(Self.subsectionFields), .vadFlags: byName(Self.vadFields),
    ]
  }

  /// The name, kind and meaning of a field, or nil where it has none here.
  func meaning(
    of name: Substring, in structure: WindowsStructure
  ) -> (StaticString, BitField.Kind, StaticString)? {
    let name = String(name)
    guard let entry = special[structure]?[name] ?? general[name] else { return nil }
    let isUnused = Self.unusedNames.contains { name.lowercased().hasPrefix($0) }
    return (entry.name, isUnused ? .ignored : .value, entry.meaning)
  }

  private static let unusedNames = ["unused", "filler", "reserved", "spare", "dontuse"]
}

/// Entries of page tables and of prototype arrays.
extension FieldMeanings {
  private static let entryFields: [Entry] = [
    ("Valid", "the processor uses the entry; if 0 the other bits are the memory manager's"),
    ("MustBeZero", "0: the entry is not valid"),
    ("Protection", "MM_* protection: base in the low 3 bits, modifier in the high 2"),
    ("Prototype", "1: the page is shared; which form it is, depends on the table"),
    ("Transition", "1, with Prototype=0: the page is in memory, though the entry is not valid"),
    ("SwizzleBit", "0: the invalid-PTE mask was put in and must be taken out; 1: leave as it is"),
    ("PageFileLow", "number of the page file"),
    ("PageFileHigh", "page in the page file; 0: none"),
    ("PageFileReserved", "room in the page file has been reserved for the page"),
    ("PageFileAllocated", "the page file holds the page"),
    ("UsedPageTableEntries", "entries in use of the page table that this entry is about"),
    ("InStore", "the page is in a store rather than in the file (uncertain what the key is)"),
    ("DbgCrc", "checksum of the page, for debugging"),
    ("LocalPartition", "memory partition of the page (meaning not published)"),
    ("ColdPage", "hint: the page is rarely used"),
    ("ShadowStack", "the page is one of a shadow stack"),
    ("OnStandbyLookaside", "the page is on a lookaside list of standby pages"),
    ("MemoryTag", "the page has memory tags (uncertain)"),
    ("PageFrameNumber", "number of the page's frame"),
    ("Write", "the page was writable"),
    ("Owner", "user mode may access the page"),
    ("WriteThrough", "page-level write-through"),
    ("CacheDisable", "page-level cache disable"),
    ("IoTracker", "tracks I/O to the page (meaning not published)"),
    ("OneEntry", "the free block is one entry long"),
    ("NextEntry", "index of the next free entry"),
    ("GlobalTimeStamp", "flush count at which the entry was freed"),
    ("Flink", "number of the next page table's frame"),
    ("BlinkHigh", "upper part of the number of the previous page table's frame"),
    ("Unused", "not used"), ("Unused0", "not used"), ("Unused1", "not used"),
    ("Unused2", "not used"), ("Spare", "not used"), ("Reserved", "reserved by the memory manager"),
    ("filler0", "not used"), ("filler1", "not used"), ("filler10", "not used"),
    ("filler2", "not used"), ("reserved", "reserved by the memory manager"),
    ("reserved0", "reserved by the memory manager"),
    ("reserved1", "reserved by the memory manager"),
  ]

  private static let hardwareFields: [Entry] = [
    ("Write", "software's writable bit on kernels that have Dirty1 or Writable, else R/W"),
    ("Writable", "writes are allowed, as the processor sees it"),
    ("Dirty1", "writes are allowed, as the processor sees it; set with the first write"),
    ("CopyOnWrite", "a write gets a private copy of the page"),
    ("Prototype", "software: the page is shared (no prototype form: the entry is valid)"),
    ("Accessed", "the processor has used the entry"),
    ("Dirty", "the page has been written to"),
    ("LargePage", "the entry maps a large page; in a PTE, PAT"),
    ("Global", "the translation survives a change of the address space"),
    ("ClearedByHiberVerifyRevert", "used while hibernation is verified (uncertain)"),
    ("ReservedForHardware", "address bits that the build does not use"),
    ("ReservedForSoftware", "left to the memory manager"),
    ("SoftwareWsIndex", "index of the page in the working set list"),
    ("WsleAge", "age of the page in the working set"),
    ("WsleProtection", "protection of this view (base); 0: that of the PFN's original entry"),
    ("NoExecute", "instruction fetches are refused"),
    ("NotLargePage", "1: table or page; 0: block"),
    ("CacheType", "low bits of AttrIndx: the memory type"),
    ("OsAvailable", "left to the operating system"),
    ("OsAvailable2", "top bit of AttrIndx, left to the operating system"),
    ("NonSecure", "NS: the output address is in the non-secure space"),
    ("Owner", "user mode may access the page"),
    ("NotDirty", "AP[2]: writes are refused; cleared with the first write"),
    ("Sharability", "SH: shareability of the memory"),
    ("NonGlobal", "nG: the translation belongs to the current address space"),
    ("ContiguousBit", "the entry is one of a contiguous set"),
    ("PrivilegedNoExecute", "PXN: the kernel must not execute the page"),
    ("UserNoExecute", "UXN: user mode must not execute the page"),
    ("PdeLocked", "the page table is locked (meaning not published)"),
    ("PdeContended", "somebody waits for the lock (meaning not published)"),
    ("PxnTable", "table attribute: no execution by the kernel below"),
    ("UxnTable", "table attribute: no execution by user mode below"),
    ("ApTable", "table attribute: access limits below"),
    ("NsTable", "table attribute: non-secure below"),
  ]

  private static let prototypeFields: [Entry] = [
    ("Prototype", "1: the entry points at a prototype entry, where the page's state is"),
    ("Protection", "protection of this page in this view; 0: that of the VAD"),
    ("ReadOnly", "the view is read-only"),
    ("WhichPool", "the pool that holds the prototype entry"),
    ("Combined", "the page was combined with equal ones"),
    ("DemandFillProto", "the page is filled on demand (meaning not published)"),
    ("HiberVerifyConverted", "converted while hibernation was verified (meaning not published)"),
    ("ProtoAddress", "address of the prototype entry; 0xffffffff0000: look it up in the VAD"),
    ("ProtoAddressLow", "lower part of the prototype entry's address"),
    ("ProtoAddressHigh", "upper part of the prototype entry's address"),
    ("ProtoIndex", "index of the prototype entry in its region; all ones: look in the VAD"),
    ("ProtoTagBits", "memory tag of the prototype entry's address (uncertain)"),
    ("PoolType", "the region that holds the prototype entry (uncertain)"),
  ]

  private static let subsectionFields: [Entry] = [
    ("Prototype", "1: the page is not in memory, a subsection of a file holds it"),
    ("SubsectionAddress", "address of the subsection"),
    ("SubsectionAddressLow", "lower part of the subsection's address"),
    ("SubsectionAddressHigh", "upper part of the subsection's address"),
    ("WhichPool", "the pool that holds the subsection"),
    ("ExecutePrivilege", "hint on execution (meaning not published)"),
    ("SubsectionIndex", "index of the subsection in its region (uncertain)"),
    ("SubsectionTagBits", "memory tag of the subsection's address (uncertain)"),
    ("DemandFillProto", "the page is filled on demand (uncertain)"),
  ]
}
