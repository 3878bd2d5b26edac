public import Machine
import Paging
public import PhysicalMemory
public import ReverseMap
import ScenarioFile

/// How the owners of physical addresses are written.
public enum OwnerStyle: String, CaseIterable, Sendable {
  /// A table with page size, rights and root.
  case plain
  /// The table of Rekall's `pas2vas`.
  case rekall
  /// The file `virt.txt` of MemProcFS's `misc/phys2virt`: process and address.
  case memprocfs
}

/// Writes who maps a physical address, mapping by mapping.
public struct OwnerReport: Sendable {
  private let machine: Machine
  private let style: OwnerStyle
  private let digits: Int
  /// Which address spaces the styles of others know: of a process with two roots they have the first.
  private let isListed: [Bool]
  /// The number of mappings written.
  public private(set) var count: UInt64 = 0

  /// Prepares the answers about a machine.
  public init(_ machine: Machine, style: OwnerStyle = .plain) {
    self.machine = machine
    self.style = style
    digits = machine.paging.mode.addressDigits
    isListed = machine.firstSpaces.enumerated().map { $0 == $1 || style == .plain }
  }

  /// Writes what stands above the mappings.
  public func writeHeader(to out: inout TextBuffer) {
    switch style {
    case .plain:
      out.styled(.dim) { out in
        out.write("physical", width: 20)
        out.write("virtual", width: digits + 4)
        out.write("size  rights  root                owner\n")
      }
    case .rekall:
      out.write("\n   Physical       Virtual        Pid Name\n")
      out.write("-------------- -------------- ------ ----\n")
    case .memprocfs: break
    }
  }

  /// Writes a mapping as a line of text, where the style has one for it.
  public mutating func writeText(_ mapping: ReverseMapping, to out: inout TextBuffer) {
    guard isListed[mapping.space] else { return }
    let space = machine.addressSpaces[mapping.space]
    switch style {
    case .plain: writePlain(mapping, space, to: &out)
    case .rekall: writeRekall(mapping, space, to: &out)
    case .memprocfs:
      out.write(mapping.sharers > 1 ? "0" : String(space.pid ?? 0), rightAlignedIn: 6)
      out.write(" ")
      out.bareHex(mapping.address.rawValue, digits: digits)
      out.endLine()
    }
    count += 1
  }

  private func writePlain(
    _ mapping: ReverseMapping, _ space: AddressSpace, to out: inout TextBuffer
  ) {
    out.hex(mapping.physical.rawValue, digits: 16)
    out.spaces(2)
    out.hex(mapping.address.rawValue, digits: digits)
    out.spaces(2)
    out.write(Wording.pageSize(mapping.pageShift), width: 6)
    out.write(mapping.rights.description, width: 8)
    out.hex(root(of: mapping).rawValue, digits: 16)
    out.spaces(2)
    if mapping.sharers > 1 {
      out.write("all that share it: \(mapping.sharers) roots", .cyan)
    } else {
      out.write(space.owner?.visible ?? "-")
    }
    if let state = mapping.state { out.write("  \(state.rawValue)", .yellow) }
    out.endLine()
  }

  /// Rekall prints twelve digits, and the kernel's mappings as those of a process 0.
  private func writeRekall(
    _ mapping: ReverseMapping, _ space: AddressSpace, to out: inout TextBuffer
  ) {
    let digits: UInt64 = 0xffff_ffff_ffff
    let isKernel = mapping.sharers > 1
    out.hex(mapping.physical.rawValue & digits, digits: 12)
    out.write(" ")
    out.hex(mapping.address.rawValue & digits, digits: 12)
    out.write(" ")
    out.write(isKernel ? "0" : String(space.pid ?? 0), rightAlignedIn: 6)
    out.write(" \(isKernel ? "Kernel" : (space.process ?? "-").visible)\n")
  }

  private func root(of mapping: ReverseMapping) -> PhysicalAddress {
    let space = machine.addressSpaces[mapping.space]
    return machine.paging(of: space).half(of: mapping.address).root
  }

  /// Writes a mapping as JSON; one that several address spaces share names none of them.
  public mutating func writeJSON(_ mapping: ReverseMapping, to out: inout TextBuffer) {
    out.openObject()
    out.member("pa", hex: mapping.physical.rawValue)
    out.member("va", hex: mapping.address.rawValue)
    out.member("root", hex: root(of: mapping).rawValue)
    if mapping.sharers > 1 {
      out.member("shared_by", UInt64(mapping.sharers))
    } else {
      out.members(ofOwner: machine.addressSpaces[mapping.space])
    }
    out.member("page_size", mapping.pageSize)
    out.members(of: mapping.rights)
    if let state = mapping.state { out.member("state", state.rawValue) }
    out.closeLine()
    count += 1
  }

  /// Writes a place that is not asked whose it is, or that nobody maps.
  public func writeUnowned(
    _ place: PhysicalAddress, isAsked: Bool, asJSON: Bool, to out: inout TextBuffer
  ) {
    guard !asJSON else {
      out.openObject()
      out.member("pa", hex: place.rawValue)
      return out.closeLine()
    }
    out.hex(place.rawValue, digits: 16)
    if isAsked { out.write("  nobody maps it", .dim) }
    out.endLine()
  }

  /// Writes how many mappings there were; nothing in the styles of others.
  public func writeTotal(isWhole: Bool, to out: inout TextBuffer) {
    guard style == .plain else { return }
    writeTotal(count, "mapping", none: "nothing maps it", isWhole: isWhole, to: &out)
  }

  /// Writes how many places there were, whoever maps them.
  public func writeTotal(ofPlaces places: UInt64, isWhole: Bool, to out: inout TextBuffer) {
    writeTotal(places, "place", none: "not found", isWhole: isWhole, to: &out)
  }

  private func writeTotal(
    _ count: UInt64, _ noun: String, none: String, isWhole: Bool, to out: inout TextBuffer
  ) {
    if count == 0 {
      out.write(isWhole ? none : Wording.unshown, isWhole ? .bold : .yellow)
    } else {
      out.endLine()
      out.write(Wording.count(count, noun), .bold)
      if !isWhole { out.write("; there are more: --limit cut them", .yellow) }
    }
    out.endLine()
  }
}
