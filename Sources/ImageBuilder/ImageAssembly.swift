import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Writes an image, statement by statement in the order in which they take effect: `map`, `share` and
/// `self-map` of all address spaces, contents by physical address, `entries`, contents by virtual
/// address.
final class ImageAssembly {
  let plan: ImagePlan
  let collector: DiagnosticCollector
  let tables: PageTables
  var record: LedgerRecord
  var state: PagingState { plan.settings.paging }

  init(_ plan: ImagePlan, _ collector: DiagnosticCollector) throws(SystemError) {
    self.plan = plan
    self.collector = collector
    let roots = UInt64(plan.spaces.count + 1) * plan.settings.paging.tableFrames
    let bound = min(plan.frameBound, BuildLimit.frames) + roots
    let bytes = try FrameBytes(capacity: Int(bound))
    let state = plan.settings.paging
    tables = PageTables(state, bytes, plan.memory, plan.supply, plan.settings.entries)
    let states = plan.registers.map { register in
      var state = state
      state.cr3 = register
      return state
    }
    for state in states { tables.addRoot(state.root.rawValue) }
    if state.isARM64 {
      for state in states { tables.addUpperRoot(state.of(.upper).root.rawValue) }
    }
    record = LedgerRecord(
      owners: tables.spacesOfTables, ownerCount: tables.ownerCount,
      levelCount: state.mode.levelCount)
  }

  /// Writes everything; nil where something is wrong with the scenario.
  func build() -> BuiltImage? {
    map()
    collector.endStage()
    writeFacts()
    share()
    collector.endStage()
    writeKernel()
    collector.endStage()
    writeContents()
    guard collector.isEmpty else { return nil }
    return BuiltImage(machine: machine(), ledger: ledger())
  }

  // MARK: - Tables

  private func map() {
    for (space, plans) in plan.tables.enumerated() {
      for item in plans {
        collector.collect { () throws(Diagnostic) in try tables.placeTables(item, space: space) }
      }
    }
    var collisions = [Collisions](repeating: Collisions(), count: tables.ownerCount)
    for (space, mappings) in plan.mappings.enumerated() {
      for mapping in mappings where !collector.isFull {
        let owner = tables.root(of: space, for: mapping.rule.start.rawValue).space
        collector.collect { () throws(Diagnostic) in
          try collisions[owner].checkEmpty(mapping.rule)
          try tables.map(mapping, space: space, collisions: collisions[owner])
        }
        collisions[owner].add(mapping)
        record.add(mapping, owner: owner)
      }
    }
  }

  private func share() {
    for (space, statement) in plan.spaces.enumerated() {
      for item in statement.layout.share where !collector.isFull {
        collector.collect { () throws(Diagnostic) in
          let source = try plan.spaces.index(of: item.process, from: space)
          guard let level = state.mode.level(named: item.level.value) else { return }
          record.add(try tables.share(item, level: level, space: space, from: source))
        }
      }
    }
    for (space, plans) in plan.tables.enumerated() {
      for item in plans where !collector.isFull {
        collector.collect { () throws(Diagnostic) in
          for edited in try tables.invalidate(item, space: space) {
            record.add(edited, because: .invalid)
          }
          record.add(item, owner: tables.root(of: space, for: item.rule.start.rawValue).space)
        }
      }
    }
    for (space, statement) in plan.spaces.enumerated() {
      guard let slot = statement.layout.selfMapSlot else { continue }
      collector.collect { () throws(Diagnostic) in
        let range = try tables.mapSelf(slot, space: space)
        let root = tables.root(of: space, for: range.lowerBound)
        record.add(
          EditedEntry(mark: slot.mark, level: root.level, space: root.space, range: range),
          because: .selfMap)
      }
    }
  }

  private func edit(_ writer: inout ContentsWriter) {
    let originals = plan.spaces.enumerated().map { space, statement in
      statement.layout.entries.map { tables.findEntry($0, space: space) }
    }
    for (space, statement) in plan.spaces.enumerated() {
      for (item, original) in zip(statement.layout.entries, originals[space])
      where !collector.isFull {
        collector.collect { () throws(Diagnostic) in
          for edited in try tables.edit(item, space: space, original: original) {
            record.add(edited, because: .edited)
          }
        }
        guard case .word(let at, let width) = item.place else { continue }
        guard let word = at.value.range(count: UInt64(width)) else { continue }
        writer.protect(word, writtenAt: at.mark)
      }
    }
  }

  // MARK: - Contents

  private func writeFacts() {
    guard let facts = plan.memory.facts else { return }
    for fact in facts.words where !collector.isFull {
      collector.collect { () throws(Diagnostic) in
        try tables.checkRoom(for: fact.address.value, at: fact.address.mark)
        tables.bytes.store(fact.value.value, at: fact.address.value, width: facts.width)
      }
    }
  }

  private func writeContents() {
    var writer = ContentsWriter(tables, isTrial: !collector.isEmpty)
    for item in plan.contents where !collector.isFull {
      guard case .physical(let start) = item.place else { continue }
      collector.collect { () throws(Diagnostic) in try writer.write(item, at: start.value) }
    }
    tables.mayLackEntries = collector.hasCause
    edit(&writer)
    // Where virtual addresses lead is known when all else is right.
    guard collector.isEmpty else { return }
    for item in plan.contents where !collector.isFull {
      guard case .virtual(let start, let process) = item.place else { continue }
      collector.collect { () throws(Diagnostic) in
        let space = try plan.spaces.index(of: process, from: 0)
        try writer.write(item, at: start, space: space)
      }
    }
  }

  // MARK: - Results

  private func machine() -> Machine {
    let isLinux = plan.settings.linux != nil
    let spaces = zip(plan.spaces, plan.registers).map { statement, register in
      var space = statement.addressSpace(register: register)
      if isLinux { space.areas = statement.areas }
      return space
    }
    var machine = Machine(
      memory: .runs(tables.bytes.memory(present: plan.memory.present)), paging: state,
      addressSpaces: spaces, system: plan.settings.operatingSystem ?? .none,
      format: Machine.scenarioFormat,
      size: plan.memory.size, provenance: plan.settings.provenance)
    guard let kernel = plan.kernel, var windows = machine.system.windows else { return machine }
    windows.systemRoot = plan.registers[kernel.systemSpace]
    windows.origins[.systemRoot] = .init(.given, "scenario")
    if kernel.structures.process != nil {
      windows.processListHead = VirtualAddress(kernel.listHead)
      windows.origins[.processList] = .init(.given, "scenario")
    }
    if kernel.databaseCount > 0 {
      windows.pfnDatabase = VirtualAddress(kernel.addresses.pfnDatabase)
      windows.origins[.pfnDatabase] = .init(.given, "scenario")
    }
    machine.system = .windows(windows)
    // From here on the structures are what counts, as in a dump.
    machine.readProcesses()
    return machine
  }

  private func ledger() -> Ledger {
    for missing in tables.absentEntries() { record.add(missing, because: .absent) }
    return record.ledger(denials: tables.denials(), isARM64: state.isARM64)
  }
}
