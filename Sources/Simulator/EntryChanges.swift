import PhysicalMemory

/// The entries of page tables that changed since somebody asked, by the pages that they are about.
struct EntryChanges {
  /// The numbers of the pages, by process.
  private var pages: [(pid: UInt64, numbers: NumberSet)] = []

  var isPending: Bool { pages.contains { !$0.numbers.isEmpty } }

  mutating func note(_ address: UInt64, of pid: UInt64) {
    let index = pages.firstIndex { $0.pid == pid } ?? pages.endIndex
    if index == pages.endIndex { pages.append((pid, NumberSet())) }
    pages[index].numbers.insert(address / frameSize)
  }

  /// The addresses of the pages that changed since the last question, by process.
  mutating func take() -> [(pid: UInt64, addresses: [UInt64])] {
    pages.indices.compactMap { index in
      let numbers = pages[index].numbers.takeAll()
      return numbers.isEmpty ? nil : (pages[index].pid, numbers.map { $0 * frameSize })
    }
  }
}
