import BitLayout
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// What becomes of single pages.
extension WindowsSimulation {
  func isUser(_ address: UInt64) -> Bool { !system.isSystem(VirtualAddress(address)) }

  /// The entry of a page that is in use; a prototype entry is none of the user's.
  func validEntry(
    _ frame: UInt64, _ protection: MMProtection, isDirty: Bool = false, isUser: Bool = true,
    isLarge: Bool = false
  ) throws(StepFailure) -> UInt64 {
    guard
      let entry = leaf.entry(
        frame, protection, isDirty: isDirty, isUser: isUser, isLarge: isLarge)
    else { throw .mistake("frame \(frame.hex) does not fit an entry") }
    return entry
  }

  /// The entry that is put back when a page leaves memory, without a place in a page file.
  func softwareEntry(_ protection: MMProtection) throws(StepFailure) -> UInt64 {
    // A base of 0 allows nothing, with any modifier but that of pages that were given back.
    try word(protection.refusesAccess ? .noAccess(protection) : .demandZero(protection))
  }

  /// A private page begins: its frame has the content already.
  ///
  /// What has to be written before it may leave memory is marked dirty from the start, as a first write would
  /// have nothing to tell: pages of zeros, those that come back from the modified list or from the store
  /// (so ReactOS, MiResolveDemandZeroFault and MiResolveTransitionFault).
  func makePrivate(
    _ frame: UInt64, at address: UInt64, place: UInt64, _ protection: MMProtection,
    isDirty: Bool, original: UInt64, isModified: Bool, _ process: WindowsProcessState
  ) throws(StepFailure) {
    let entry = try validEntry(frame, protection, isDirty: isDirty || isModified)
    let index = process.workingSet.enter(address / frameSize)
    frames.update(frame) { record in
      record.use = .private
      record.shareCount = 1
      record.referenceCount = 1
      record.pteAddress = pteAddress(of: address, level: 1)
      record.pteFrame = place / frameSize
      record.isPrototype = false
      record.originalPte = original
      record.isModified = isModified
      record.caching = protection.caching
      record.workingSetIndex = index
    }
    store(entry, at: place, level: 1, address: address, process: process)
  }

  /// A page of a section begins to be in memory; nobody maps it yet.
  func makeShared(
    _ frame: UInt64, prototype: UInt64, _ protection: MMProtection, isModified: Bool
  ) throws(StepFailure) {
    let place = kernelPlace(prototype)
    let original = memory.entry(at: place)
    let entry = try validEntry(frame, protection, isDirty: isModified, isUser: false)
    frames.update(frame) { record in
      record.use = .prototype
      record.shareCount = 0
      record.referenceCount = 1
      record.pteAddress = prototype
      record.pteFrame = place / frameSize
      record.isPrototype = true
      record.originalPte = original
      record.isModified = isModified
    }
    store(entry, at: place, level: 1, address: prototype, process: nil, isPrototype: true)
  }

  /// Maps a page of a section that is in memory.
  func mapShared(
    _ frame: UInt64, at address: UInt64, place: UInt64, _ protection: MMProtection,
    isDirty: Bool, _ process: WindowsProcessState
  ) throws(StepFailure) {
    let entry = try validEntry(frame, protection, isDirty: isDirty)
    let index = process.workingSet.enter(address / frameSize)
    frames.update(frame) { record in
      record.shareCount += 1
      record.workingSetIndex = index
    }
    store(entry, at: place, level: 1, address: address, process: process)
  }

  /// A page comes back from the standby or modified list.
  func activate(_ frame: UInt64) {
    frames.move(frame, to: .active)
    frames.update(frame) { record in
      record.referenceCount = 1
      record.shareCount = record.isPrototype ? 0 : 1
    }
  }

  /// Nobody maps a page of a section any more: it goes to the standby or modified list, unless its
  /// section is gone.
  func dropShare(_ frame: UInt64) throws(StepFailure) {
    frames.update(frame) { $0.shareCount -= 1 }
    let record = frames[frame]
    guard record.shareCount == 0, record.pinCount == 0 else { return }
    let protection = self.protection(ofOriginal: record.originalPte, isPrototype: true)
    let entry = try word(.transition(pfn: frame, protection))
    store(
      entry, at: record.ptePlace, level: 1, address: record.pteAddress, process: nil,
      isPrototype: true)
    frames.update(frame) { $0.referenceCount = 0 }
    frames.move(frame, to: record.isModified ? .modified : .standby)
  }

