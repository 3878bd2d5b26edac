import BitLayout
import Paging
import PhysicalMemory
import WindowsMemory

/// Pages are brought in, copied and made writable, as the classifier says.
extension WindowsSimulation {
  // MARK: - Pages that are there

  /// The first write to a page that is writable and clean.
  func makeWritable(_ address: UInt64, _ process: WindowsProcessState) throws(StepFailure) {
    guard let place = place(of: address, root: process.root) else { return }
    let entry = memory.entry(at: place)
    if let frame = decoder.reading(of: entry).pfn { try releaseSlot(of: frame) }
    store(
      leaf.written(entry), at: place, level: 1, address: page(of: address), process: process)
  }

  func page(of address: UInt64) -> UInt64 { address / frameSize * frameSize }

  /// The process gets a copy of a page of its own.
  func copyOnWrite(
    _ finding: PageFinding, _ address: UInt64, _ process: WindowsProcessState
  ) throws(StepFailure) {
    let (place, _) = try makePlace(of: address, root: process.root, process: process)
    if decoder.reading(of: memory.entry(at: place)).state != .valid {
      try bringInShared(finding, address, place, isWrite: false, process)
    }
    guard let source = decoder.reading(of: memory.entry(at: place)).pfn else { return }
    let original = process.viewProtections[address / frameSize] ?? finding.protection
    let isExecutable =
      (original ?? Self.readWrite).allowsExecute
      || state.noExecute
        && state.rightsLeft(by: memory.entry(at: place), level: 1).contains(.execute)
    let protection =
      isExecutable ? MMProtection(base: "PAGE_EXECUTE_READWRITE") ?? Self.readWrite : Self.readWrite
    // The source stays where it is while a frame is looked for.
    frames.update(source) { $0.pinCount += 1 }
    let taken = Result { () throws(StepFailure) in try takeFrame(isZeroed: false) }
    frames.update(source) { $0.pinCount -= 1 }
    let frame = try taken.get()
    memory.copy(source, to: frame)
    process.viewProtections[address / frameSize] = nil
    try makePrivate(
      frame, at: page(of: address), place: place, protection, isDirty: true,
      original: try softwareEntry(protection), isModified: true, process)
    let prototype = frames[source].pteAddress
    if frames[source].isPrototype {
      try dropShare(source)
      try releaseCombined(prototype)
    }
  }

  // MARK: - Pages that are not

  func bringIn(
    _ finding: PageFinding, _ address: UInt64, _ access: Access, _ process: WindowsProcessState
  ) throws(StepFailure) {
    let (place, _) = try makePlace(of: address, root: process.root, process: process)
    if finding.isShared {
      return try bringInShared(finding, address, place, isWrite: access.isWrite, process)
    }
    let protection = finding.protection ?? Self.readWrite
    let isDirty = access.isWrite
    let page = page(of: address)
    switch finding.content {
    case .zeros:
      try makeZeroed(
        address, at: place, protection, original: try softwareEntry(protection), process)
    case .memory(let byte):
      let frame = byte.rawValue / frameSize
      activate(frame)
      let record = frames[frame]
      try makePrivate(
        frame, at: page, place: place, protection, isDirty: isDirty,
        original: record.originalPte, isModified: record.isModified, process)
      if isDirty { try releaseSlot(of: frame) }
    case .pageFile(let number, let offset), .store(let number, let offset):
      guard let file = pageFiles.firstIndex(where: { $0.number == number }) else {
        throw .mistake("there is no page file \(number)")
      }
      let entry = memory.entry(at: place)
      let frame = try takeFrame(isZeroed: false)
      memory.set(frame, to: pageFiles[file].content(at: offset))
      let isStore = pageFiles[file].isStore
      if isStore {
        event("\(page.hex) is decompressed from the store, key \(offset.hex)")
      } else {
        event("\(page.hex) is read from page file \(number), page \(offset.hex)")
      }
      try makePrivate(
        frame, at: page, place: place, protection, isDirty: isDirty, original: entry,
        isModified: isDirty || isStore, process)
      // What was written is worth more than the copy; of the store no copy is kept.
      if isDirty || isStore { try releaseSlot(of: frame) }
    case .file, .nowhere, .unknown:
      throw .mistake("the classifier does not say where the content of \(address.hex) is")
    }
  }

  /// Brings in a page of a section, and maps it.
  private func bringInShared(
    _ finding: PageFinding, _ address: UInt64, _ place: UInt64, isWrite: Bool,
    _ process: WindowsProcessState
  ) throws(StepFailure) {
    guard let prototype = finding.prototype?.rawValue else {
      throw .mistake("the classifier does not find the prototype entry of \(address.hex)")
    }
    let entry = memory.entry(at: kernelPlace(prototype))
    let reading = decoder.reading(of: entry, table: .prototype)
    let frame: UInt64
    switch reading.state {
    case .valid: frame = reading.pfn ?? 0
    case .transition:
      frame = reading.pfn ?? 0
      activate(frame)
      let protection = protection(of: reading)
      let valid = try validEntry(
        frame, protection, isDirty: frames[frame].isModified, isUser: false)
      store(
        valid, at: kernelPlace(prototype), level: 1, address: prototype, process: nil,
        isPrototype: true)
    default:
      let protection = protection(of: reading)
      let content = try sharedContent(reading, prototype)
      frame = try takeFrame(isZeroed: content.isZero)
      if !content.isZero { memory.set(frame, to: content.bytes) }
      let isStore = reading.state == .virtualStore
      try makeShared(
        frame, prototype: prototype, protection,
        isModified: isStore || reading.state == .demandZero)
      if isStore { try releaseSlot(of: frame) }
    }
    let protection = finding.protection ?? Self.readWrite
    if finding.protectionSource == .entry {
      process.viewProtections[address / frameSize] = protection
    }
    let isDirty = isWrite && protection.allowsWrite && !protection.isCopyOnWrite
    try mapShared(
      frame, at: page(of: address), place: place, protection, isDirty: isDirty, process)
    if isDirty { try releaseSlot(of: frame) }
  }

  private func sharedContent(
    _ reading: PTEReading, _ prototype: UInt64
  ) throws(StepFailure) -> (bytes: [UInt8]?, isZero: Bool) {
    switch reading.state {
    case .demandZero: return (nil, true)
    case .pageFile, .virtualStore:
      guard let number = reading.pageFile, let offset = reading.pageFileOffset,
        let file = pageFiles.firstIndex(where: { $0.number == number })
      else { break }
      event("a page of a section is read from page file \(number), page \(offset.hex)")
      return (pageFiles[file].content(at: offset), false)
    case .subsection:
      for section in sections.values {
        guard
          let page = section.page(ofPrototype: prototype, entrySize: structures.entrySize)
        else { continue }
        let part = section.part(ofPage: page)
        guard let part, page - part.first < part.filePages else { return (nil, true) }
        event("page \(page) of \(section.name) is read")
        return (section.content(ofPage: page), false)
      }
    default: break
    }
    throw .mistake("the prototype entry at \(prototype.hex) says nothing that can be read")
  }
}
