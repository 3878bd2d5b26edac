import LinuxMemory
import Machine
import Paging
import PhysicalMemory

/// Compares page tables with what the guest kernel's pagemap says, page by page.
///
/// Every page that pagemap calls present translates to its frame, and nothing else is mapped in the
/// user half. Three exceptions have an explanation: a PROT_NONE page is present for the kernel and
/// not for the processor, pagemap shows a hole where an area is VM_PFNMAP, and the pages of one
/// large page stand in pagemap one by one.
struct TruthComparison {
  /// The most pages of a process that pagemap may claim, and the most runs that its tables may
  /// have, so that a file which lies cannot keep the comparison busy for ever.
  fileprivate static let pageLimit: UInt64 = 1 << 24

  let machine: Machine
  let truth: GuestTruth

  /// The first disagreements, at most `limit`, in words.
  func disagreements(limit: Int = 10) -> [String] {
    var found: [String] = []
    for process in truth.processes {
      var registers = [process.root.kernel.value]
      if process.root.user.value != registers[0] { registers.append(process.root.user.value) }
      for register in registers {
        var state = machine.paging
        state.cr3 = register
        let side = Side(memory: machine.memory, state: state, process: process)
        found += side.unmappedPages(limit: limit - found.count)
        found += side.unexpectedPages(limit: limit - found.count)
        guard found.count < limit else { return found }
      }
    }
    return found
  }
}

extension GuestTruth.Process {
  /// The runs of pages that are in memory.
  fileprivate var present: [GuestTruth.PagemapRun] {
    pagemap.filter { PagemapEntry(rawValue: $0.entry).isPresent }
  }
}

/// One process under one root.
private struct Side {
  let memory: MemoryImage
  let state: PagingState
  let process: GuestTruth.Process

  var name: String {
    "\(process.comm) (\(process.pid)), root \(state.root)"
  }

  /// Pages that pagemap calls present and that do not translate to their frame.
  func unmappedPages(limit: Int) -> [String] {
    var pages: UInt64 = 0
    for run in process.present where pages <= TruthComparison.pageLimit {
      pages = pages.addingReportingOverflow(run.pageCount).partialValue
    }
    guard pages <= TruthComparison.pageLimit else {
      return ["\(name): pagemap claims more than \(TruthComparison.pageLimit) pages"]
    }
    var operation = FrameComparison(side: self, limit: limit)
    return state.perform(&operation, on: memory)
  }

  /// Pages of the user half that the tables map and pagemap does not have.
  func unexpectedPages(limit: Int) -> [String] {
    let known = sortedRanges()
    var found: [String] = []
    var runs: UInt64 = 0
    state.map(memory, range: 0...userEnd, expandingCopies: true) { piece in
      guard case .run(let run) = piece, found.count < limit else { return found.count < limit }
      runs += 1
      guard runs <= TruthComparison.pageLimit else {
        found.append("\(name): the tables map more than \(TruthComparison.pageLimit) runs")
        return false
      }
      var address = run.start.rawValue
      while address <= run.end.rawValue {
        guard let range = known.range(holding: address) else {
          found.append("\(name): the tables map \(VirtualAddress(address)), pagemap does not")
          break
        }
        address = range.upperBound
      }
      return true
    }
    return Array(found.prefix(max(0, limit)))
  }

  /// What pagemap calls present and the areas whose pages it hides.
  private func sortedRanges() -> SortedRanges {
    let hidden = process.maps.filter { $0.vmflags.contains("pf") }
    let pages = process.present.map { $0.address..<($0.address + $0.pageCount * frameSize) }
    return SortedRanges(pages + hidden.map { $0.start.value..<$0.end.value })
  }

  /// The frame of 4 KiB that holds the address, PROT_NONE pages included.
  func frame(of result: WalkResult, _ address: VirtualAddress) -> PhysicalAddress? {
    if let translation = result.translation { return translation.address }
    guard let stop = result.stop, stop.cause == .notPresent else { return nil }
    let shift = state.pageShift(stop.level)
    let page = ProtNoneEntry(stop.entry, mode: state.mode, pageShift: shift)
    return page?.frame.advanced(by: address.rawValue & ((1 << shift) - 1))
  }

  private var userEnd: UInt64 {
    switch state.mode {
    case .x86, .pae: 0xbfff_ffff
    case .x86_64, .la57: (1 << UInt64(state.mode.virtualAddressBits - 1)) - 1
    case .arm64: state.of(.lower).firstAddress + ((1 << state.of(.lower).translatedBits) - 1)
    }
  }

  func describe(_ result: WalkResult) -> String {
    switch result {
    case .mapped(let translation): "\(translation.address)"
    case .stopped(let stop):
      "\(result.outcome.rawValue) at \(state.mode.entryName(stop.level)) \(stop.entry.hex)"
    }
  }
}

/// Walks every page that pagemap calls present.
private struct FrameComparison: WalkerOperation {
  let side: Side
  let limit: Int

  mutating func run(_ walker: some TableWalker) -> [String] {
    var found: [String] = []
    for run in side.process.present {
      let first = PagemapEntry(rawValue: run.entry).frameNumber
      for page in 0..<run.pageCount {
        guard found.count < limit else { return found }
        let address = VirtualAddress(run.address &+ page &* frameSize)
        let frame = PhysicalAddress((first &+ page &* run.step) &* frameSize)
        let result = walker.translate(address)
        guard side.frame(of: result, address) != frame else { continue }
        found.append(
          "\(side.name): pagemap has \(address) at \(frame), "
            + "the tables say \(side.describe(result))")
      }
    }
    return found
  }
}

/// Ranges of addresses, for the question which of them holds an address.
private struct SortedRanges {
  private let ranges: [Range<UInt64>]

  init(_ ranges: [Range<UInt64>]) {
    self.ranges = ranges.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
  }

  func range(holding address: UInt64) -> Range<UInt64>? {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].lowerBound <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0, ranges[low - 1].contains(address) else { return nil }
    return ranges[low - 1]
  }
}
