import BitLayout
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Pages of equal content that are combined.
extension WindowsSimulation {
  /// Pages of the same content become one, which is copied as soon as somebody writes.
  func combine() throws(StepFailure) {
    guard combinedBit != nil else {
      throw .mistake(
        .notForSystem, "\(kernel.id) does not combine pages: Windows does so from Windows 8 on",
        notes: ["its _MMPTE_PROTOTYPE has no field Combined"])
    }
    var groups: [[UInt8]: [(process: WindowsProcessState, page: UInt64)]] = [:]
    var order: [[UInt8]] = []
    for process in processes {
      for page in process.workingSet.pages.sorted() where isCombinable(page, process) {
        guard let frame = decoder.reading(of: entry(ofPage: page, process)).pfn else { continue }
        let content = memory.page(frame)
        if groups[content] == nil { order.append(content) }
        groups[content, default: []].append((process, page))
      }
    }
    for content in order {
      guard let group = groups[content], group.count > 1 else { continue }
      try combine(group)
    }
  }

  /// The bit of an entry that leads to a page of several; nil where the kernel combines none.
  var combinedBit: UInt64? { kernel.layout(.prototype)?.field(named: "Combined")?.mask }

  private func isCombinable(_ page: UInt64, _ process: WindowsProcessState) -> Bool {
    guard let frame = decoder.reading(of: entry(ofPage: page, process)).pfn else { return false }
    let record = frames[frame]
    return record.use == .private && !process.lockedPages.contains(page)
      && isUser(page * frameSize)
  }

  private func combine(
    _ group: [(process: WindowsProcessState, page: UInt64)]
  ) throws(StepFailure) {
    let prototype = try takePrototypes(structures.entrySize)
    let pages = group.compactMap { decoder.reading(of: entry(ofPage: $0.page, $0.process)).pfn }
    guard let kept = pages.first else { return }
    let protections = pages.map {
      protection(ofOriginal: frames[$0].originalPte, isPrototype: false).copyingOnWrite
    }
    try releaseSlot(of: kept)
    store(
      try softwareEntry(Self.readWrite), at: kernelPlace(prototype), level: 1, address: prototype,
      process: nil, isPrototype: true)
    try makeShared(kept, prototype: prototype, Self.readWrite, isModified: true)
    combineBlocks[prototype] = group.count
    for (page, protection) in zip(group, protections) {
      let address = page.page * frameSize
      guard let place = place(of: address, root: page.process.root) else { continue }
      let frame = decoder.reading(of: memory.entry(at: place)).pfn
      let entry = try validEntry(kept, protection, isDirty: false)
      store(entry, at: place, level: 1, address: address, process: page.process)
      page.process.viewProtections[page.page] = protection
      frames.update(kept) { $0.shareCount += 1 }
      if let frame, frame != kept {
        try releaseSlot(of: frame)
        frames.release(frame)
      }
    }
    event("\(group.count) pages of the same content are frame \(kept.hex) now")
  }

  /// One entry fewer leads to a combined page; with the last one the page goes.
  func releaseCombined(_ prototype: UInt64) throws(StepFailure) {
    guard let count = combineBlocks[prototype] else { return }
    guard count == 1 else {
      combineBlocks[prototype] = count - 1
      return
    }
    combineBlocks[prototype] = nil
    let place = kernelPlace(prototype)
    let reading = decoder.reading(of: memory.entry(at: place), table: .prototype)
    if reading.state == .transition || reading.state == .valid, let frame = reading.pfn {
      try releaseSlot(of: frame)
      frames.release(frame)
    } else if let slot = slot(of: memory.entry(at: place), isPrototype: true) {
      pageFiles[slot.file].release(slot.page)
    }
    store(0, at: place, level: 1, address: prototype, process: nil, isPrototype: true)
    prototypeArena.give(prototype, structures.entrySize)
  }
}
