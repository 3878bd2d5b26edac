import Paging
import PhysicalMemory
import WindowsMemory

/// The words for what an entry means to Windows.
struct WindowsEntrySentence {
  let reading: PTEReading
  let kernel: WindowsKernel
  let table: PTETable
  let level: Int
  let mode: PagingMode

  /// What the entry is about.
  private var page: String { level > 1 ? mode.tableName(level - 1) : "page" }

  /// Where the page is.
  var state: String {
    switch reading.state {
    case .valid: return "valid: the \(page) is in frame \(reading.pfn.words)"
    case .large: return "valid: a large page, which starts at frame \(reading.pfn.words)"
    case .zero where table == .prototype: return "zero: the section has no page here"
    case .zero where level > 1:
      return "zero: no \(page), so no private page was ever touched here; the VAD says more"
    case .zero: return "zero: the VAD says whether there is a page"
    case .demandZero: return "demand zero: the first access gets a \(page) of zeros"
    case .noAccess: return "no access: the page is committed, and every access is a violation"
    case .decommitted: return "decommitted: the page was given back, and an access is a violation"
    case .pageFile:
      return "in page file \(reading.pageFile ?? 0), page \(reading.pageFileOffset.words): a hard"
        + " fault reads the \(page)"
    case .virtualStore:
      return "in the store named page file \(reading.pageFile ?? 0), under"
        + " \(reading.pageFileOffset.words): a fault decompresses the \(page)"
    case .transition:
      return "in transition: frame \(reading.pfn.words) has the \(page), on the standby or modified"
        + " list or being read: a soft fault"
    case .prototype: return "the prototype entry \(prototypePlace) says where the page is"
    case .prototypeVAD:
      return "a prototype entry says where the page is, and the VAD says where that entry is"
    case .subsection: return "not in memory: the subsection\(subsectionPlace) says where in a file"
    case .freed: return "freed: no protection, but something in the upper bits"
    case .ambiguous:
      return "ambiguous: lists of free entries and page tables leave such bits; no page is said"
    }
  }

  private var prototypePlace: String {
    if let address = reading.prototypeAddress { return "at \(address.hex)" }
    return "\(reading.prototypeOffset.words) bytes into its region"
  }

  private var subsectionPlace: String {
    if let address = reading.subsectionAddress { return " at \(address.hex)" }
    if let offset = reading.subsectionOffset { return " \(offset.hex) bytes into its pool" }
    return ""
  }

  var style: TextStyle {
    switch reading.state {
    case .valid, .large: .green
    case .noAccess, .decommitted, .freed: .red
    case .zero, .demandZero, .pageFile, .virtualStore, .transition, .prototype, .prototypeVAD,
      .subsection, .ambiguous:
      .yellow
    }
  }

  /// What may be done with the page.
  var protection: String? {
    guard let protection = reading.protection else {
      return reading.state == .prototype ? "protection: that of the VAD" : nil
    }
    let isVADs = reading.state == .prototype || reading.state == .prototypeVAD
    if protection == .zeroAccess && isVADs { return "protection 0: that of the VAD" }
    var text =
      "protection \(protection.rawValue): \(protection.name), \(protection.pageName)"
    switch protection.modifier {
    case .none: break
    case .guardPage:
      text += "; guard: the first access raises STATUS_GUARD_PAGE_VIOLATION and ends the guard"
    case .nocache: text += "; not cached"
    case .writecombine: text += "; writes are combined"
    }
    if protection.isCopyOnWrite { text += "; a write gets a private copy" }
    return text
  }

  /// What happens to a write.
  func write(_ right: PTEWriteRight) -> String {
    switch right {
    case .writable: "a write passes"
    case .writableWhenDirty:
      "writable, but clean: the first write faults, is no violation, and makes the page modified"
    case .copyOnWrite: "copy-on-write: a write faults and gets a private copy of the page"
    case .readOnly: "read-only: a write is a violation"
    }
  }

  /// What the invalid-PTE mask did to the entry.
  func mask(_ mask: InvalidPTEMask, _ value: UInt64, _ unmasked: UInt64) -> String {
    guard kernel.hasSwizzleBit else {
      return mask == .none
        ? "the kernel puts no invalid-PTE mask into entries"
        : "the entry has no SwizzleBit: the invalid-PTE mask \(mask.rawValue.hex) is not for it"
    }
    if mask == .none { return "read as it is: with an invalid-PTE mask, --invalid-mask gives it" }
    if unmasked != value {
      return "without the invalid-PTE mask \(mask.rawValue.hex) the entry is \(unmasked.hex)"
    }
    return value & mask.rawValue == 0
      ? "the invalid-PTE mask \(mask.rawValue.hex) is not in it"
      : "SwizzleBit is 1: the invalid-PTE mask \(mask.rawValue.hex) was not put in"
  }
}

extension UInt64? {
  fileprivate var words: String { self?.hex ?? "?" }
}