  func protection(ofOriginal entry: UInt64, isPrototype: Bool) -> MMProtection {
    protection(of: decoder.reading(of: entry, table: isPrototype ? .prototype : .process))
  }

  /// The protection of a page that is not in use; forms without one leave it to the subsection.
  func protection(of reading: PTEReading) -> MMProtection {
    if let protection = reading.protection { return protection }
    guard let address = reading.subsectionAddress else { return Self.readWrite }
    let parts = sections.values.lazy.flatMap(\.parts)
    return parts.first { $0.address == address }?.protection ?? Self.readWrite
  }

  // MARK: - Trimming

  /// Takes a page out of a working set; false where it is not in one or locked into it.
  func trim(_ page: UInt64, of process: WindowsProcessState) throws(StepFailure) -> Bool {
    let address = page * frameSize
    guard let place = place(of: address, root: process.root), isUser(address) else { return false }
    let entry = memory.entry(at: place)
    let reading = decoder.reading(of: entry)
    guard reading.state == .valid, let frame = reading.pfn, frames[frame].pinCount == 0,
      frames[frame].use != .large, !process.lockedPages.contains(page)
    else { return false }
    if leaf.isDirty(entry) {
      try releaseSlot(of: frame)
      frames.update(frame) { $0.isModified = true }
    }
    let record = frames[frame]
    process.workingSet.leave(page)
    if record.isPrototype {
      let next = try viewEntry(page, record.pteAddress, process)
      store(next, at: place, level: 1, address: address, process: process)
      try dropShare(frame)
    } else {
      let protection = protection(ofOriginal: record.originalPte, isPrototype: false)
      let next = try word(.transition(pfn: frame, protection))
      store(next, at: place, level: 1, address: address, process: process)
      frames.update(frame) { record in
        record.shareCount = 0
        record.referenceCount = 0
        record.workingSetIndex = 0
      }
      frames.move(frame, to: record.isModified ? .modified : .standby)
    }
    return true
  }

  /// What a page of a view leaves in the process's table: the sentinel where it has a protection of
  /// its own, else the address of the prototype entry.
  func viewEntry(
    _ page: UInt64, _ prototype: UInt64, _ process: WindowsProcessState
  ) throws(StepFailure) -> UInt64 {
    let isCombined = combineBlocks[prototype] != nil
    if let own = process.viewProtections[page], !isCombined { return try word(.prototypeVAD(own)) }
    let protection = isCombined ? process.viewProtections[page] ?? .zeroAccess : .zeroAccess
    do throws(PTEEncodingError) {
      let entry = try encoder.entry(.prototype(address: prototype, protection))
      return isCombined ? entry | (combinedBit ?? 0) : entry
    } catch {
      guard !isCombined else {
        throw .mistake(.notForSystem, "\(kernel.id) has no such entry: \(error)", notes: [])
      }
      // Where no entry can say the address, the VAD can.
      return try word(.prototypeVAD(.zeroAccess))
    }
  }

  // MARK: - Giving back

  /// Gives back what an entry of a process has, and leaves `replacement` in its place.
  func delete(
    _ address: UInt64, place: UInt64, of process: WindowsProcessState,
    leaving replacement: UInt64 = 0
  ) throws(StepFailure) {
    let entry = memory.entry(at: place)
    let reading = decoder.reading(of: entry)
    let page = address / frameSize
    process.viewProtections[page] = nil
    process.lockedPages.remove(page)
    switch reading.state {
    case .valid:
      guard let frame = reading.pfn else { break }
      process.workingSet.leave(page)
      store(replacement, at: place, level: 1, address: address, process: process)
      if frames[frame].isPrototype {
        if leaf.isDirty(entry) {
          try releaseSlot(of: frame)
          frames.update(frame) { $0.isModified = true }
        }
        try dropShare(frame)
        try releaseCombined(frames[frame].pteAddress)
      } else {
        try releaseSlot(of: frame)
        frames.release(frame)
      }
    case .transition:
      store(replacement, at: place, level: 1, address: address, process: process)
      guard let frame = reading.pfn else { break }
      try releaseSlot(of: frame)
      frames.release(frame)
    case .pageFile, .virtualStore:
      if let slot = slot(of: entry, isPrototype: false) { release(slot) }
      store(replacement, at: place, level: 1, address: address, process: process)
    case .prototype:
      store(replacement, at: place, level: 1, address: address, process: process)
      if let prototype = reading.prototypeAddress { try releaseCombined(prototype) }
    default: store(replacement, at: place, level: 1, address: address, process: process)
    }
  }
}
