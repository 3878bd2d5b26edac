import BitLayout
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// What `machine:` says beside memory: mode, registers, processor and operating system.
struct MachineSettings {
  var paging: PagingState
  var system: String
  /// The Windows kernel that the entries belong to; nil where there is none.
  var windows: WindowsEntries?
  /// The Linux kernel that they belong to; nil where there is none.
  var linux: LinuxEntries?
  /// How that kernel, if any, writes the entries that the processor uses.
  var entries: (any KernelEntries)? { windows ?? linux }
  var provenance: [Machine.Provenance]

  /// Reads the statements over what a dump said, or over the mode's defaults where there is none.
  ///
  /// The root is left at what `machine:` says, or at the dump's; nil where no mode is known. A mode is
  /// missed where `isModeNeeded`.
  init?(
    _ machine: Scenario.Machine, _ windows: Scenario.Windows?, _ linux: Scenario.Linux?,
    over dump: Machine? = nil,
    isModeNeeded: Bool = true, _ collector: DiagnosticCollector
  ) {
    paging = PagingState(mode: .x86_64)
    system = machine.os?.value ?? dump?.system.id ?? "none"
    provenance = dump?.provenance ?? []
    let mode = Self.mode(machine, dump, isModeNeeded, collector)
    applySystem(machine.os, mode, windows, linux, collector)
    guard let mode else {
      var anyState = PagingState(mode: .x86_64)
      for register in machine.registers { Self.apply(register, to: &anyState, collector) }
      Self.checkNames(machine, collector)
      return nil
    }
    if let dump, dump.paging.mode == mode {
      paging = dump.paging
    } else {
      paging = PagingState(mode: mode, cr3: dump?.paging.cr3 ?? 0)
      paging.physicalBits = dump?.paging.physicalBits ?? paging.physicalBits
      paging.features = dump?.paging.features ?? paging.features
      paging.vendor = dump?.paging.vendor
    }
    if isWindowsOnARM64 { sizeHalves() }
    if machine.mode != nil { note("mode", mode.rawValue, from: "scenario") }
    for register in machine.registers {
      Self.apply(register, to: &paging, collector)
      let name = register.name.value.lowercased()
      guard let path = Self.register(named: name, in: mode) else { continue }
      note(name.uppercased(), paging[keyPath: path].hex, from: "scenario")
    }
    applyProcessor(machine, collector)
    noteNoExecute(machine, isDump: dump != nil)
    if let root = machine.root { paging.cr3 = root.value }
    if isWindowsOnARM64, paging.hasSizesOfWindows { joinTopTables() }
    checkState(machine, over: dump, collector)
  }

  /// Whether the tables are those of Windows on arm64, and nobody says where TTBR1_EL1 leads.
  private var isWindowsOnARM64: Bool {
    windows != nil && paging.isARM64 && paging.upperRegister == nil
  }

  /// Gives the halves the size that Windows gives them, where the scenario does not go on to say another.
  private mutating func sizeHalves() {
    paging.sizeHalvesAsWindows()
    note("TCR", paging.tcr.hex, from: "Windows has 47 bits in each half")
  }

  /// Puts the top tables of both halves into one page, as Windows has them.
  private mutating func joinTopTables() {
    paging.joinTopTables()
    note(
      "TTBR1", "root + \((paging.arm64.upperTableOffset ?? 0).hex)",
      from: "Windows has both top tables in one page")
  }

  private static func mode(
    _ machine: Scenario.Machine, _ dump: Machine?, _ isNeeded: Bool,
    _ collector: DiagnosticCollector
  ) -> PagingMode? {
    let choices = PagingMode.allCases.map(\.rawValue)
    guard let name = machine.mode else {
      if let dump { return dump.paging.mode }
      // What could not be read may be the mode, or a dump that says it.
      guard isNeeded, !collector.omissions.contains(.machine) else { return nil }
      collector.report(
        .modeNeeded, "a built image needs a paging mode", at: machine.mark,
        notes: ["add the key `mode`; the choices are \(choices.asChoices)"])
      return nil
    }
    if let mode = PagingMode(rawValue: name.value) { return mode }
    collector.report(Diagnostic(.unknownMode, unknown: "mode", name, choices: choices))
    return nil
  }

  private mutating func applyProcessor(
    _ machine: Scenario.Machine, _ collector: DiagnosticCollector
  ) {
    if let bits = machine.physicalBits {
      paging.physicalBits = bits.value
      note("MAXPHYADDR", "\(bits.value)", from: "scenario")
    }
    Self.checkNames(machine, collector)
    for feature in machine.features {
      guard let path = ProcessorWords.features[feature.name.value] else { continue }
      paging.features[keyPath: path] = feature.isEnabled.value
    }
    for deviation in machine.accept {
      guard let path = ProcessorWords.deviations[deviation.value] else { continue }
      paging.features[keyPath: path] = true
    }
    if let vendor = machine.vendor.flatMap({ PagingState.Vendor(rawValue: $0.value) }) {
      paging.vendor = vendor
      note("vendor", vendor.rawValue, from: "scenario")
    }
    if let bit = machine.encryptionBit {
      paging.encryptionBit = bit.value
      note("C-bit", "\(bit.value)", from: "scenario")
    }
    if let bit = machine.sharedBit {
      paging.sharedBit = bit.value
      note("shared bit", "\(bit.value)", from: "scenario")
    }
    if let flag = machine.alignmentCheck { paging.alignmentCheck = flag.value }
  }

