import Machine

/// Which folders the address spaces of a machine have.
struct ProcessFolders: Sendable {
  /// A process.
  struct Process: Sendable {
    /// The number: that of the process, or a free one where it is not known.
    let pid: UInt64
    /// The name as MemProcFS has it, or its word for one that is not known.
    let name: String
    /// The number of the process that made it; nil where that is not known.
    let parent: UInt64?
    /// The address spaces among those of the machine; the first is the one that the folder is about.
    var spaces: [Int]

    /// The name of the folder in `name`: as in MemProcFS, with the number.
    var folder: String { "\(name)-\(pid)" }
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
      all.append(
        Process(
          pid: pid, name: ProcessText.name(space.process ?? "unknown_process"),
          // MemProcFS says 0 of what it knows only by its root.
          parent: space.pid == nil && space.process == nil ? 0 : space.parent, spaces: [index]))
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
