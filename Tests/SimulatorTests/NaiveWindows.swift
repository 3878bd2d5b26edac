/// What Windows promises a program, and nothing of how: which pages there are, and what they hold.
///
/// No frames, no lists, no page tables.
struct NaiveWindows {
  struct Protection {
    /// Without the modifier: `READWRITE`.
    var word: String
    var isGuarded: Bool

    init(_ text: String) {
      isGuarded = text.hasPrefix("[GUARD")
      word = String(text.drop { $0 != " " }.dropFirst().dropLast())
      if !isGuarded { word = text }
    }

    /// Whether a lock of the page is lost with it.
    var isNeverInMemory: Bool { isGuarded || word == "NOACCESS" }
    var isWritten: Bool { word.hasSuffix("READWRITE") }
    var isCopied: Bool { word.hasSuffix("WRITECOPY") }

    func allows(_ access: Access) -> Bool {
      switch access {
      case .read: word != "NOACCESS"
      case .write: isWritten || isCopied
      case .execute: word.hasPrefix("EXECUTE")
      }
    }
  }

  enum Access { case read, write, execute }

  struct Page {
    var isCommitted = false
    var protection = Protection("READWRITE")
    var byte: UInt8 = 0
    var isLocked = false
    /// Where the page shows one of a section: which.
    var shown: (section: RandomStep.Section, page: Int)?
  }

  struct Area {
    var pages: Range<Int>
    var section: RandomStep.Section?
    /// What a view was mapped with.
    var protection = Protection("READWRITE")

    /// In a view that copies, who may write gets a copy.
    func granted(_ wanted: Protection) -> Protection {
      guard section != nil, protection.isCopied, wanted.isWritten else { return wanted }
      var granted = wanted
      granted.word = wanted.word.replacing("READWRITE", with: "WRITECOPY")
      return granted
    }

    /// No view of these executes, and those that may only be read are not written.
    func allows(_ wanted: Protection) -> Bool {
      guard section != nil else { return true }
      return !wanted.word.hasPrefix("EXECUTE")
        && (!granted(wanted).isWritten || protection.isWritten)
    }
  }

  struct Process {
    var areas: [Area] = []
    var pages: [Int: Page] = [:]
    var stack: Range<Int>?

    func area(of page: Int) -> Area? { areas.first { $0.pages.contains(page) } }

    /// The area that holds all of these pages.
    func area(of pages: Range<Int>) -> Area? {
      area(of: pages.lowerBound).flatMap { $0.pages.contains(pages.upperBound - 1) ? $0 : nil }
    }

    mutating func add(_ area: Area) -> Bool {
      guard !areas.contains(where: { $0.pages.overlaps(area.pages) }) else { return false }
      areas.append(area)
      return true
    }

    mutating func remove(_ area: Area) {
      areas.removeAll { $0.pages == area.pages }
      for page in area.pages { pages[page] = nil }
      if stack == area.pages { stack = nil }
    }
  }

  private(set) var processes: [Int: Process] = [100: Process(), 200: Process()]
  /// What the pages of sections hold; nil of those that are not committed.
  var sections: [RandomStep.Section: [UInt8?]] = [:]

  init() {
    for section in RandomStep.Section.allCases {
      // A page of a file begins with the file's name.
      let byte: UInt8? =
        switch section {
        case .lazy: nil
        case .data: section.rawValue.utf8.first
        case .shared, .fixed: 0
        }
      sections[section] = Array(repeating: byte, count: section.pageCount)
    }
  }

  /// The status of a step, or nil where it succeeds.
  mutating func status(_ pid: Int, _ step: RandomStep) -> String? {
    var process = processes[pid] ?? Process()
    defer { processes[pid] = process }
    switch step {
    case .reserve(let page, let count, let isCommitted):
      return reserve(page..<page + count, isCommitted: isCommitted, &process)
    case .stack(let page, let count):
      if let status = reserve(page..<page + count, isCommitted: false, &process) { return status }
      let top = page + count
      _ = commit(top - RandomStep.stackPages..<top, "READWRITE", &process)
      let limit = top - RandomStep.stackPages - 1
      _ = commit(limit..<limit + 1, "[GUARD, READWRITE]", &process)
      process.stack = page..<top
    case .commit(let page, let count, let text):
      return commit(page..<page + count, text, &process)
    case .protect(let page, let count, let text):
      return protect(page..<page + count, Protection(text), &process)
    case .decommit(let page, let count): return decommit(page..<page + count, &process)
    case .free(let page):
      guard let area = process.area(of: page) else { return "STATUS_MEMORY_NOT_ALLOCATED" }
      guard area.section == nil else { return "STATUS_UNABLE_TO_DELETE_SECTION" }
      process.remove(area)
    case .mapView(let page, let count, let section, let first, let text):
      return map(section, from: first, at: page..<page + count, Protection(text), &process)
    case .unmapView(let page):
      guard let area = process.area(of: page), area.section != nil else {
        return "STATUS_NOT_MAPPED_VIEW"
      }
      process.remove(area)
    case .lock(let page, let count, let isLocked):
      return lock(page..<page + count, isLocked: isLocked, &process)
    case .read(let page): return access(page, .read, &process)
    case .execute(let page): return access(page, .execute, &process)
    case .write(let page, let byte, let isFiltered):
      return write(page, byte, isFiltered: isFiltered, &process)
    case .createProcess(let child): processes[child] = Process()
    case .exit: process = Process()
    case .lists: break
    }
    return nil
  }

  /// What a read finds.
  func byte(_ pid: Int, _ page: Int) -> UInt8? {
    guard let page = processes[pid]?.pages[page] else { return nil }
    return page.shown.flatMap { sections[$0.section]?[$0.page] } ?? page.byte
  }
}
