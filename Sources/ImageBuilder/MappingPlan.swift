import BitLayout
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// One item of `map:`, checked and ready to be written.
struct MappingPlan {
  /// The pages.
  var rule: IntendedRule
  /// The paging state, as seen from the top table that translates the pages.
  let state: PagingState
  /// The level of the leaf entries.
  let level: Int
  /// The leaf entries without their address, one for each of the rule's rights.
  let leafBits: [UInt64]
  /// Gives the leaf entries their address.
  let encoder: EntryEncoder
  /// What the entries above get beyond the usual, by level.
  let upper: [UpperBits]
  /// Whether the frames are still to be chosen.
  let needsFrames: Bool
  /// The largest number of tables that the pages can need, the top table not counted.
  let tableBound: UInt64
  /// What is written where the entries map no pages; the leaf entries are then unused.
  var software: SoftwareRule?

  /// Fields of the entries of one level.
  struct UpperBits {
    let level: Int
    /// The fields that the item names.
    let mask: UInt64
    /// Their values.
    let bits: UInt64
    let mark: SourceMark
  }
}

/// Checks the items of `map:` against the mode, each for itself.
struct MappingPlanner {
  var state: PagingState
  let collector: DiagnosticCollector
  /// The kernel whose entries these are; nil where there is none.
  var windows: WindowsEntries?
  /// The Linux kernel whose entries these are; nil where there is none.
  var linux: LinuxEntries?
  /// The kernel's structures; nil where there are none.
  var kernel: KernelPlan?
  /// Whether the sections that the scenario names could be planned.
  var areSectionsKnown = true

  /// How the kernel writes the entries that the processor uses.
  var entries: (any KernelEntries)? { windows ?? linux }

  /// The plan of an item, or nil where it is wrong; everything wrong with it is reported.
  ///
  /// There is no plan for an item that the parser could not read as a whole: of what seems wrong with
  /// it only that is reported which is wrong in any case.
  func plan(_ item: Scenario.Mapping) -> MappingPlan? {
    guard collector.isDamaged(item.mark) else { return planWhole(item) }
    let trial = DiagnosticCollector(nil)
    _ = MappingPlanner(state: state, collector: trial, windows: windows, linux: linux)
      .planWhole(item)
    // Without `page:` the item has the mark of the whole.
    let isSizeKnown = item.page.mark != item.mark
    for diagnostic in trial.diagnostics {
      switch diagnostic.code {
      case .misaligned, .addressNotCanonical: break
      case .unknownPageSize, .unknownField, .unknownLevel: if !isSizeKnown { continue }
      case .doesNotFit: if !isSizeKnown || diagnostic.mark == item.to.mark { continue }
      default: continue
      }
      collector.report(diagnostic)
    }
    return nil
  }

  func planWhole(_ item: Scenario.Mapping) -> MappingPlan? {
    inHalf(of: item.va.value).planInHalf(item)
  }

  /// The same planner with the state as seen from the top table that translates an extent.
  func inHalf(of extent: Scenario.Extent) -> MappingPlanner {
    let first: UInt64 =
      switch extent {
      case .page(let address): address
      case .range(let range): range.lowerBound
      }
    var planner = self
    planner.state = state.half(of: VirtualAddress(first))
    return planner
  }

  private func planInHalf(_ item: Scenario.Mapping) -> MappingPlan? {
    guard let level = level(of: item) else { return nil }
    let pages = pages(item.va, every: item.every, level: level)
    let bits = leafBits(of: item, level: level)
    let upper = upperBits(of: item, above: level)
    guard let (start, spacing, count) = pages,
      let bound = tableBound(item.va.mark, start, spacing, count, level: level),
      let frames = frames(item.to, start: start, spacing: spacing, count: count, level: level),
      let bits, let upper, let encoder = EntryEncoder(state, level: level, isPage: true)
    else { return nil }
    let turns = item.alternate.isEmpty ? [item.rights] : item.alternate
    let rule = IntendedRule(
      mark: item.mark, start: VirtualAddress(start), spacing: spacing,
      count: count,
      pageShift: state.pageShift(level), rights: turns.map(Rights.init), frames: frames)
    return MappingPlan(
      rule: rule, state: state, level: level, leafBits: bits, encoder: encoder, upper: upper,
      needsFrames: item.to.value == .automatic, tableBound: bound)
  }

  private func level(of item: Scenario.Mapping) -> Int? {
    let levels = state.pageLevels
    if let level = levels.first(where: { 1 << state.pageShift($0) == item.page.value }) {
      return level
    }
    var notes = ["the page sizes are \(levels.map { "`\(size($0))`" }.joined(separator: ", "))"]
    if state.mode == .x86, !state.pageSizeExtension, item.page.value == 4 << 20 {
      notes.append("4-MiB pages need CR4.PSE=1")
    }
    if !state.isARM64, !state.features.page1G, item.page.value == 1 << 30 {
      notes.append("the scenario takes away the feature `page-1g`")
    }
    collector.report(
      .unknownPageSize, "mode \(state.mode.rawValue) has no pages of \(item.page.value.asSize)",
      at: item.page.mark, notes: notes)
    return nil
  }

