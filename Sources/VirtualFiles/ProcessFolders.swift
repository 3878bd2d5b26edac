import Machine

/// Which folders the address spaces of a machine have.
struct ProcessFolders: Sendable {
  /// A process.
  struct Process: Sendable {
    /// The number: that of the process, or a free one where it is not known.
    let pid: UInt64
    /// The name, or MemProcFS's word for one that is not known.
    let name: String
    /// The address spaces among those of the machine; the first is the one that the folder is about.
    var spaces: [Int]

    /// The name of the folder in `name`: as in MemProcFS, with the number.
    var folder: String {
      let name = String(name.map { $0 == "/" || $0.isControl ? "_" : $0 })
      return "\(name)-\(pid)"
    }
  }

  let all: [Process]
  private let byNumber: [String: Int]
  private let byName: [String: Int]

  init(_ machine: Machine) {
    let spaces = machine.addressSpaces
    var all: [Process] = []
    var known: [Int: Int] = [:]
    let taken = Set(spaces.compactMap(\.pid))
    var free: UInt64 = 1
    for (index, first) in machine.firstSpaces.enumerated() {
      let space = spaces[index]
      if let process = known[first] {
        all[process].spaces.append(index)
        continue
      }
      while space.pid == nil, taken.contains(free) { free += 1 }
      let pid = space.pid ?? free
      if space.pid == nil { free += 1 }
      known[first] = all.count
      all.append(Process(pid: pid, name: space.process ?? "unknown_process", spaces: [index]))
    }
    self.all = all
    byNumber = Dictionary(uniqueKeysWithValues: all.enumerated().map { ("\($1.pid)", $0) })
    byName = Dictionary(all.enumerated().map { ($1.folder, $0) }) { first, _ in first }
  }

  /// The process whose folder in `pid` has this name.
  func process(numbered text: String) -> Int? { byNumber[text] }

  /// The process whose folder in `name` has this name.
  func process(named text: String) -> Int? { byName[text] }
}

extension Character {
  fileprivate var isControl: Bool {
    unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f }
  }
}
