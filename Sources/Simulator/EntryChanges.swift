import PhysicalMemory

/// The entries of page tables that changed since somebody asked, by the pages that they are about.
struct EntryChanges {
  /// The numbers of the pages, by process.
  private var pages: [(pid: UInt64, numbers: NumberSet)] = []
  /// Where the pages of each process are.
  private var places: [UInt64: Int] = [:]
  /// Where those of the last process are.
  private var last = 0

  /// The sets of more processes than this are not kept for the next use.
  private static let keptProcesses = 16

  var isPending: Bool { pages.contains { !$0.numbers.isEmpty } }

  mutating func note(_ address: UInt64, of pid: UInt64) {
    if last >= pages.count || pages[last].pid != pid { find(pid) }
    pages[last].numbers.insert(address / frameSize)
  }

  private mutating func find(_ pid: UInt64) {
    last = places[pid] ?? pages.count
    guard last == pages.count else { return }
    places[pid] = last
    pages.append((pid, NumberSet()))
  }

  /// The addresses of the pages that changed since the last question, by process.
  mutating func take() -> [(pid: UInt64, addresses: [UInt64])] {
    let taken = pages.indices.compactMap { index -> (pid: UInt64, addresses: [UInt64])? in
      let numbers = pages[index].numbers.takeAll()
      return numbers.isEmpty ? nil : (pages[index].pid, numbers.map { $0 * frameSize })
    }
    if pages.count > Self.keptProcesses { self = EntryChanges() }
    return taken
  }
}
