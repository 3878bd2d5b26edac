public import Machine
public import Paging
import PhysicalMemory

/// How a walk is written for people: in our own words, or as a program that they know writes it.
public enum WalkStyle: String, CaseIterable, Sendable {
  /// Every entry with its flags, and a sentence.
  case plain
  /// The lines of Rekall's `vtop`.
  case rekall
  /// The file `map.txt` of MemProcFS.
  case memprocfs
  /// The line of page tables in a Linux kernel's oops.
  case linux
  /// The debugger's `!pte`.
  case windbg
  /// The debugger's `!vtop`.
  case windbgVtop = "windbg-vtop"

  /// Why walks of a mode cannot be written in the style, or nil where they can.
  public func refusal(of mode: PagingMode) -> String? {
    let isKnown =
      switch self {
      case .windbg: WindbgProfile(mode) != nil
      case .windbgVtop: mode != .arm64 && WindbgProfile(mode) != nil
      case .plain, .rekall, .memprocfs, .linux: true
      }
    guard !isKnown else { return nil }
    return "what the debugger prints in mode \(mode.rawValue) is not known; --style \(rawValue) is"
      + " for x86, pae\(self == .windbg ? ", x86-64 and arm64" : " and x86-64")"
  }

  /// Writes a walk of a machine in the style; false for `plain`, which `WalkText` writes.
  public func write(_ walk: Walk, of machine: Machine, to out: inout TextBuffer) -> Bool {
    let paging = machine.paging.half(of: walk.address)
    if let refusal = refusal(of: walk.mode) {
      out.write("[\(refusal)]\n")
      return true
    }
    switch self {
    case .plain: return false
    case .rekall: RekallWalk(paging: paging, walk: walk).write(to: &out)
    case .memprocfs: MemProcFSWalk(paging: paging, walk: walk).write(to: &out)
    case .linux: LinuxWalk(paging: paging, walk: walk).write(to: &out)
    case .windbg: WindbgStyle(machine).write(walk, paging, to: &out)
    case .windbgVtop: WindbgVtop(paging: paging, walk: walk).write(to: &out)
    }
    return true
  }
}

extension Walk {
  /// Says of an address that no table translates what every style says; false for the others.
  func writeNonCanonical(to out: inout TextBuffer) -> Bool {
    guard result.outcome == .nonCanonical else { return false }
    out.hex(address.rawValue, digits: mode.addressDigits)
    out.write(" is not canonical\n")
    return true
  }
}

extension TextBuffer {
  /// Appends a number in hexadecimal without `0x`, of `digits` digits at least.
  mutating func bareHex(_ number: UInt64, digits: Int = 1) {
    let text = String(number, radix: 16)
    write(String(repeating: "0", count: max(0, digits - text.count)) + text)
  }
}
