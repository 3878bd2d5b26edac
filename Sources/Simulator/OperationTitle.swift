import PhysicalMemory
import ScenarioFile

/// What a step does, in words.
extension Scenario.Operation {
  var title: String {
    switch self {
    case .access(let statement): statement.title
    case .exit: "exit"
    case .reserve(let range, let protection, let isCommitted, let isLarge):
      "reserve\(isLarge ? " large pages" : isCommitted ? " and commit" : "") \(range.words) \(protection.words)"
    case .commit(let range, let protection): "commit \(range.words) \(protection.words)"
    case .protect(let range, let protection): "protect \(range.words) \(protection.words)"
    case .decommit(let range): "decommit \(range.words)"
    case .free(let address): "free \(address.hex)"
    case .stack(let range, let count): "stack \(range.words), \(count) pages committed"
    case .createSection(let section):
      "create section \(section.name), \(section.kind.rawValue)"
    case .mapView(let range, let section, let page, let protection):
      "map a view of \(section) from page \(page) at \(range.words) \(protection.words)"
    case .unmapView(let address): "unmap the view at \(address.hex)"
    case .trim(let range): "trim \(range?.words ?? "the working set")"
    case .writeModified(let count): "write modified pages: \(count.words)"
    case .compress(let count): "compress modified pages: \(count.words)"
    case .repurpose(let count): "repurpose standby pages: \(count.words)"
    case .zeroPages(let count): "zero free pages: \(count.words)"
    case .lock(let range, let isLocked): "\(isLocked ? "lock" : "unlock") \(range.words)"
    case .combine: "combine pages"
    case .createProcess(let name, let pid): "create process \(name) (\(pid))"
    default: linuxTitle
    }
  }

  private var linuxTitle: String {
    switch self {
    case .mmap(let map):
      "mmap \(map.range.words) \(map.rights.words) \(map.isShared ? "shared" : "private") "
        + (map.file.map { "\($0) page \(map.page)" } ?? "anonymous")
        + (map.isPopulated ? " populate" : "") + (map.growsDown ? " grows-down" : "")
    case .munmap(let range): "munmap \(range.words)"
    case .mprotect(let range, let rights): "mprotect \(range.words) \(rights.words)"
    case .madvise(let range, let advice): "madvise \(range.words) \(advice.rawValue)"
    case .mlock(let range, let isLocked): "\(isLocked ? "mlock" : "munlock") \(range.words)"
    case .fork(let name, let pid): "fork \(name) (\(pid))"
    case .createFile(let name, let size): "create file \(name), \(size) bytes"
    case .swapOn(let pages): "swap on, \(pages) pages"
    case .swapOut(let range): "swap out \(range.words)"
    case .dropCaches: "drop caches"
    case .split(let address): "split the huge page at \(address.hex)"
    case .numaScan(let range): "scan for NUMA hints \(range.words)"
    case .userfaultfd(let range, let modes):
      "userfaultfd \(range.words) \(modes.map(\.rawValue).sorted().joined(separator: "+"))"
    case .userfaultFill(let range, let isZero):
      "\(isZero ? "uffd-zeropage" : "uffd-copy") \(range.words)"
    case .userfaultProtect(let range, let isProtected):
      "\(isProtected ? "uffd-protect" : "uffd-unprotect") \(range.words)"
    case .clearRefs: "clear soft-dirty bits"
    default: ""
    }
  }

  /// The address that a step is about.
  var range: ClosedRange<UInt64>? {
    switch self {
    case .access(let statement): statement.range
    case .reserve(let range, _, _, _), .commit(let range, _), .protect(let range, _),
      .decommit(let range), .stack(let range, _), .mapView(let range, _, _, _),
      .lock(let range, _), .munmap(let range), .mprotect(let range, _), .madvise(let range, _),
      .mlock(let range, _), .swapOut(let range), .numaScan(let range),
      .userfaultfd(let range, _), .userfaultFill(let range, _), .userfaultProtect(let range, _):
      range
    case .mmap(let map): map.range
    case .free(let address), .unmapView(let address), .split(let address): address...address
    case .trim(let range): range
    default: nil
    }
  }

  var address: VirtualAddress? { range.map { VirtualAddress($0.lowerBound) } }
}

extension Scenario.AccessStatement {
  fileprivate var title: String {
    var text = "\(kind.rawValue) \(range.words)"
    if privilege != .user { text += " as \(privilege.rawValue)" }
    if let count { text += ", \(count) times" }
    if stride != frameSize { text += ", every \(stride) bytes" }
    if seed != nil { text += " in random order" }
    if commitsOnViolation { text += ", the filter commits" }
    return text
  }
}

extension ClosedRange<UInt64> {
  var words: String {
    lowerBound == upperBound ? lowerBound.hex : "\(lowerBound.hex)..\(upperBound.hex)"
  }
}

extension Scenario.Protection {
  var words: String {
    switch self {
    case .number(let bits): "protection \(bits)"
    case .words(let word, let modifier):
      "PAGE_\(word.rawValue)" + (modifier.map { "|\($0.rawValue)" } ?? "")
    }
  }
}

extension Set<Scenario.MemoryRight> {
  var words: String {
    let letters = Scenario.MemoryRight.allCases.map { contains($0) ? $0.rawValue.prefix(1) : "-" }
    return letters.joined().replacing("e", with: "x")
  }
}

extension UInt64? {
  fileprivate var words: String { self.map { "\($0)" } ?? "all" }
}
