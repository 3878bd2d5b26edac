import BitLayout
import LinuxMemory
import Machine
import Paging
import PhysicalMemory

/// What the kernel knows beside its page tables, as the classifier of faults takes it.
extension LinuxSimulation {
  /// The classifier for one fault: it is told what it can ask about the page at an address.
  func classifier(of process: LinuxProcessState, at address: UInt64) -> LinuxClassifier {
    var system = nothingCached
    let (entry, level) = entry(of: address, process)
    let reading = entries.decoder.reading(of: entry, level: level)
    if reading.state == .swap, let offset = reading.swapOffset {
      add(swapPlace: offset, to: &system.caches)
    }
    if let area = process.area(of: address), let file = area.file {
      add(area.filePage(of: address), of: file, to: &system.caches)
    }
    system.facts = facts(of: reading.frame.map { [$0.frame] } ?? [])
    return LinuxClassifier(
      system, memory.image, paging(of: process), areas: process.memoryAreas(around: address))
  }

  /// All that is known, for whoever asks about the machine of a moment.
  var system: LinuxSystem {
    var system = nothingCached
    for place in swap?.slots.keys ?? [:].keys { add(swapPlace: place, to: &system.caches) }
    for file in allFiles {
      for page in Set(file.cache.keys).union(file.swapped.keys) {
        add(page, of: file, to: &system.caches)
      }
    }
    system.facts = facts(of: pages.all.map(\.key))
    return system
  }

  private func add(swapPlace offset: UInt64, to caches: inout PageCaches) {
    guard let slot = swap?.slots[offset] else { return }
    let place = PageCaches.SwapPlace(type: 0, offset: offset)
    let mappers = slot.frame.flatMap { pages[$0]?.mappers } ?? []
    caches.swapUsers[place] = slot.entries + mappers.count
    if slot.frame != nil { caches.swapped.insert(place) }
  }

  private func add(_ page: UInt64, of file: LinuxFile, to caches: inout PageCaches) {
    let place = PageCaches.FilePage(
      deviceMajor: file.deviceMajor, inode: file.inode, page: page)
    if file.cache[page] != nil { caches.cached.insert(place) }
    if file.swapped[page] != nil { caches.sharedInSwap.insert(place) }
  }

  /// What `struct page` says of frames, which come in ascending order.
  private func facts(of frames: [UInt64]) -> FrameFacts {
    var flags = RunTable<UInt64>()
    var mapCounts = RunTable<Int>()
    var swapCounts = RunTable<Int>()
    for frame in frames {
      guard let page = pages[frame] else { continue }
      let flag =
        isZero(frame)
        ? FrameFacts.Flags.zeroPage.mask
        : page.isAnonymous ? FrameFacts.Flags.anonymous.mask : 0
      let cached = page.swap == nil ? 0 : FrameFacts.Flags.swapCache.mask
      _ = flags.append(from: frame, to: frame + 1, flag | cached)
      _ = mapCounts.append(
        from: frame, to: frame + 1, page.mappers.count - (isPinned(frame) ? 1 : 0))
      guard let slot = page.swap.flatMap({ swap?.slots[$0] }) else { continue }
      _ = swapCounts.append(from: frame, to: frame + 1, slot.entries)
    }
    var facts = FrameFacts()
    (facts.flags, facts.mapCounts, facts.swapCounts) = (flags, mapCounts, swapCounts)
    return facts
  }
}

extension LinuxFile {
  /// The number of a device: that of SCSI disks, or none.
  var deviceMajor: UInt64 { isMemory ? 0 : 8 }
}

extension LinuxArea {
  /// The area as the classifier takes it.
  var memoryArea: MemoryArea {
    let all: [(Bool, MemoryArea.Flags)] = [
      (canRead, .read), (canWrite, .write), (canExecute, .execute), (isShared, .shared),
      (growsDown, .growsDown), (isSoftDirty, .softDirty), (isHugeAdvised, .hugeAdvised),
      (isLocked, .locked), (isMissingNoted, .userfaultMissing),
      (isProtectNoted, .userfaultWriteProtect),
    ]
    var area = MemoryArea(
      start: start, end: end, flags: all.reduce(into: []) { if $1.0 { $0.insert($1.1) } })
    guard let file else { return area }
    (area.fileOffset, area.fileSize) = (page &* frameSize, file.size)
    (area.deviceMajor, area.inode) = (file.deviceMajor, file.inode)
    area.path = file.isMemory ? "/dev/zero (deleted)" : file.name
    return area
  }
}
