import BitLayout
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Sections and their views.
extension WindowsSimulation {
  func createSection(_ statement: Scenario.SectionStatement) throws(StepFailure) {
    guard let subsection = structures.subsection, let area = structures.controlArea else {
      throw .mistake(.notForSystem, "where _SUBSECTION has its members is not known", notes: [])
    }
    guard sections[statement.name] == nil else {
      throw .mistake(
        .duplicateItem, "the section \(statement.name) is already there", notes: [])
    }
    try check(statement)
    let pages = sharedCharge(statement)
    try charge(pages)
    do throws(StepFailure) {
      sections[statement.name] = try makeSection(statement, subsection, area)
    } catch {
      committed -= pages
      throw error
    }
    sections[statement.name]?.charge = pages
  }

  /// Refuses a protection that no section has, as CreateFileMapping does; the parts of an image are as its file says.
  private func check(_ statement: Scenario.SectionStatement) throws(StepFailure) {
    guard statement.kind != .image else { return }
    for part in statement.parts {
      let protection = protection(part.protection)
      guard !protection.refusesAccess, protection.modifier == .none else {
        throw .status(.invalidPageProtection)
      }
    }
  }

  /// How many pages of a section are charged to nobody's view: those that only page files can take.
  private func sharedCharge(_ statement: Scenario.SectionStatement) -> UInt64 {
    switch statement.kind {
    case .file: 0
    case .pageFile: statement.isCommitted ? statement.parts.reduce(0) { $0 + $1.pages } : 0
    case .image:
      statement.parts.reduce(0) {
        $0 + (protection($1.protection).isWrittenInPlace ? $1.pages : 0)
      }
    }
  }

  private func makeSection(
    _ statement: Scenario.SectionStatement, _ subsection: SubsectionStructure,
    _ area: ControlAreaStructure
  ) throws(StepFailure) -> SectionState {
    let isFile = statement.kind != .pageFile
    let block = try take(area.size + subsection.size * UInt64(statement.parts.count))
    let fileObject = isFile ? try take(16) : nil
    storeKernel(
      area.values(isImage: statement.kind == .image, fileObject: fileObject), of: block)
    var parts: [SectionState.Part] = []
    var first: UInt64 = 0
    for (index, part) in statement.parts.enumerated() {
      let base = try takePrototypes(part.pages * structures.entrySize)
      parts.append(
        SectionState.Part(
          address: block + area.size + UInt64(index) * subsection.size, base: base, first: first,
          count: part.pages, protection: protection(part.protection),
          filePages: isFile ? part.filePages : part.pages))
      first += part.pages
    }
    let unit: UInt64 = statement.kind == .image ? 8 : 1
    for (index, part) in parts.enumerated() {
      storeKernel(
        subsection.values(
          controlArea: block, base: part.base,
          next: index + 1 < parts.count ? parts[index + 1].address : 0, entryCount: part.count,
          startingSector: part.first * unit,
          fullSectors: isFile ? min(part.filePages, part.count) * unit : 0,
          protection: part.protection), of: part.address)
      try fill(part, statement)
    }
    return SectionState(
      name: statement.name, isImage: statement.kind == .image, isFile: isFile, controlArea: block,
      parts: parts)
  }

  /// Writes the prototype entries that a subsection begins with.
  private func fill(
    _ part: SectionState.Part, _ statement: Scenario.SectionStatement
  ) throws(StepFailure) {
    // Forms without a field for it leave the protection to the subsection.
    let hasProtection = kernel.layout(.subsection)?.field(named: "Protection") != nil
    let protection = hasProtection ? part.protection : .zeroAccess
    let inFile =
      statement.kind == .pageFile ? 0 : try word(.subsection(address: part.address, protection))
    let isZero = statement.kind == .pageFile && !statement.isCommitted
    let zeros = isZero ? 0 : try softwareEntry(part.protection)
    for page in 0..<part.count {
      let isRead = statement.kind != .pageFile && page < part.filePages
      let address = part.base + page * structures.entrySize
      // Pages of images beyond their file are zeros that nobody else writes back.
      let entry = isRead || statement.kind == .file ? inFile : zeros
      store(
        entry, at: kernelPlace(address), level: 1, address: address, process: nil,
        isPrototype: true)
    }
  }

