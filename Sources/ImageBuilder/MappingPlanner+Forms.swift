import Paging
import PhysicalMemory
public import ScenarioFile
public import WindowsMemory

/// What statements about entries mean to the kernel.
extension MappingPlanner {
  /// The form of the first entry, and what the entries point at where that is no frame.
  func form(
    of statement: Scenario.EntryStatement, _ frames: FrameSequence, _ count: UInt64,
    _ windows: WindowsEntries
  ) -> (PTEForm, FrameSequence?)? {
    let protection = statement.protection.map { $0.value.protection } ?? .zeroAccess
    let nothing = FrameSequence.constant(0)
    switch statement.state.value {
    case .zero: return (.zero, nothing)
    case .decommitted: return (.decommitted, nothing)
    case .demandZero:
      guard isUseful(protection, statement) else { return nil }
      return (.demandZero(protection), nothing)
    case .noAccess:
      return (.noAccess(statement.protection == nil ? .noAccess : protection), nothing)
    case .freed:
      guard let pages = offsets(statement, count) else { return nil }
      return (.freed(pages[0]), pages)
    case .pageFile:
      guard let pages = offsets(statement, count) else { return nil }
      let number = statement.pageFile?.value ?? 0
      guard has(number, statement, count, windows) else { return nil }
      return (.pageFile(number: number, page: pages[0], protection), pages)
    case .virtualStore:
      guard let pages = offsets(statement, count) else { return nil }
      let number = statement.pageFile?.value ?? windows.store ?? 0
      return (.virtualStore(number: number, page: pages[0], protection), pages)
    case .transition: return (.transition(pfn: frames[0] >> 12, protection), nil)
    case .prototypeVad: return (.prototypeVAD(protection), nothing)
    case .prototype:
      guard let addresses = prototypes(statement, count, windows) else { return nil }
      return (.prototype(address: addresses[0], protection), addresses)
    case .subsection:
      let address = statement.address?.value ?? 0
      return (.subsection(address: address, protection), .constant(address))
    case .valid, .large, .ambiguous: return nil
    case .none, .swap, .migration, .hwpoison, .device, .marker, .protnone, .numaHint, .zeroPage,
      .file, .anonymous, .present, .invalidated, .table:
      return nil
    }
  }

  private func isUseful(_ protection: MMProtection, _ statement: Scenario.EntryStatement) -> Bool {
    guard protection.refusesAccess, let said = statement.protection else { return true }
    collector.report(
      .contradiction, "a page that nobody may touch is never filled with zeros", at: said.mark,
      notes: ["with \(protection.name) it is of the state `no-access` or `decommitted`"])
    return false
  }

  /// The pages in a page file.
  private func offsets(_ statement: Scenario.EntryStatement, _ count: UInt64) -> FrameSequence? {
    guard let offset = statement.offset else { return nil }
    guard offset.value != 0 else {
      collector.report(
        .contradiction, "page 0 of a page file is its header", at: offset.mark,
        notes: ["an entry with offset 0 says that there is no page in the file"])
      return nil
    }
    guard !offset.value.addingReportingOverflow(count - 1).overflow else {
      collector.report(.doesNotFit, "the offset passes all page files", at: offset.mark)
      return nil
    }
    return .linear(from: offset.value, stride: 1)
  }

  /// Whether a page file is large enough, where its size is said.
  private func has(
    _ number: UInt64, _ statement: Scenario.EntryStatement, _ count: UInt64,
    _ windows: WindowsEntries
  ) -> Bool {
    guard let offset = statement.offset, let pages = windows.pageCounts[number],
      offset.value + (count - 1) >= pages
    else { return true }
    collector.report(
      .outOfBounds, "page file \(number) has no page \((offset.value + (count - 1)).hex)",
      at: offset.mark, notes: ["by its `size:` it has \(pages.asPages)"])
    return false
  }

  /// The addresses of prototype entries.
  private func prototypes(
    _ statement: Scenario.EntryStatement, _ count: UInt64, _ windows: WindowsEntries
  ) -> FrameSequence? {
    let size = UInt64(windows.kernel.format.width / 8)
    if let address = statement.address { return .linear(from: address.value, stride: size) }
    guard let name = statement.section else { return nil }
    guard areSectionsKnown else { return nil }
    guard let section = kernel?.section(named: name.value) else {
      let choices = kernel?.sections.map(\.name) ?? []
      var unknown = Diagnostic(.unknownWord, unknown: "section", name, choices: choices)
      if choices.isEmpty { unknown.notes = ["`windows: { sections }` has none"] }
      collector.report(unknown)
      return nil
    }
    let page = statement.page?.value ?? 0
    let addresses = section.addresses(fromPage: page, count: count)
    if addresses == nil {
      collector.report(
        .outOfBounds,
        "the section has no prototype PTEs for \(count.asPages) from page \(page) on",
        at: (statement.page ?? statement.offset)?.mark ?? name.mark,
        notes: ["it has the pages 0 to \(section.pageCount - 1)"])
    }
    return addresses
  }
}

extension Scenario.Protection {
  /// The five bits; the reader has checked that they are not more.
  public var protection: MMProtection {
    switch self {
    case .number(let number): return MMProtection(rawValue: UInt8(number & 31)) ?? .zeroAccess
    case .words(.noAccess, _): return .noAccess
    case .words(let access, let modifier):
      let kind: MMProtection.Modifier =
        switch modifier {
        case .guard: .guardPage
        case .noCache: .nocache
        case .writeCombine: .writecombine
        default: .none
        }
      return MMProtection(base: "PAGE_" + access.rawValue, modifier: kind) ?? .zeroAccess
    }
  }
}

extension PTEForm {
  /// The protection in an entry of the form, where it has one.
  var protection: MMProtection? {
    switch self {
    case .demandZero(let protection), .noAccess(let protection), .pageFile(_, _, let protection),
      .virtualStore(_, _, let protection), .transition(_, let protection),
      .prototype(_, let protection),
      .prototypeVAD(let protection), .subsection(_, let protection):
      protection
    case .decommitted: .decommit
    case .zero, .freed: nil
    }
  }
}
