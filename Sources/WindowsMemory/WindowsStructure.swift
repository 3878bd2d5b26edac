/// A word of the Windows memory manager, by the name of its type.
///
/// The order of the cases is the order of the columns in the generated table.
public enum WindowsStructure: String, Sendable, CaseIterable {
  /// A valid entry, as the processor uses it.
  case hardware = "_MMPTE_HARDWARE"
  /// A page that is in a page file, or that nobody has touched yet.
  case software = "_MMPTE_SOFTWARE"
  /// A page in memory that is on its way out or in.
  case transition = "_MMPTE_TRANSITION"
  /// In the table of a process: where the prototype entry is.
  case prototype = "_MMPTE_PROTOTYPE"
  /// In an array of prototype entries: which subsection of a file holds the page.
  case subsection = "_MMPTE_SUBSECTION"
  /// A link of a list of free system entries.
  case list = "_MMPTE_LIST"
  /// A free system entry whose flush from the translation buffers is still due.
  case timeStamp = "_MMPTE_TIMESTAMP"
  /// A link of the list of active page tables.
  case activePageTableLinks = "_MMPTE_ACTIVE_PAGE_TABLE_LINKS"
  /// The flags of a virtual address descriptor.
  case vadFlags = "_MMVAD_FLAGS"
  /// More flags of a virtual address descriptor, from Windows 8 on.
  case vadFlags1 = "_MMVAD_FLAGS1"
  /// The flags of an entry of the PFN database, up to Windows 10 1507.
  case pfnEntry = "_MMPFNENTRY"
  /// The first byte of the flags of an entry of the PFN database.
  case pfnEntry1 = "_MMPFNENTRY1"
  /// The second byte of the flags of an entry of the PFN database.
  case pfnEntry3 = "_MMPFNENTRY3"

  /// Whether the word is an entry of a page table or of an array of prototype entries.
  public var isEntry: Bool { rawValue.hasPrefix("_MMPTE_") }

  /// The column of the generated table.
  var column: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  /// The name, for a `WordLayout`.
  var name: StaticString {
    switch self {
    case .hardware: "_MMPTE_HARDWARE"
    case .software: "_MMPTE_SOFTWARE"
    case .transition: "_MMPTE_TRANSITION"
    case .prototype: "_MMPTE_PROTOTYPE"
    case .subsection: "_MMPTE_SUBSECTION"
    case .list: "_MMPTE_LIST"
    case .timeStamp: "_MMPTE_TIMESTAMP"
    case .activePageTableLinks: "_MMPTE_ACTIVE_PAGE_TABLE_LINKS"
    case .vadFlags: "_MMVAD_FLAGS"
    case .vadFlags1: "_MMVAD_FLAGS1"
    case .pfnEntry: "_MMPFNENTRY"
    case .pfnEntry1: "_MMPFNENTRY1"
    case .pfnEntry3: "_MMPFNENTRY3"
    }
  }
}
