import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Valid pages that `ptes:` states by the kernel's protection.
extension MappingPlanner {
  func planPages(
    _ item: Scenario.SoftwareEntry, level: Int, _ windows: WindowsEntries
  ) -> MappingPlan? {
    let statement = item.statement
    guard checkLevel(item, level), let to = statement.to,
      let pages = pages(item.va, every: nil, level: level),
      let bound = tableBound(item.va.mark, pages.start, pages.spacing, pages.count, level: level),
      let frames = frames(
        to, start: pages.start, spacing: pages.spacing, count: pages.count, level: level),
      let (bits, rights) = pageBits(statement, pages.start, level, windows),
      let encoder = EntryEncoder(state, level: level, isPage: true)
    else { return nil }
    let rule = IntendedRule(
      mark: item.mark, start: VirtualAddress(pages.start), spacing: pages.spacing,
      count: pages.count, pageShift: state.pageShift(level), rights: [rights], frames: frames)
    return MappingPlan(
      rule: rule, state: state, level: level, leafBits: [bits], encoder: encoder, upper: [],
      needsFrames: to.value == .automatic, tableBound: bound)
  }

  private func checkLevel(_ item: Scenario.SoftwareEntry, _ level: Int) -> Bool {
    let isLarge = item.statement.state.value == .large
    let mark = item.level?.mark ?? item.statement.state.mark
    if isLarge, level == 1 {
      collector.report(
        .missingKey, "the state `large` needs the `level` of its entry", at: mark,
        notes: ["a PDE maps 2 MiB, or 4 MiB in 32-bit paging"])
      return false
    }
    guard isLarge || level == 1, state.pageLevels.contains(level) else {
      let name = state.mode.entryName(level)
      collector.report(
        .contradiction, "a \(name) does not map \(isLarge ? "a large page" : "one page")", at: mark,
        notes: [level == 1 ? "`large` is for entries above" : "`large` says that it maps a page"])
      return false
    }
    return true
  }

  /// The bits of the entries without their address, and the rights that they grant.
  private func pageBits(
    _ statement: Scenario.EntryStatement, _ address: UInt64, _ level: Int,
    _ windows: WindowsEntries
  ) -> (UInt64, Rights)? {
    let protection = statement.protection?.value.protection ?? Self.everything
    guard !protection.refusesAccess, protection.modifier != .guardPage else {
      collector.report(
        .contradiction, "no page that is valid has the protection \(protection.name)",
        at: statement.protection?.mark ?? statement.state.mark,
        notes: ["the first touch of such a page must fault"])
      return nil
    }
    let isWritable = protection.allowsWrite && !protection.isCopyOnWrite
    let isDirty = statement.isDirty?.value ?? isWritable
    let page = WindowsEntries.Page(
      isWritable: isWritable, isDirty: isDirty, isAccessed: statement.isAccessed?.value ?? true,
      isCopiedOnWrite: protection.isCopyOnWrite, isUser: isUser(address),
      modifier: protection.modifier)
    var rights: Rights = []
    if isWritable, isDirty || !windows.holdsWriteBack { rights.insert(.write) }
    if isUser(address) { rights.insert(.user) }
    // Without XD the processor executes everything.
    if protection.allowsExecute || state.mode == .x86 { rights.insert(.execute) }
    guard let granting = state.bits(granting: rights, level: level, isPage: true),
      let layout = state.layout(level: level, isPage: true),
      let fields = bits(of: statement.fields, in: layout)
    else { return nil }
    let bits = (granting | windows.bits(of: page)) & ~fields.mask | fields.bits
    let present = EntryEncoder(state, level: level, isPage: true)?.base ?? 0
    return (bits & ~present, state.effective(state.rights(of: bits | present, level: level)))
  }

  private static let everything = MMProtection(base: "PAGE_EXECUTE_READWRITE") ?? .zeroAccess

  /// Whether the address is the user's: 32-bit Windows gives the upper 2 GiB to the kernel.
  private func isUser(_ address: UInt64) -> Bool {
    address >> UInt64(state.mode.virtualAddressBits - 1) == 0
  }
}
