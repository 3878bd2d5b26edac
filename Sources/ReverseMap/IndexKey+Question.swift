import DumpFormats
import LinuxMemory
import Machine
import Paging
import PhysicalMemory

/// What the user says of a machine, property by property, as `IndexKey.text(of:)` says what a machine is.
extension IndexKey {
  /// Where the bytes of a raw image are.
  static func text(of layout: RawLayout) -> String {
    func text(_ ranges: [ClosedRange<UInt64>]) -> String {
      ranges.map { "\($0.lowerBound.hex)-\($0.upperBound.hex)" }.joined(separator: ",")
    }
    return "\(layout.base) \(text(layout.holes)) \(text(layout.skips))"
  }

  /// All that the user says but the areas of a process, with which nothing is kept.
  static func text(of said: MachineOverrides) -> String {
    let numbers = [
      said.root, said.cr0, said.cr4, said.efer, said.pkru, said.pkrs, said.ttbr1, said.tcr,
      said.sctlr, said.mair, said.pat, said.invalidMask, said.processListHead, said.pfnDatabase,
      said.virtualStore, said.pid, said.linuxOptions.map { UInt64($0.rawValue) },
    ]
    let bits = [said.physicalBits, said.encryptionBit, said.sharedBit]
    let flags = [
      said.privilegedAccessNever, said.alignmentCheck, said.acceptsAccessedPDPTE,
      said.walksPDPTEs,
    ]
    // Names are the last, and each has its length before it: they may hold anything.
    let names = [said.mode?.rawValue, said.vendor?.rawValue, said.system, said.process].map {
      $0.map { "\($0.utf8.count):\($0)" } ?? "-"
    }
    let parts =
      numbers.map { $0?.hex ?? "-" } + bits.map { $0.map(String.init) ?? "-" }
      + flags.map { $0 ? "1" : "0" } + names
    return parts.joined(separator: " ")
  }
}
