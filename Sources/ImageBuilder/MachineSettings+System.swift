import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// The operating system whose entries the tables hold.
extension MachineSettings {
  /// Finds the kernel that `os:` names.
  ///
  /// Without a mode only the name can be checked.
  mutating func applySystem(
    _ os: Located<String>?, _ mode: PagingMode?, _ windows: Scenario.Windows?,
    _ linux: Scenario.Linux?, _ collector: DiagnosticCollector
  ) {
    guard let os, os.value != "none" else { return }
    guard !LinuxKernel.isID(os.value) else { return applyLinux(os, mode, linux, collector) }
    do throws(WindowsKernelError) {
      let id = try WindowsKernelID(os.value)
      guard let mode else { return }
      let kernel = try WindowsKernel(id, WindowsEntryFormat(mode))
      let mask = mask(windows?.invalidMask, kernel, collector)
      // Of several kernels, those without such a store have only ordinary page files.
      let files = kernel.id.numbersStore ? windows?.pageFiles ?? [] : []
      let store = files.first { $0.isStore }?.number.value
      // Sections that are made lie where the bench puts them; what a scenario says of entries alone
      // is what they hold, offsets too.
      let pools =
        (windows?.sections ?? []).isEmpty
        ? nil : KernelSpace(kernel.format).poolBases(of: kernel)
      var entries = WindowsEntries(kernel, mask, store: store, pools: pools)
      for file in windows?.pageFiles ?? [] {
        entries.pageCounts[file.number.value] = file.size.map { $0.value / frameSize }
      }
      self.windows = entries
      system = kernel.id.description
      note("kernel", kernel.version, from: "scenario")
      for text in kernel.notes { note("layouts", text, from: "kernel table") }
      if mask != .none { note("invalid-PTE mask", mask.rawValue.hex, from: "scenario") }
    } catch {
      collector.reportAside(Self.unknownSystem(os, error))
    }
  }

  private mutating func applyLinux(
    _ os: Located<String>, _ mode: PagingMode?, _ statements: Scenario.Linux?,
    _ collector: DiagnosticCollector
  ) {
    let options = statements?.configuration.map { choices in
      choices.reduce(into: LinuxOptions()) { $0.insert($1.value.option) }
    }
    do throws(LinuxKernelError) {
      let kernel = try LinuxKernel(id: os.value, mode: mode ?? .x86_64, options: options)
      guard mode != nil else { return }
      self.linux = LinuxEntries(kernel)
      system = kernel.id
      note("kernel", "Linux \(kernel.version)", from: "scenario")
    } catch {
      guard case .tooOld = error else {
        return collector.reportAside(
          Diagnostic(
            .unknownSystem, unknown: "operating system", os,
            choices: ["none"] + LinuxKernel.identifiers.suffix(1) + ["windows-BUILD.PATCH"]))
      }
      collector.reportAside(Diagnostic(.unknownSystem, "\(error)", at: os.mark))
    }
  }

  /// The operating system with all that the statements say of it; nil where they name none.
  var operatingSystem: OperatingSystem? {
    if let linux { return .linux(LinuxSystem(linux.kernel, foundBy: "scenario")) }
    guard let windows else { return nil }
    var system = WindowsSystem(windows.kernel, from: .init(.given, "scenario"))
    system.invalidMask = windows.mask
    system.origins[.invalidMask] = .init(.given, "scenario")
    system.pools = windows.pools
    if let store = windows.store {
      system.virtualStore = store
      system.origins[.virtualStore] = .init(.given, "scenario")
    }
    return .windows(system)
  }

  private static func unknownSystem(
    _ os: Located<String>, _ error: WindowsKernelError
  ) -> Diagnostic {
    guard case .noLayout(let id, let format) = error else {
      return Diagnostic(
        .unknownSystem, unknown: "operating system", os,
        choices: ["none"] + WindowsKernelID.aliases.map(\.alias)
          + ["windows-BUILD.PATCH", "linux-VERSION"])
    }
    let known = WindowsKernel.identifiers(of: format).map { "`\($0)`" }.joined(separator: ", ")
    let others = WindowsEntryFormat.allCases.filter { WindowsKernel.has(id, $0) }
    var notes = ["of \(format.words) there are \(known)"]
    if !others.isEmpty {
      notes.insert("it has \(others.map(\.words).joined(separator: " and "))", at: 0)
    }
    return Diagnostic(
      .unknownSystem, "\(id) has no known \(format.words)", at: os.mark, notes: notes)
  }

  private func mask(
    _ said: Located<UInt64>?, _ kernel: WindowsKernel, _ collector: DiagnosticCollector
  ) -> InvalidPTEMask {
    guard let said, said.value != 0 else { return .none }
    // Of several kernels, those without the bit have no use for what the others need.
    guard kernel.hasSwizzleBit else { return .none }
    let mask = InvalidPTEMask(rawValue: said.value)
    if let problem = mask.contradiction {
      collector.report(.doesNotFit, "\(said.value.hex): \(problem)", at: said.mark)
      return .none
    }
    return mask
  }
}

extension Scenario.KernelChoice {
  /// The option of the kernel.
  fileprivate var option: LinuxOptions {
    switch self {
    case .memoryFailure: .memoryFailure
    case .migration: .migration
    case .devicePrivate: .devicePrivate
    case .markers: .markers
    }
  }
}
