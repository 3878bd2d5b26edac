import BitLayout
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// A section with the addresses of its structures and the entries of its prototype arrays.
struct SectionPlan {
  let name: String
  let kind: Scenario.SectionKind
  let controlArea: UInt64
  private(set) var parts: [Part]
  private let entrySize: UInt64

  /// What lies between the arrays of neighbours, in bytes.
  static let gap: UInt64 = 0x40

  /// A subsection.
  struct Part {
    let address: UInt64
    /// The first prototype PTE; nil where there is no array.
    let base: UInt64?
    /// The first page, as the section counts.
    let firstPage: UInt64
    let pageCount: UInt64
    let startingSector: UInt64
    let fullSectors: UInt64
    let protection: MMProtection
    /// The entries of the array in the order of writing: the usual ones first.
    var runs: [Run] = []
  }

  /// Prototype entries side by side.
  struct Run {
    let mark: SourceMark
    /// The first page, as the subsection counts.
    let first: UInt64
    let count: UInt64
    let entries: PrototypeEntries
    var frames: FrameSequence
    let needsFrames: Bool

    /// Whether the pages are in memory.
    var usesFrames: Bool {
      switch entries {
      case .software(let rule): rule.targets == nil
      case .valid: true
      }
    }
  }

  /// Sectors of images have 512 bytes, those of data files 4 KiB.
  private static func sectorsOfPage(_ kind: Scenario.SectionKind) -> UInt64 {
    kind == .image ? 8 : 1
  }

  /// What the pages of a subsection may be used for, where its entries say nothing else.
  static func protection(
    of part: Scenario.Subsection, _ kind: Scenario.SectionKind
  ) -> MMProtection {
    let usual =
      switch kind {
      case .pageFile: "PAGE_READWRITE"
      case .file: "PAGE_READONLY"
      case .image: "PAGE_EXECUTE_WRITECOPY"
      }
    return part.protection?.value.protection ?? MMProtection(base: usual) ?? .zeroAccess
  }

  init(
    _ statement: Scenario.Section, controlArea: UInt64, first: UInt64, size: UInt64,
    bases: [UInt64?], entrySize: UInt64
  ) {
    name = statement.name.value
    kind = statement.kind.value
    self.controlArea = controlArea
    self.entrySize = entrySize
    parts = []
    var page: UInt64 = 0
    let unit = Self.sectorsOfPage(kind)
    for (index, part) in statement.subsections.enumerated() {
      parts.append(
        Part(
          address: first + UInt64(index) * size, base: bases[index], firstPage: page,
          pageCount: part.pages.value,
          startingSector: part.startingSector?.value ?? page * unit,
          fullSectors: part.fullSectors?.value ?? part.pages.value * unit,
          protection: Self.protection(of: part, kind)))
      page += part.pages.value
    }
  }

  /// The number of pages of all subsections.
  var pageCount: UInt64 { parts.last.map { $0.firstPage + $0.pageCount } ?? 0 }

  /// The subsection with a page.
  func part(ofPage page: UInt64) -> Part? {
    parts.last { $0.firstPage <= page && page - $0.firstPage < $0.pageCount }
  }

  /// The addresses of the prototype entries from a page on; nil where one has none.
  func addresses(fromPage page: UInt64, count: UInt64) -> FrameSequence? {
    guard page < pageCount, count <= pageCount - page else { return nil }
    var pieces: [FrameSequence.Piece] = []
    for part in parts where part.firstPage + part.pageCount > page {
      guard part.firstPage < page + count else { break }
      guard let base = part.base else { return nil }
      let skipped = page > part.firstPage ? page - part.firstPage : 0
      pieces.append(
        FrameSequence.Piece(
          before: part.firstPage + skipped - page, start: base + skipped * entrySize))
    }
    return .pieces(pieces, size: entrySize, nil)
  }

  mutating func planEntries(_ statement: Scenario.Section, _ planner: PrototypePlanner) {
    for (index, part) in statement.subsections.enumerated() where parts[index].base != nil {
      let usual = planner.usual(part, kind, at: parts[index].address)
      parts[index].runs =
        [usual].compactMap { $0 } + part.ptes.compactMap { planner.run($0, parts[index].address) }
    }
  }