  /// Reports manufacturers, features and deviations that do not exist; they need no mode.
  private static func checkNames(
    _ machine: Scenario.Machine, _ collector: DiagnosticCollector
  ) {
    if let vendor = machine.vendor, PagingState.Vendor(rawValue: vendor.value) == nil {
      let choices = PagingState.Vendor.allCases.map(\.rawValue)
      collector.report(Diagnostic(.unknownWord, unknown: "vendor", vendor, choices: choices))
    }
    for feature in machine.features where ProcessorWords.features[feature.name.value] == nil {
      collector.report(
        Diagnostic(
          .unknownFeature, unknown: "feature", feature.name,
          choices: ProcessorWords.features.keys.sorted()))
    }
    for name in machine.accept where ProcessorWords.deviations[name.value] == nil {
      collector.reportAside(
        Diagnostic(
          .unknownDeviation, unknown: "deviation", name,
          choices: ProcessorWords.deviations.keys.sorted()))
    }
  }

  private mutating func noteNoExecute(_ machine: Scenario.Machine, isDump: Bool) {
    guard paging.mode != .x86, !paging.isARM64 else { return }
    let isSaid = machine.registers.contains { $0.name.value.lowercased() == "efer" }
    guard isSaid || !isDump else { return }
    note("NXE", paging.noExecute ? "1" : "0", from: isSaid ? "scenario" : "default of the mode")
  }

  /// Refuses what the scenario says and no processor is; what a dump records itself is let pass.
  private func checkState(
    _ machine: Scenario.Machine, over dump: Machine?, _ collector: DiagnosticCollector
  ) {
    checkDeviations(machine, collector)
    // The root of an image that is built is looked at where its memory is known.
    if dump != nil, let root = machine.root, let problem = paging.rootContradiction {
      collector.report(.impossibleRegisters, problem, at: root.mark)
    }
    let recorded = dump?.paging.contradictions ?? []
    guard let contradiction = paging.contradictions.first(where: { !recorded.contains($0) })
    else { return }
    // What the machine lacks is at its default, with which the rest agrees; only vendors have none.
    let isVendorKnown =
      machine.vendor.map { PagingState.Vendor(rawValue: $0.value) != nil }
      ?? !collector.omissions.contains(.machine)
    guard isVendorKnown || isImpossibleForAnyVendor else { return }
    let bits = machine.physicalBits.flatMap {
      PagingState.processorBits.contains($0.value) ? nil : $0.mark
    }
    let attribute = [machine.encryptionBit, machine.sharedBit].compactMap(\.self).first {
      contradiction.contains("bit \($0.value)")
    }
    let register = machine.registers.first {
      contradiction.contains($0.name.value.uppercased())
    }
    let mark =
      bits ?? attribute?.mark ?? (register ?? machine.registers.first)?.name.mark
      ?? machine.vendor?.mark ?? machine.root?.mark ?? machine.mode?.mark ?? machine.mark
    collector.report(.impossibleRegisters, contradiction, at: mark)
  }

  private func checkDeviations(_ machine: Scenario.Machine, _ collector: DiagnosticCollector) {
    guard paging.mode != .pae else { return }
    for name in machine.accept where ProcessorWords.deviations[name.value] != nil {
      collector.report(
        .impossibleRegisters,
        "\(name.value) is about PDPTEs of mode pae, which processors load with CR3; the mode is "
          + paging.mode.rawValue, at: name.mark)
    }
  }

  private var isImpossibleForAnyVendor: Bool {
    PagingState.Vendor.allCases.allSatisfy { vendor in
      var state = paging
      state.vendor = vendor
      return state.contradiction != nil
    }
  }

  /// Goes back to the mode's own state, in which all page sizes and rights of the mode are possible.
  mutating func forgetRegisters() {
    let before = paging
    paging = PagingState(mode: before.mode)
    paging.features = before.features
    paging.vendor = before.vendor
    if PagingState.processorBits.contains(before.physicalBits) {
      paging.physicalBits = before.physicalBits
    }
    (paging.encryptionBit, paging.sharedBit) = (before.encryptionBit, before.sharedBit)
    guard paging.contradiction != nil else { return }
    (paging.encryptionBit, paging.sharedBit) = (nil, nil)
  }

  mutating func note(_ subject: String, _ value: String, from source: String) {
    provenance.removeAll { $0.subject == subject }
    provenance.append(Machine.Provenance(subject, value, from: source))
  }
}

extension PagingState {
  /// The widths of physical addresses that processors have.
  static let processorBits = 32...52

  /// A state for checks that need no mode.
  static func anyMode(_ machine: Scenario.Machine) -> PagingState {
    var state = PagingState(mode: .x86_64)
    if let bits = machine.physicalBits?.value, processorBits.contains(bits) {
      state.physicalBits = bits
    }
    return state
  }
}