  /// The address of the prototype entry of a page of a section.
  func prototype(of section: SectionState, page: UInt64) -> UInt64? {
    section.part(ofPage: page).map { $0.base + (page - $0.first) * structures.entrySize }
  }

  private func section(_ name: String) throws(StepFailure) -> SectionState {
    guard let section = sections[name] else {
      let names = sections.keys.sorted().joined(separator: ", ")
      throw .mistake(
        "there is no section \(name) at this step",
        notes: sections.isEmpty ? [] : ["there is \(names)"])
    }
    return section
  }

  func mapView(
    _ range: ClosedRange<UInt64>, _ name: String, page: UInt64, _ protection: MMProtection,
    _ process: WindowsProcessState
  ) throws(StepFailure) {
    let section = try section(name)
    let pages = pages(of: range)
    try requireUser(range, base: .invalidParameter3, size: .invalidParameter3)
    guard range.lowerBound % Self.granularity == 0, page % (Self.granularity / frameSize) == 0
    else { throw .status(.mappedAlignment) }
    guard page <= section.pageCount, UInt64(pages.count) <= section.pageCount - page else {
      throw .status(.invalidViewSize)
    }
    try check(protection, of: section)
    guard process.hasRoom(for: pages) else { throw .status(.conflictingAddresses) }
    var area = AddressRange(
      pages: pages, kind: section.isImage ? .image : .none, protection: protection,
      isPrivate: false, isCommitted: false, address: 0, view: (section, page))
    area.charge = usualCharge(pages, of: area)
    try charge(area.charge)
    do throws(StepFailure) {
      try add(area, to: process)
    } catch {
      committed -= area.charge
      throw error
    }
    section.viewCount += 1
  }

  func unmapView(_ address: UInt64, _ process: WindowsProcessState) throws(StepFailure) {
    guard let index = process.rangeIndex(of: address / frameSize),
      process.ranges[index].view != nil
    else { throw .status(.notMappedView) }
    try release(process.ranges[index], of: process)
    remove(index, of: process)
  }

  /// Commits pages of a view of a section that reserves, with the section's protection; the process has
  /// them, and those that were committed already, with the one that is asked for.
  func commitView(
    _ area: AddressRange, _ pages: ClosedRange<UInt64>, _ protection: MMProtection,
    _ process: WindowsProcessState
  ) throws(StepFailure) {
    guard let (section, first) = area.view, !section.isFile else {
      throw .status(.alreadyCommitted)
    }
    guard !protection.saysHowToCache else { throw .status(.invalidPageProtection) }
    try check(protection, in: area)
    let fresh = pages.map { first + $0 - area.pages.lowerBound }.filter { page in
      prototype(of: section, page: page).map { memory.entry(at: kernelPlace($0)) == 0 } ?? false
    }
    let count = UInt64(fresh.count)
    try charge(count)
    section.charge += count
    for page in fresh {
      guard let part = section.part(ofPage: page), let address = prototype(of: section, page: page)
      else { continue }
      store(
        try softwareEntry(part.protection), at: kernelPlace(address), level: 1, address: address,
        process: nil, isPrototype: true)
    }
    do throws(StepFailure) {
      try change(pages, of: area, to: protection, process)
    } catch {
      for address in fresh.compactMap({ prototype(of: section, page: $0) }) {
        store(
          0, at: kernelPlace(address), level: 1, address: address, process: nil, isPrototype: true)
      }
      section.charge -= count
      committed -= count
      throw error
    }
  }
}
