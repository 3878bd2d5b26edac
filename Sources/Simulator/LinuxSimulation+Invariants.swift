import LinuxMemory
import Paging
import PhysicalMemory

/// What holds after every step.
///
/// At the end the page tables in memory are counted anew, without what the model keeps of them, and both have to
/// agree. Between steps the frames and the entries that changed are compared, in both directions.
extension LinuxSimulation {
  var violations: [String] {
    var found = countViolations
    guard pages.isTouched || changes.isPending else { return found }
    for (pid, addresses) in changes.take() {
      guard let process = processes[pid: pid] else { continue }
      for address in addresses {
        guard let entry = nextEntry(from: address, to: address + frameSize, process) else {
          continue
        }
        found += violations(of: entry, process)
      }
    }
    for frame in pages.takeTouched() { found += violations(of: frame) }
    return found.sorted()
  }

  /// What an entry says that what it leads to does not.
  private func violations(of found: FoundEntry, _ process: LinuxProcessState) -> [String] {
    let (address, level) = (found.address, found.level)
    guard process.areaIndex(of: address) != nil else {
      return ["\(address.hex) has an entry and no area"]
    }
    var wrong: [String] = []
    let reading = entries.decoder.reading(of: found.entry, level: level)
    if reading.isPresent, let first = reading.frame?.frame {
      checkWrites(found, reading, first, &wrong)
      guard !isZero(first) else { return wrong }
      let frame = level > 1 ? first + address % Self.hugeSize / frameSize : first
      let mapper = LinuxPage.Mapper(pid: process.pid, address: address)
      if pages[frame]?.mappers.contains(mapper) != true {
        wrong.append("\(address.hex) maps frame \(frame.hex), which says otherwise")
      }
    } else if reading.state == .swap, let offset = reading.swapOffset,
      swap?.slots[offset]?.entries ?? 0 < 1
    {
      wrong.append("page \(offset.hex) of swap is used and free")
    }
    return wrong
  }

  /// Whether an entry lets somebody write what is not his own alone.
  private func checkWrites(
    _ entry: FoundEntry, _ reading: LinuxEntryReading, _ first: UInt64, _ found: inout [String]
  ) {
    guard reading.isWritable else { return }
    if isZero(first) {
      found.append("\(entry.address.hex) may write to zeros")
    } else if let page = pages[first], page.isAnonymous, page.mappers.count != 1 {
      found.append("\(entry.address.hex) may be written, and others have the page too")
    }
  }

  /// Of frames that more entries map, those are looked at that came last; the others have not changed, or are
  /// among the entries that have.
  private static let mapperLimit = 64

  /// What is kept of a frame that is not so.
  private func violations(of frame: UInt64) -> [String] {
    guard let page = pages[frame], !page.isTable, !isZero(frame) else { return [] }
    var found: [String] = []
    for mapper in page.mappers.newest(Self.mapperLimit) {
      let mapped = processes[pid: mapper.pid].flatMap { process in
        let (entry, level) = entry(of: mapper.address, process)
        return self.frame(of: entry, level: level).map {
          level > 1 ? $0 + mapper.address % Self.hugeSize / frameSize : $0
        }
      }
      if mapped != frame { found.append("\(mapper.address.hex) does not map frame \(frame.hex)") }
    }
    if let file = page.file, file.file.cache[file.page] != frame {
      found.append("frame \(frame.hex) is not the page of the file that it says")
    }
    return found + violations(of: page, frame)
  }

  /// What is missing of a page that nobody maps, or that is in the swap cache.
  private func violations(of page: LinuxPage, _ frame: UInt64) -> [String] {
    var found: [String] = []
    if page.file == nil, page.swap == nil, page.mappers.isEmpty {
      found.append("frame \(frame.hex) is nobody's")
    }
    if let place = page.swap, swap?.slots[place]?.frame != frame {
      found.append("frame \(frame.hex) is not in the swap cache that it names")
    }
    return found
  }

  /// Every frame is in use or free.
  private var countViolations: [String] {
    guard pages.count + freeCount != Int(totalPages) else { return [] }
    return ["of \(totalPages) frames \(pages.count) are in use and \(freeCount) free"]
  }

  var allViolations: [String] {
    var count = LinuxCount()
    for process in processes { self.count(process, in: &count) }
    return (count.found + frameViolations(count) + swapViolations(count)).sorted()
  }

  /// What the page tables of all processes come to.
  private struct LinuxCount {
    var found: [String] = []
    /// How many entries map a frame.
    var mapped = NumberMap(filler: 0)
    /// How many entries lead to a page of the swap area.
    var swapped: [UInt64: Int] = [:]
    /// The frames of tables.
    var tables: Set<UInt64> = []
  }

