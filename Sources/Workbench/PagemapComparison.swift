import BitLayout
import LinuxMemory
import Machine
import Paging
import PhysicalMemory

/// Compares the pagemap that follows from the tables with that of the guest, under one root.
struct PagemapComparison {
  /// The most pages in memory that pagemap may claim.
  private static let pageLimit: UInt64 = 1 << 24

  /// The most runs of pages that the tables of a process may have, so that a file which lies cannot
  /// keep the comparison busy for ever.
  private static let runLimit = 1 << 22

  let process: GuestTruth.Process
  let name: String
  let memory: MemoryImage
  let state: PagingState
  let decoder: LinuxEntryDecoder
  let facts: FrameFacts

  func disagreements(limit: Int) -> [String] {
    guard limit > 0 else { return [] }
    let present = process.pagemap.filter { PagemapEntry(rawValue: $0.entry).isPresent }
    let claimed = present.reduce(UInt64(0)) {
      $0.addingReportingOverflow($1.pageCount).partialValue
    }
    guard claimed <= Self.pageLimit else {
      return ["\(name): pagemap claims more than \(Self.pageLimit) pages"]
    }
    let visitor = PagemapVisitor(facts, decoder.kernel, pageShift: state.pageShift(1))
    let computed = scan(visitor)
    var found = differences(computed, limit: limit)
    found += untold(computed, limit: limit - found.count)
    return found + strangers(limit: limit - found.count)
  }

  private func scan(_ visitor: PagemapVisitor) -> [PagemapRun] {
    var scan = AreaScan(process.areas.areas, decoder, state, visitor)
    var computed = state.perform(&scan, on: memory)
    return computed.runs()
  }

  /// Pages of areas that the tables have in memory or elsewhere, and pagemap says nothing of.
  private func untold(_ computed: [PagemapRun], limit: Int) -> [String] {
    var told = RunTable<Bool>()
    for run in process.pagemap.sorted(by: { $0.address < $1.address }) {
      _ = told.append(from: run.address, to: run.address + run.pageCount * frameSize, true)
    }
    var found: [String] = []
    for run in computed where run.address <= state.lastUserAddress {
      guard let entry = run.entry, entry.isPresent || entry.isSwapped else { continue }
      var address = run.address
      while address < run.end, found.count < limit {
        let (isTold, next) = told.value(at: address)
        if isTold == nil {
          found.append(
            "\(name): the tables say \(run.entry(of: address)?.summary ?? "") of "
              + "\(VirtualAddress(address)), pagemap says nothing")
        }
        address = next
      }
    }
    return found
  }

  /// The pages whose words differ.
  private func differences(_ computed: [PagemapRun], limit: Int) -> [String] {
    var found: [String] = []
    var index = 0
    for run in process.pagemap {
      let wanted = PagemapRun(
        address: run.address, pageCount: run.pageCount,
        entry: PagemapEntry(rawValue: run.entry), step: run.step)
      var address = run.address
      while address < wanted.end, found.count < limit {
        while index < computed.count, computed[index].end <= address { index += 1 }
        // Runs come in order, in a file that does not lie; a search starts anew in one that does.
        if index > 0, address < computed[index - 1].address { index = 0; continue }
        guard index < computed.count, computed[index].address <= address else {
          found.append("\(name): pagemap has \(VirtualAddress(address)), no area of maps does")
          break
        }
        let end = min(wanted.end, computed[index].end)
        if let difference = difference(wanted, computed[index], address..<end) {
          found.append(difference)
        }
        address = end
      }
    }
    return found
  }

  /// Where two runs first differ within a range that both have.
  private func difference(
    _ wanted: PagemapRun, _ computed: PagemapRun, _ range: Range<UInt64>
  ) -> String? {
    // Two straight lines that meet at both ends are one.
    let last = range.upperBound - frameSize
    let next = min(range.lowerBound + frameSize, last)
    let places = [range.lowerBound, next, last]
    let known = ~computed.unknownBits
    let differing = places.first { place in
      wanted.entry(of: place).map { $0.rawValue & known }
        != computed.entry(of: place).map { $0.rawValue & known }
    }
    guard let place = differing else { return nil }
    let what = wanted.entry(of: place).map { $0.summary } ?? "unknown"
    let got = computed.entry(of: place).map { $0.summary } ?? "a table is not in the image"
    return "\(name): pagemap of \(VirtualAddress(place)) is \(what), the tables say \(got)"
  }

  /// Pages of the user half that the tables map and no area holds.
  private func strangers(limit: Int) -> [String] {
    let areas = process.areas
    var found: [String] = []
    var runs = 0
    state.map(memory, range: 0...state.lastUserAddress, expandingCopies: true) { piece in
      guard case .run(let run) = piece, found.count < limit else { return found.count < limit }
      runs += 1
      guard runs <= Self.runLimit else {
        found.append("\(name): the tables map more than \(Self.runLimit) runs of pages")
        return false
      }
      var address = run.start.rawValue
      while address <= run.end.rawValue {
        guard let area = areas.area(holding: address) else {
          found.append("\(name): the tables map \(VirtualAddress(address)), no area has it")
          break
        }
        address = area.end
      }
      return true
    }
    return Array(found.prefix(max(0, limit)))
  }
}

extension PagemapRun {
  /// The address after the last page.
  fileprivate var end: UInt64 { address &+ pageCount &* frameSize }

  /// The word of the page at an address that the run holds.
  fileprivate func entry(of address: UInt64) -> PagemapEntry? {
    entry(at: (address - self.address) / frameSize)
  }
}

extension PagemapEntry {
  /// The word, and what it says: `0x8180000000004400 (frame 0x4400000, soft-dirty)`.
  var summary: String {
    var facts: [String] = []
    if isPresent { facts.append("frame \(frameNumber.hex)") }
    if isSwapped { facts.append("swap type \(swapType) offset \(swapOffset.hex)") }
    let flags = [
      Self.file, Self.exclusive, Self.softDirty, Self.userfaultWriteProtect, Self.guardRegion,
    ]
    facts += flags.filter(has).map { String(describing: $0.name) }
    return rawValue.hex + " (\(facts.isEmpty ? "nothing" : facts.joined(separator: ", ")))"
  }
}