  private func size(_ level: Int) -> String { (1 << state.pageShift(level) as UInt64).asSize }

  // MARK: - Virtual addresses

  /// The first page, the distance between pages and their number.
  func pages(
    _ va: Located<Scenario.Extent>, every: Located<UInt64>?, level: Int
  ) -> (start: UInt64, spacing: UInt64, count: UInt64)? {
    let size: UInt64 = 1 << state.pageShift(level)
    let name = size.asSize
    let before = collector.diagnostics.count
    var spacing = size
    if let every = every {
      spacing = every.value
      if spacing == 0 || spacing % size != 0 {
        collector.report(
          .misaligned,
          "`every` must be a multiple of the page size, \(name), found "
            + spacing.asSize, at: every.mark)
      }
    }
    let range: ClosedRange<UInt64>
    switch va.value {
    case .page(let address): range = address...(address | (size - 1))
    case .range(let given): range = given
    }
    if range.lowerBound % size != 0 {
      collector.report(
        .misaligned, "\(range.lowerBound.hex) is not aligned to the page size, \(name)",
        at: va.mark, notes: ["the page would start at \((range.lowerBound & ~(size - 1)).hex)"]
      )
    } else if range.upperBound % size != size - 1 {
      collector.report(
        .misaligned, "the range does not consist of whole pages of \(name)", at: va.mark,
        notes: ["its last byte would be \((range.upperBound | (size - 1)).hex)"])
    }
    checkCanonical(range, at: va.mark)
    guard collector.diagnostics.count == before else { return nil }
    let count = (range.upperBound - (size - 1) - range.lowerBound) / spacing + 1
    return (range.lowerBound, spacing, count)
  }

  private func checkCanonical(_ range: ClosedRange<UInt64>, at mark: SourceMark) {
    for address in [range.lowerBound, range.upperBound]
    where !state.isCanonical(VirtualAddress(address)) {
      collector.report(state.notCanonical(address, at: mark))
      return
    }
    // Both ends are canonical; only a range over the hole between the halves is not.
    let half = state.isARM64 ? 55 : state.mode.virtualAddressBits - 1
    guard state.mode.virtualAddressBits > 32,
      range.lowerBound >> UInt64(half) != range.upperBound >> UInt64(half)
    else { return }
    collector.report(
      .addressNotCanonical, "the range goes from the lower half of addresses to the upper one",
      at: mark, notes: ["between them lie addresses that are not canonical"])
  }

  /// How many tables the pages need at most, or nil where that is more than the bench builds.
  func tableBound(
    _ mark: SourceMark, _ start: UInt64, _ spacing: UInt64, _ count: UInt64, level: Int
  ) -> UInt64? {
    let last = start &+ (count - 1) &* spacing
    var tables: UInt64 = 0
    for tableLevel in level..<max(level, state.topLevel) {
      // A table covers what one entry of the level above does.
      let coverage = state.pageShift(tableLevel + 1)
      tables += min(count, last >> coverage - start >> coverage + 1) * state.tableFrames
    }
    guard tables > BuildLimit.frames else { return tables }
    collector.report(
      .tooLarge,
      "\(count.asPages) need \(tables) tables, \(tables.asFrames) of memory", at: mark,
      notes: ["the bench builds \(BuildLimit.text) of tables and contents at most"])
    return nil
  }
}

/// How much the bench builds: tables and contents, not the memory around them.
enum BuildLimit {
  static let frames: UInt64 = 1 << 18
  static var text: String { (frames * frameSize).asSize }
}

extension UInt64 {
  /// So many frames in bytes, rounded to whole units, for a message about too many of them.
  var asFrames: String {
    let mebibytes = self >> 8
    return mebibytes < 4096 ? "\(mebibytes) MiB" : "\(mebibytes >> 10) GiB"
  }
}

extension PagingState {
  /// An address that the mode does not translate.
  func notCanonical(_ address: UInt64, at mark: SourceMark) -> Diagnostic {
    if isARM64 {
      let halves = allHalves.map {
        "\($0.firstAddress.hex) to \(($0.firstAddress + (1 << $0.translatedBits - 1)).hex)"
      }
      return Diagnostic(
        .addressNotCanonical, "\(address.hex) is in neither half of addresses", at: mark,
        notes: ["by TCR the halves are \(halves.joined(separator: " and "))"])
    }
    let bits = mode.virtualAddressBits
    guard bits > 32 else {
      return Diagnostic(
        .addressNotCanonical, "\(address.hex) is beyond 4 GiB", at: mark,
        notes: ["virtual addresses of mode \(mode.rawValue) have 32 bits"])
    }
    return Diagnostic(
      .addressNotCanonical, "\(address.hex) is not canonical", at: mark,
      notes: ["in mode \(mode.rawValue) bits 63 to \(bits - 1) of an address are equal"])
  }
}

extension Rights {
  init(_ rights: Scenario.Rights) {
    self = []
    if rights.write { insert(.write) }
    if rights.user { insert(.user) }
    if rights.execute { insert(.execute) }
  }
}
