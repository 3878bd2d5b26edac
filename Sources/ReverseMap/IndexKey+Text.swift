import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// What the key of an index is made from, property by property.
///
/// A description by reflection would have them all without more ado, and took as long as the rest of a
/// question. A test counts the properties, so that a new one is not forgotten here.
extension IndexKey {
  /// All of a machine that decides what its tables say, beside the bytes of the file.
  static func text(of machine: Machine) -> String {
    let roots = machine.addressSpaces.map(\.register.hex)
    var parts = text(of: machine.paging) + ["roots"] + roots + ["memory"] + runs(of: machine.memory)
    if let system = machine.system.windows {
      // What is in transition depends on these too.
      let records = machine.addressSpaces.map { $0.record?.vadRoot?.description ?? "-" }
      parts += ["windows", "\(system.kernel.version)", "\(system.invalidMask.rawValue)"]
      parts += ["\(system.systemRoot ?? 0)"] + records
    }
    return parts.joined(separator: " ")
  }

  /// What the user may have said of where memory is; of frames that are decoded the files alone say it.
  private static func runs(of memory: MemoryImage) -> [String] {
    if case .paged = memory { return [] }
    return memory.runs.map { "\($0.start.rawValue)+\($0.byteCount)" }
  }

  /// All of a state but CR3, for which the roots stand.
  private static func text(of state: PagingState) -> [String] {
    let numbers = [
      state.cr0, state.cr4, state.efer, state.pkru, state.pkrs, state.pat,
      UInt64(state.physicalBits),
    ]
    let bits = [state.encryptionBit, state.sharedBit].map { $0.map(String.init) ?? "-" }
    let features = state.features
    let flags = [
      state.alignmentCheck, features.pse36, features.page1G, features.acceptsAccessedPDPTE,
      features.walksPDPTEs, state.arm64.privilegedAccessNever,
    ]
    let arm64 = [
      state.arm64.ttbr1, state.arm64.upperTableOffset, state.arm64.tcr, state.arm64.sctlr,
      state.arm64.mair,
    ]
    return [state.mode.rawValue, state.vendor?.rawValue ?? "-"] + numbers.map(\.hex) + bits
      + flags.map { $0 ? "1" : "0" } + arm64.map { $0?.hex ?? "-" } + [
        "\(state.arm64.half.rawValue)"
      ]
  }
}

extension FileIdentity {
  /// Where the file is, whatever becomes of it there.
  var place: String { "\(device) \(inode)" }

  /// All properties.
  var text: String {
    "\(place) \(size) \(seconds) \(nanoseconds) \(head.high.hex) \(head.low.hex)"
  }
}
