import TestSupport

/// A step of a random timeline of Linux, as data, so that a failing timeline can be shrunk.
enum LinuxStep: Hashable {
  /// What is behind the pages of an area.
  enum Backing: String, CaseIterable {
    case anonymous, shared, file, sharedFile
  }

  case mmap(Int, Int, Backing, isWritable: Bool)
  case munmap(Int, Int)
  case mprotect(Int, Int, String)
  case madvise(Int, Int, String)
  case mlock(Int, Int, isLocked: Bool)
  case read(Int)
  case write(Int, UInt8)
  case execute(Int)
  case range(String, Int, Int)
  case plain(String)
  case fork(Int)
  case exit

  static let base: UInt64 = 0x7f00_0000_0000
  /// The places in a page that are written to and looked at; a byte has its own.
  static let cells = 2

  static func cell(of byte: UInt8) -> Int { Int(byte) % cells }

  static func place(_ page: Int, _ cell: Int) -> UInt64 {
    base + UInt64(page) * 4096 + UInt64(cell) * 2048
  }

  /// The pages of the file; those after it are past its end.
  static let filePages = 12

  /// The step in the scenario language, done by the process with this number.
  func yaml(_ pid: Int) -> String {
    func address(_ page: Int) -> String { "\(Self.base + UInt64(page) * 4096)" }
    func range(_ page: Int, _ count: Int) -> String {
      "\(address(page))..\(Self.base + UInt64(page + count) * 4096 - 1)"
    }
    let text: String =
      switch self {
      case .mmap(let page, let count, let backing, let isWritable):
        "mmap: \(range(page, count)), prot: [read\(isWritable ? ", write" : "")]"
          + ([.shared, .sharedFile].contains(backing) ? ", shared: true" : "")
          + ([.file, .sharedFile].contains(backing) ? ", file: data, page: \(page % 8)" : "")
      case .munmap(let page, let count): "munmap: \(range(page, count))"
      case .mprotect(let page, let count, let rights):
        "mprotect: \(range(page, count)), prot: [\(rights)]"
      case .madvise(let page, let count, let advice):
        "madvise: \(range(page, count)), advice: \(advice)"
      case .mlock(let page, let count, let isLocked):
        "\(isLocked ? "mlock" : "munlock"): \(range(page, count))"
      case .read(let page): "read: \(address(page))"
      case .write(let page, let byte):
        "write: \(Self.place(page, Self.cell(of: byte))), bytes: \"0\(byte)\""
      case .execute(let page): "execute: \(address(page))"
      case .range(let verb, let page, let count): "\(verb): \(range(page, count))"
      case .plain(let verb): verb
      case .exit: "exit: true"
      case .fork(let child): "fork: child\(child), pid: \(child)"
      }
    return "  - { \(text), process: \(pid) }"
  }

  /// A sequence of steps; many ask for something that is refused.
  static func steps(_ count: Int, _ random: inout SeededGenerator) -> [(pid: Int, step: Self)] {
    var (pids, last) = ([100], 100)
    // Something of each kind is there from the start, so that most steps meet a page.
    let areas: [Self] = [
      .mmap(0, 8, .anonymous, isWritable: true), .mmap(8, 3, .file, isWritable: true),
      .mmap(11, 4, .shared, isWritable: true), .mmap(15, 3, .sharedFile, isWritable: true),
    ]
    return areas.map { (100, $0) }
      + (0..<count).map { index in
        let pid = pids.randomElement(using: &random) ?? 100
        if pids.count < 3, index > 10, random.chance(10) {
          last += 1
          pids.append(last)
          return (pid, .fork(last))
        }
        if pid != 100, random.chance(25) {
          pids.removeAll { $0 == pid }
          return (pid, .exit)
        }
        return (pid, step(&random))
      }
  }

  private static func step(_ random: inout SeededGenerator) -> Self {
    let page = Int.random(in: 0..<20, using: &random)
    let pages = Int.random(in: 1...8, using: &random)
    switch Int.random(in: 0..<32, using: &random) {
    case 0...4:
      let backing = Backing.allCases.randomElement(using: &random) ?? .anonymous
      return .mmap(page, pages, backing, isWritable: !random.chance(4))
    case 5: return random.chance(2) ? .munmap(page, pages) : .read(page)
    case 6...7:
      let rights = ["", "read", "read, write", "read, write"].randomElement(using: &random) ?? ""
      return .mprotect(page, pages, rights)
    case 8...9:
      let advice = [
        "dontneed", "free", "pageout", "willneed", "populate-read", "populate-write",
        "guard-install", "guard-remove",
      ]
      return .madvise(page, pages, advice.randomElement(using: &random) ?? "dontneed")
    case 10: return .mlock(page, pages, isLocked: random.chance(2))
    case 11...12: return .range("swap-out", page, 12)
    case 13: return .range("numa-scan", page, 12)
    case 14: return .plain(random.chance(2) ? "drop-caches: all" : "clear-refs: all")
    case 15: return .execute(page)
    case 16...22: return .read(page)
    default: return .write(page, UInt8.random(in: 1...3, using: &random))
    }
  }
}
