/// Processes in the order of a tree: each behind the one that made it.
///
/// Those whose parent is not among them come first, by the parent's number and their own; then any that made
/// each other.
struct ProcessTree {
  /// A process and how many are above it.
  struct Line: Equatable {
    let process: Int
    let depth: Int
  }

  private(set) var lines: [Line] = []
  private var isListed: [Bool]
  private var children: [UInt64: [Int]] = [:]
  private let processes: [ProcessFolders.Process]

  init(_ processes: [ProcessFolders.Process]) {
    self.processes = processes
    isListed = [Bool](repeating: false, count: processes.count)
    let sorted = processes.indices.sorted { first, second in
      (processes[first].parent ?? 0, processes[first].pid)
        < (processes[second].parent ?? 0, processes[second].pid)
    }
    for process in sorted {
      if let parent = processes[process].parent { children[parent, default: []].append(process) }
    }
    let numbers = Set(processes.map(\.pid))
    for process in sorted {
      guard let parent = processes[process].parent, numbers.contains(parent) else {
        list(process)
        continue
      }
    }
    for process in sorted { list(process) }
  }

  /// Lists a process with all that it made, unless it was listed.
  private mutating func list(_ process: Int) {
    // A chain of parents may be as long as the list: nothing here may call itself.
    var open = [Line(process: process, depth: 0)]
    while let line = open.popLast() {
      guard !isListed[line.process] else { continue }
      isListed[line.process] = true
      lines.append(line)
      open += (children[processes[line.process].pid] ?? []).reversed()
        .map { Line(process: $0, depth: line.depth + 1) }
    }
  }
}