  mutating func choosePages(_ take: (UInt64) -> [FrameSequence.Piece]?) {
    for part in parts.indices {
      for run in parts[part].runs.indices where parts[part].runs[run].needsFrames {
        guard let pieces = take(parts[part].runs[run].count) else { continue }
        parts[part].runs[run].frames = .pieces(pieces, size: frameSize, nil)
      }
    }
  }
}

/// What the entries of a run are.
enum PrototypeEntries {
  /// Entries that are not valid.
  case software(SoftwareRule)
  /// Valid ones: the bits without the address.
  case valid(EntryEncoder, UInt64)
}

/// Checks the statements about prototype arrays.
struct PrototypePlanner {
  let state: PagingState
  let windows: WindowsEntries
  let collector: DiagnosticCollector

  private var mapping: MappingPlanner {
    MappingPlanner(state: state, collector: collector, windows: windows)
  }

  /// The entries of a subsection that nothing else is said of.
  func usual(
    _ part: Scenario.Subsection, _ kind: Scenario.SectionKind, at address: UInt64
  ) -> SectionPlan.Run? {
    let protection = SectionPlan.protection(of: part, kind)
    var form: PTEForm =
      kind == .pageFile
      ? .demandZero(protection) : .subsection(address: address, protection)
    // Entries without a field for it have no protection.
    if case .subsection = form,
      windows.kernel.layout(.subsection)?.field(named: "Protection") == nil
    {
      form = .subsection(address: address, .zeroAccess)
    }
    do throws(PTEEncodingError) {
      let series = try windows.encoder.series(form)
      let rule = SoftwareRule(
        state: .windows(form.state), protection: form.protection, series: .windows(series),
        targets: .constant(form.payload))
      return SectionPlan.Run(
        mark: part.mark, first: 0, count: part.pages.value, entries: .software(rule),
        frames: .constant(0), needsFrames: false)
    } catch {
      collector.report(
        .notForSystem, "\(error)", at: part.mark,
        notes: ["say every entry in `ptes`, with the `address` of the subsection if need be"])
      return nil
    }
  }

  /// The entries of an item of `ptes`.
  func run(_ item: Scenario.PrototypeEntry, _ subsection: UInt64) -> SectionPlan.Run? {
    var statement = item.statement
    let count = item.pages.value.upperBound - item.pages.value.lowerBound + 1
    var frames = FrameSequence.constant(0)
    if let to = statement.to {
      guard
        let found = mapping.frames(to, start: 0, spacing: frameSize, count: count, level: 1)
      else { return nil }
      frames = found
    }
    if statement.state.value == .subsection, statement.address == nil {
      statement.address = Located(subsection, at: statement.state.mark)
    }
    let entries: PrototypeEntries
    if statement.state.value == .valid {
      guard let valid = valid(statement) else { return nil }
      entries = valid
    } else {
      guard let rule = mapping.softwareRule(statement, frames, count, windows) else { return nil }
      entries = .software(rule)
    }
    return SectionPlan.Run(
      mark: item.mark, first: item.pages.value.lowerBound, count: count, entries: entries,
      frames: frames, needsFrames: statement.to?.value == .automatic)
  }

  /// A valid prototype entry: global, accessed, and nothing for the user, for no processor reads it.
  private func valid(_ statement: Scenario.EntryStatement) -> PrototypeEntries? {
    let protection =
      statement.protection?.value.protection ?? MMProtection(base: "PAGE_READWRITE") ?? .zeroAccess
    let isWritable = protection.allowsWrite && !protection.isCopyOnWrite
    let page = WindowsEntries.Page(
      isWritable: isWritable, isDirty: statement.isDirty?.value ?? false,
      isAccessed: statement.isAccessed?.value ?? true,
      isCopiedOnWrite: protection.isCopyOnWrite, isUser: false, modifier: protection.modifier)
    var rights: Rights = []
    if isWritable, page.isDirty || !windows.holdsWriteBack { rights.insert(.write) }
    if protection.allowsExecute || state.mode == .x86 { rights.insert(.execute) }
    guard let encoder = EntryEncoder(state, level: 1, isPage: true),
      let granting = state.bits(granting: rights, level: 1, isPage: true),
      let layout = state.layout(level: 1, isPage: true),
      let fields = mapping.bits(of: statement.fields, in: layout)
    else { return nil }
    let bits = granting | windows.bits(of: page) | windows.globalBit
    return .valid(encoder, bits & ~fields.mask | fields.bits)
  }
}
