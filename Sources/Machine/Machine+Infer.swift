import DumpFormats
import Paging
import PhysicalMemory
import WindowsMemory

/// What follows from a dump's header and from the entries themselves.
extension Machine {
  /// Takes the kernel that the header of a crash dump names; its patch level is not recorded there.
  mutating func takeRecordedSystem() {
    guard let build = windowsHeader?.build else { return }
    let id = WindowsKernelID(build: build)
    do throws(WindowsKernelError) {
      let kernel = try WindowsKernel(id, WindowsEntryFormat(paging.mode))
      system = .windows(
        WindowsSystem(
          kernel, from: .init(.read, "MinorVersion in the header; no patch level there")))
    } catch {
      warnings.append("MinorVersion in the header says build \(build): \(error)")
    }
  }

  /// Adds what the header of a crash dump says to what is known of Windows.
  func addRecordedAnchors(to system: inout WindowsSystem) {
    guard let header = windowsHeader else { return }
    if system.processListHead == nil, let address = header.processList {
      system.processListHead = VirtualAddress(address)
      system.origins[.processList] = .init(.read, "PsActiveProcessHead in the header")
    }
    if system.pfnDatabase == nil, let address = header.pfnDatabase {
      system.pfnDatabase = VirtualAddress(address)
      system.origins[.pfnDatabase] = .init(.read, "PfnDataBase in the header")
    }
  }

  /// Infers the invalid-PTE mask, and which generation of layouts a kernel has whose patch level is
  /// not known, from the entries of all known roots that are not valid.
  ///
  /// What was only assumed is open again: further roots may have been found since.
  public mutating func inferEntries() {
    guard var windows = system.windows else { return }
    let maskKind = windows.origins[.invalidMask]?.kind
    let isMaskOpen = maskKind == nil || maskKind == .assumed
    let isKernelOpen =
      windows.kernel.isGenerationOpen && windows.origins[.kernel]?.kind != .inferred
    guard isMaskOpen || isKernelOpen else { return }
    var evidence = InvalidEntryEvidence()
    var seen: Set<UInt64> = []
    for space in addressSpaces {
      let state = paging(of: space)
      if seen.insert(state.root.rawValue).inserted { evidence.count(of: state, in: memory) }
    }
    if isKernelOpen { inferGeneration(&windows, evidence) }
    if isMaskOpen { inferMask(&windows, evidence) }
    system = .windows(windows)
  }

  private static let assumedGeneration = "; whether it has SwizzleBit is assumed"

  private mutating func inferGeneration(
    _ windows: inout WindowsSystem, _ evidence: InvalidEntryEvidence
  ) {
    var before = windows.origins[.kernel]?.detail ?? ""
    if before.hasSuffix(Self.assumedGeneration) {
      before.removeLast(Self.assumedGeneration.count)
    }
    guard let generation = evidence.generation else {
      windows.origins[.kernel]?.detail = before + Self.assumedGeneration
      windows.isGenerationAssumed = true
      return
    }
    if windows.kernel.hasSwizzleBit != (generation == .swizzled) {
      guard let other = windows.kernel.counterpart else {
        warnings.append(
          "\(windows.kernel.id) has no known layouts with the entries that are in memory:"
            + " \(evidence.generationWords)")
        return
      }
      windows.kernel = other
    }
    windows.isGenerationAssumed = false
    let has = windows.kernel.hasSwizzleBit ? "has" : "has no"
    windows.origins[.kernel]?.detail =
      "\(before); it \(has) SwizzleBit: \(evidence.generationWords)"
    windows.origins[.kernel]?.kind = .inferred
  }

  private mutating func inferMask(
    _ windows: inout WindowsSystem, _ evidence: InvalidEntryEvidence
  ) {
    guard windows.kernel.hasSwizzleBit else {
      // One may have been assumed before the entries told that the kernel has none.
      windows.origins[.invalidMask] = nil
      provenance.removeAll { $0.subject == WindowsSystem.Anchor.invalidMask.rawValue }
      return
    }
    if let mask = evidence.mask {
      windows.invalidMask = mask
      windows.origins[.invalidMask] = .init(.inferred, evidence.maskWords)
    } else if evidence.hasNoMask {
      windows.origins[.invalidMask] = .init(.inferred, evidence.maskWords)
    } else {
      windows.origins[.invalidMask] = .init(
        .assumed, "\(evidence.maskWords); --invalid-mask gives it")
    }
  }
}
