import TestSupport

/// A step of a random timeline, as data, so that a failing timeline can be shrunk.
enum RandomStep: Hashable {
  case reserve(Int, pages: Int, isCommitted: Bool)
  case commit(Int, Int, String)
  case protect(Int, Int, String)
  case decommit(Int, Int)
  case free(Int)
  case read(Int)
  case write(Int, UInt8)
  case lists(String)

  static let base: UInt64 = 0x20_0000

  /// The step in the scenario language, done by the process with this number.
  func yaml(_ pid: Int) -> String {
    func range(_ page: Int, _ count: Int) -> String {
      "\(Self.base + UInt64(page) * 4096)..\(Self.base + UInt64(page + count) * 4096 - 1)"
    }
    let text: String =
      switch self {
      case .reserve(let page, let pages, let isCommitted):
        "reserve: \(range(page, pages)), commit: \(isCommitted)"
      case .commit(let page, let count, let protection):
        "commit: \(range(page, count)), protection: \(protection)"
      case .protect(let page, let count, let protection):
        "protect: \(range(page, count)), protection: \(protection)"
      case .decommit(let page, let count): "decommit: \(range(page, count))"
      case .free(let page): "free: \(Self.base + UInt64(page) * 4096)"
      case .read(let page): "read: \(Self.base + UInt64(page) * 4096)"
      case .write(let page, let byte):
        "write: \(Self.base + UInt64(page) * 4096), bytes: \"0\(byte)\""
      case .lists(let verb): verb
      }
    return "  - { \(text), process: \(pid) }"
  }

  /// A sequence of steps; every third or so asks for something that is refused.
  static func steps(_ count: Int, _ random: inout SeededGenerator) -> [(pid: Int, step: RandomStep)]
  {
    let protections = ["READWRITE", "READONLY", "NOACCESS", "EXECUTE_READWRITE"]
    let verbs = [
      "trim: all", "write-modified: 2", "write-modified: all", "repurpose: 1", "repurpose: all",
      "zero-pages: all", "combine: all",
    ]
    return (0..<count).map { _ in
      let page = Int.random(in: 0..<48, using: &random)
      let pages = Int.random(in: 1...4, using: &random)
      let protection = protections.randomElement(using: &random) ?? "READWRITE"
      let step: RandomStep =
        switch Int.random(in: 0..<20, using: &random) {
        case 0...1: .reserve(page / 16 * 16, pages: 16, isCommitted: random.chance(2))
        case 2...4: .commit(page, pages, protection)
        case 5: .protect(page, pages, protection)
        case 6: .decommit(page, pages)
        case 7: random.chance(3) ? .free(page / 16 * 16) : .read(page)
        case 8...11: .read(page)
        case 12...16: .write(page, UInt8.random(in: 1...3, using: &random))
        default: .lists(verbs.randomElement(using: &random) ?? "trim: all")
        }
      return (Int.random(in: 1...2, using: &random) * 100, step)
    }
  }
}

/// What Windows promises a program, and nothing of how: which pages there are, and what they hold.
///
/// No frames, no lists, no page tables.
struct NaiveWindows {
  struct Page {
    var isCommitted = false
    var protection = "READWRITE"
    var byte: UInt8 = 0
  }

  /// The pages of each process by number, those reserved together under one first page.
  private var pages: [Int: [Int: Page]] = [:]
  private var starts: [Int: [Int: Int]] = [:]

  /// The status of a step, or nil where it succeeds.
  mutating func status(_ pid: Int, _ step: RandomStep) -> String? {
    switch step {
    case .reserve(let page, let count, let isCommitted):
      guard (page..<page + count).allSatisfy({ pages[pid]?[$0] == nil }) else {
        return "STATUS_CONFLICTING_ADDRESSES"
      }
      for each in page..<page + count {
        pages[pid, default: [:]][each] = Page(isCommitted: isCommitted)
        starts[pid, default: [:]][each] = page
      }
    case .commit(let page, let count, let protection):
      guard isOneRange(pid, page, count) else { return "STATUS_CONFLICTING_ADDRESSES" }
      for each in page..<page + count {
        pages[pid]?[each]?.isCommitted = true
        pages[pid]?[each]?.protection = protection
      }
    case .protect(let page, let count, let protection):
      guard isOneRange(pid, page, count) else { return "STATUS_CONFLICTING_ADDRESSES" }
      guard (page..<page + count).allSatisfy({ pages[pid]?[$0]?.isCommitted == true }) else {
        return "STATUS_NOT_COMMITTED"
      }
      for each in page..<page + count { pages[pid]?[each]?.protection = protection }
    case .decommit(let page, let count):
      guard pages[pid]?[page] != nil else { return "STATUS_MEMORY_NOT_ALLOCATED" }
      guard isOneRange(pid, page, count) else { return "STATUS_UNABLE_TO_FREE_VM" }
      for each in page..<page + count { pages[pid]?[each] = Page() }
    case .free(let page):
      guard pages[pid]?[page] != nil else { return "STATUS_MEMORY_NOT_ALLOCATED" }
      for (each, start) in starts[pid] ?? [:] where start == page {
        pages[pid]?[each] = nil
        starts[pid]?[each] = nil
      }
    case .read(let page):
      guard let known = pages[pid]?[page], known.isCommitted, known.protection != "NOACCESS"
      else { return "STATUS_ACCESS_VIOLATION" }
    case .write(let page, let byte):
      guard let known = pages[pid]?[page], known.isCommitted,
        known.protection.hasSuffix("READWRITE")
      else { return "STATUS_ACCESS_VIOLATION" }
      pages[pid]?[page]?.byte = byte
    case .lists: break
    }
    return nil
  }

  private func isOneRange(_ pid: Int, _ page: Int, _ count: Int) -> Bool {
    guard let start = starts[pid]?[page] else { return false }
    return (page..<page + count).allSatisfy { starts[pid]?[$0] == start }
  }

  /// What a read finds.
  func byte(_ pid: Int, _ page: Int) -> UInt8? { pages[pid]?[page]?.byte }
}
