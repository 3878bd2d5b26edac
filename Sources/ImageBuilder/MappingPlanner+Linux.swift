import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// Entries of Linux that the processor does not use.
extension MappingPlanner {
  func planEntries(
    _ item: Scenario.SoftwareEntry, level: Int, _ linux: LinuxEntries
  ) -> MappingPlan? {
    let statement = item.statement
    guard level == 1 || canBeHuge(item, level),
      let pages = pages(item.va, every: nil, level: level),
      let bound = tableBound(item.va.mark, pages.start, pages.spacing, pages.count, level: level),
      let encoder = EntryEncoder(state, level: level, isPage: true),
      let form = form(of: statement, level: level, linux)
    else { return nil }
    let to = statement.to
    var frames = FrameSequence.constant(0)
    if let to {
      guard
        let found = self.frames(
          to, start: pages.start, spacing: pages.spacing, count: pages.count, level: level)
      else { return nil }
      frames = found
    }
    guard let targets = targets(of: statement, pages.count) else { return nil }
    let series: LinuxEntrySeries
    do throws(LinuxEntryError) {
      series = try LinuxEntrySeries(form, flags(of: statement.linux), of: linux.kernel)
    } catch {
      collector.report(.notForSystem, "\(error)", at: statement.state.mark)
      return nil
    }
    let shift = state.pageShift(level)
    let software = SoftwareRule(
      state: .linux(Self.meaning(of: statement.state.value)), protection: nil,
      series: .linux(series, pageShift: shift), targets: to == nil ? targets : nil)
    let rule = IntendedRule(
      mark: item.mark, start: VirtualAddress(pages.start), spacing: pages.spacing,
      count: pages.count, pageShift: shift, rights: [[]], frames: frames)
    return MappingPlan(
      rule: rule, state: state, level: level, leafBits: [0], encoder: encoder, upper: [],
      needsFrames: to?.value == .automatic, tableBound: bound, software: software)
  }

  /// Huge pages are never in swap nor in the memory of a device as a whole; what is broken or marked, above
  /// the leaves, is a page of hugetlbfs.
  private func canBeHuge(_ item: Scenario.SoftwareEntry, _ level: Int) -> Bool {
    let states: [Scenario.EntryState] = [.protnone, .migration, .none, .hwpoison, .marker]
    let isPossible = states.contains(item.statement.state.value)
    guard isPossible, state.pageLevels.contains(level) else {
      collector.report(
        .contradiction,
        "a \(state.mode.entryName(level)) is never of the state `\(item.statement.state.value.rawValue)`",
        at: item.level?.mark ?? item.mark,
        notes: [
          "huge pages are of the states `protnone`, `migration` and `none`, those of hugetlbfs also"
            + " `hwpoison` and `marker`"
        ])
      return false
    }
    return true
  }

  private func form(
    of statement: Scenario.EntryStatement, level: Int, _ linux: LinuxEntries
  ) -> LinuxEntryForm? {
    let kind = statement.linux.kind
    switch statement.state.value {
    case .none: return LinuxEntryForm.none
    case .swap: return .elsewhere(.area(statement.linux.swapType?.value ?? 0))
    case .hwpoison: return .elsewhere(.poisoned)
    case .marker: return .elsewhere(.marker)
    case .migration:
      switch kind?.value {
      case .read: return .elsewhere(.migration(.read))
      case .readExclusive: return .elsewhere(.migration(.readExclusive))
      case .write: return .elsewhere(.migration(.write))
      case .exclusive, nil: return refuse(kind, "read, read-exclusive, write")
      }
    case .device:
      switch kind?.value {
      case .read: return .elsewhere(.devicePrivate(isWritable: false))
      case .write: return .elsewhere(.devicePrivate(isWritable: true))
      case .exclusive: return .elsewhere(.deviceExclusive)
      case .readExclusive, nil: return refuse(kind, "read, write, exclusive")
      }
    case .protnone: return protnone(statement, level: level)
    default: return nil
    }
  }

  private func refuse(
    _ kind: Located<Scenario.EntryKind>?, _ choices: String
  ) -> LinuxEntryForm? {
    guard let kind else { return nil }
    collector.report(
      .keysDisagree, "the kind `\(kind.value.rawValue)` does not go with the state", at: kind.mark,
      notes: ["the kinds are \(choices)"])
    return nil
  }

  /// An entry as the processor would use it, for nobody; PAGE_NONE has A on x86.
  private func protnone(
    _ statement: Scenario.EntryStatement, level: Int
  ) -> LinuxEntryForm? {
    guard let encoder = EntryEncoder(state, level: level, isPage: true),
      let base = encoder.entry(to: PhysicalAddress(0)),
      // Nobody may use the page: XD would add nothing, and the kernel does not set it.
      let nobody = state.bits(
        granting: state.isARM64 ? [] : .execute, level: level, isPage: true)
    else { return nil }
    var word = base | nobody
    if state.isARM64 {
      if statement.isAccessed?.value == false { word &= ~ARM64Layouts.accessFlag.mask }
    } else {
      if statement.isAccessed?.value != false { word |= X86Fields.accessed.mask }
      if statement.isDirty?.value == true { word |= X86Fields.dirty.mask }
    }
    return .protnone(valid: word)
  }

  private func targets(
    of statement: Scenario.EntryStatement, _ count: UInt64
  ) -> FrameSequence? {
    if let offset = statement.offset {
      guard !offset.value.addingReportingOverflow(count - 1).overflow else {
        collector.report(.doesNotFit, "the offset passes all swap areas", at: offset.mark)
        return nil
      }
      return .linear(from: offset.value, stride: 1)
    }
    let markers = statement.linux.markers.reduce(into: PTEMarkers()) { markers, marker in
      switch marker.value {
      case .userfaultWriteProtect: markers.insert(.userfaultWriteProtect)
      case .poisoned: markers.insert(.poisoned)
      case .guardRegion: markers.insert(.guardRegion)
      }
    }
    return .constant(markers.rawValue)
  }

  private func flags(of statement: Scenario.LinuxStatement) -> LinuxEntryFlags {
    var flags: LinuxEntryFlags = []
    if statement.isSoftDirty?.value == true { flags.insert(.softDirty) }
    if statement.isUserfaultWriteProtected?.value == true { flags.insert(.userfaultWriteProtect) }
    if statement.isExclusive?.value == true { flags.insert(.exclusive) }
    return flags
  }

  private static func meaning(of state: Scenario.EntryState) -> LinuxEntryReading.State {
    switch state {
    case .swap: .swap
    case .migration: .migration
    case .hwpoison: .hwpoison
    case .device: .device
    case .marker: .marker
    case .protnone: .protnone
    default: .none
    }
  }
}