  private func count(_ process: LinuxProcessState, in count: inout LinuxCount) {
    countTables(process.root, level: Format.levelCount, in: &count)
    count.tables.formUnion(process.deposited)
    var (next, hugePages) = (0 as UInt64, 0)
    while let entry = nextEntry(from: next, to: Self.userEnd, process) {
      next = entry.end
      if entry.level > 1, !isShared(entry) { hugePages += 1 }
      guard process.area(of: entry.address) != nil else {
        count.found.append("\(entry.address.hex) has an entry and no area")
        continue
      }
      self.count(entry, in: &count)
    }
    if hugePages != process.deposited.count {
      count.found.append(
        "process \(process.pid) has \(hugePages) huge pages and \(process.deposited.count) tables for them"
      )
    }
  }

  /// Whether an entry maps shared memory, for which no table waits.
  private func isShared(_ entry: FoundEntry) -> Bool {
    frame(of: entry.entry, level: entry.level).flatMap { pages[$0]?.file } != nil
  }

  private func countTables(_ base: UInt64, level: Int, in count: inout LinuxCount) {
    let frame = base / frameSize
    if !count.tables.insert(frame).inserted {
      count.found.append("table \(frame.hex) is there twice")
    }
    if pages[frame]?.isTable != true {
      count.found.append("table \(frame.hex) is no table's frame")
    }
    guard level > 1 else { return }
    for table in tables(in: base, level: level) {
      countTables(table, level: level - 1, in: &count)
    }
  }

  private func count(_ entry: FoundEntry, in count: inout LinuxCount) {
    let reading = entries.decoder.reading(of: entry.entry, level: entry.level)
    if reading.isPresent, let first = reading.frame?.frame {
      checkWrites(entry, reading, first, &count.found)
      guard !isZero(first) else { return }
      for frame in first..<first + (entry.level > 1 ? Self.hugeFrames : 1) {
        count.mapped[filled: frame] += 1
      }
    } else if reading.state == .swap, let offset = reading.swapOffset {
      count.swapped[offset, default: 0] += 1
    }
  }

  /// Every frame is free or has one use, and who uses it says so.
  private func frameViolations(_ count: LinuxCount) -> [String] {
    var found = countViolations
    for (frame, _) in count.mapped.all where pages[frame] == nil {
      found.append("frame \(frame.hex) is mapped and free")
    }
    let cached = Dictionary(
      allFiles.flatMap { file in file.cache.map { ($1, (file, $0)) } }, uniquingKeysWith: { $1 })
    for (frame, page) in pages.all where !isZero(frame) {
      if page.isTable {
        if !count.tables.contains(frame) { found.append("table \(frame.hex) is nobody's") }
        continue
      }
      if page.mappers.count != count.mapped[filled: frame] {
        found.append(
          "frame \(frame.hex) is mapped \(count.mapped[filled: frame]) times and says otherwise")
      }
      let isInFile = page.file.map { cached[frame]?.0 === $0.file && cached[frame]?.1 == $0.page }
      if !(isInFile ?? (cached[frame] == nil)) {
        found.append("frame \(frame.hex) is not the page of the file that it says")
      }
      found += violations(of: page, frame)
    }
    for frame in cached.keys where pages[frame] == nil {
      found.append("frame \(frame.hex) is in the page cache and free")
    }
    return found
  }

  /// Every page of the swap area that is taken is somebody's, and has as many entries as it says.
  private func swapViolations(_ count: LinuxCount) -> [String] {
    var found: [String] = []
    var entries = count.swapped
    for file in allFiles { for place in file.swapped.values { entries[place, default: 0] += 1 } }
    for (place, slot) in swap?.slots ?? [:] {
      if slot.entries != entries[place] ?? 0 {
        found.append(
          "page \(place.hex) of swap has \(entries[place] ?? 0) entries and says \(slot.entries)")
      }
      if slot.entries == 0, slot.frame == nil {
        found.append("page \(place.hex) of swap is nobody's")
      }
      if let frame = slot.frame, pages[frame]?.swap != place {
        found.append("page \(place.hex) of swap is not in the frame that it says")
      }
    }
    for place in entries.keys where swap?.slots[place] == nil {
      found.append("page \(place.hex) of swap is used and free")
    }
    return found
  }

  /// The files that have names, and shared memory.
  var allFiles: [LinuxFile] {
    let mapped = processes.lazy.flatMap { $0.areas.compactMap(\.file) }
    var known: Set<ObjectIdentifier> = []
    return (Array(files.values) + mapped).filter { known.insert(ObjectIdentifier($0)).inserted }
  }
}
