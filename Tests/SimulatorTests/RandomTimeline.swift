import TestSupport

/// A step of a random timeline, as data, so that a failing timeline can be shrunk.
enum RandomStep: Hashable {
  /// The sections that are there from the start.
  enum Section: String, CaseIterable {
    case shared, data, lazy, fixed

    var pageCount: Int { self == .shared ? 40 : 16 }

    /// The step that creates it.
    var yaml: String {
      let rest =
        switch self {
        case .shared: "kind: page-file, pages: \(pageCount)"
        case .data: "kind: file, pages: \(pageCount), protection: READWRITE"
        case .lazy: "kind: page-file, pages: \(pageCount), commit: false"
        case .fixed: "kind: page-file, pages: \(pageCount), protection: READONLY"
        }
      return "  - { create-section: \(rawValue), \(rest), process: 100 }"
    }
  }

  case reserve(Int, pages: Int, isCommitted: Bool)
  case commit(Int, Int, String)
  case protect(Int, Int, String)
  case decommit(Int, Int)
  case free(Int)
  case stack(Int, pages: Int)
  case mapView(Int, Int, Section, page: Int, String)
  case unmapView(Int)
  case lock(Int, Int, isLocked: Bool)
  case read(Int)
  case write(Int, UInt8, isFiltered: Bool)
  case execute(Int)
  case lists(String)
  case createProcess(Int)
  case exit

  static let base: UInt64 = 0x20_0000
  /// The pages that a reservation or a view begins at are multiples of it.
  static let block = 16
  /// The pages of a new stack that are committed; the one below them is the guard.
  static let stackPages = 2

  static func address(_ page: Int) -> UInt64 { base + UInt64(page) * 4096 }

  /// The step in the scenario language, done by the process with this number.
  func yaml(_ pid: Int) -> String { "  - { \(text), process: \(pid) }" }

  private var text: String {
    func range(_ page: Int, _ count: Int) -> String {
      "\(Self.address(page))..\(Self.address(page + count) - 1)"
    }
    return switch self {
    case .reserve(let page, let pages, let isCommitted):
      "reserve: \(range(page, pages)), commit: \(isCommitted)"
    case .commit(let page, let count, let protection):
      "commit: \(range(page, count)), protection: \(protection)"
    case .protect(let page, let count, let protection):
      "protect: \(range(page, count)), protection: \(protection)"
    case .decommit(let page, let count): "decommit: \(range(page, count))"
    case .free(let page): "free: \(Self.address(page))"
    case .stack(let page, let pages): "stack: \(range(page, pages)), committed: \(Self.stackPages)"
    case .mapView(let page, let count, let section, let first, let protection):
      "map-view: \(range(page, count)), section: \(section.rawValue), page: \(first), "
        + "protection: \(protection)"
    case .unmapView(let page): "unmap-view: \(Self.address(page))"
    case .lock(let page, let count, let isLocked):
      "\(isLocked ? "lock" : "unlock"): \(range(page, count))"
    case .read(let page): "read: \(Self.address(page))"
    case .write(let page, let byte, let isFiltered):
      "write: \(Self.address(page)), bytes: \"0\(byte)\""
        + (isFiltered ? ", on-violation: commit" : "")
    case .execute(let page): "execute: \(Self.address(page))"
    case .lists(let verb): verb
    case .createProcess(let child): "create-process: p\(child), pid: \(child)"
    case .exit: "exit: true"
    }
  }
}

// MARK: - Sequences

extension RandomStep {
  /// A sequence of steps; every third or so asks for something that is refused.
  static func steps(
    _ count: Int, hasStore: Bool, _ random: inout SeededGenerator
  ) -> [(pid: Int, step: RandomStep)] {
    var (pids, last) = ([100, 200], 200)
    var next = pids.flatMap { pid in first(&random).map { (pid, $0) } }
    return (0..<count).map { _ in
      if !next.isEmpty { return next.removeFirst() }
      let pid = pids.randomElement(using: &random) ?? 100
      if pids.count < 3, random.chance(12) {
        last += 100
        pids.append(last)
        next = first(&random).map { (last, $0) }
        return (pid, .createProcess(last))
      }
      if pid != 100, random.chance(25) {
        pids.removeAll { $0 == pid }
        return (pid, .exit)
      }
      return (pid, one(hasStore: hasStore, &random))
    }
  }

  /// Something of each kind, so that most steps meet a page.
  private static func first(_ random: inout SeededGenerator) -> [RandomStep] {
    func protection() -> String { views.randomElement(using: &random) ?? "READONLY" }
    let section = [Section.shared, .lazy, .fixed].randomElement(using: &random) ?? .shared
    return [
      .reserve(0, pages: block, isCommitted: true),
      .mapView(block, block, section, page: 0, protection()),
      .mapView(2 * block, block, .data, page: 0, protection()),
      .stack(3 * block, pages: block),
    ]
  }

  /// Of a view.
  private static let views = ["READWRITE", "READONLY", "WRITECOPY"]

  private static let protections = [
    "READWRITE", "READONLY", "NOACCESS", "EXECUTE_READWRITE", "EXECUTE_READ", "[GUARD, READWRITE]",
    "[GUARD, READONLY]",
  ]

  /// The last one came with Windows 8.
  private static let verbs = [
    "trim: all", "write-modified: 2", "write-modified: all", "repurpose: 1", "repurpose: all",
    "zero-pages: all", "combine: all",
  ]

  private static func one(hasStore: Bool, _ random: inout SeededGenerator) -> RandomStep {
    // The upper pages of a few blocks, where the guard pages of stacks are, so that steps meet.
    let start = Int.random(in: 0..<4, using: &random) * block
    let page = start + Int.random(in: block - 7..<block, using: &random)
    let pages = Int.random(in: 1...min(4, start + block + 1 - page), using: &random)
    let protection = protections.randomElement(using: &random) ?? "READWRITE"
    switch Int.random(in: 0..<32, using: &random) {
    case 0...1: return .reserve(start, pages: block, isCommitted: random.chance(2))
    case 2: return .stack(start, pages: block)
    case 3...5:
      return .mapView(
        start, Int.random(in: 1...block, using: &random),
        Section.allCases.randomElement(using: &random) ?? .shared,
        page: [0, 0, block / 2, block].randomElement(using: &random) ?? 0,
        views.randomElement(using: &random) ?? "READONLY")
    case 6...7: return .commit(page, pages, protection)
    case 8...9: return .protect(page, pages, random.chance(6) ? "WRITECOPY" : protection)
    case 10: return .decommit(page, pages)
    case 11:
      return random.chance(2) ? .read(page) : random.chance(2) ? .free(start) : .unmapView(page)
    case 12: return .lock(page, pages, isLocked: !random.chance(3))
    case 13...17: return .read(page)
    case 18...24:
      return .write(
        page, UInt8.random(in: 1...3, using: &random), isFiltered: random.chance(4))
    case 25: return .execute(page)
    default:
      return .lists(
        hasStore && random.chance(6)
          ? "compress: 2" : verbs.dropLast(hasStore ? 0 : 1).randomElement(using: &random) ?? "")
    }
  }
}
