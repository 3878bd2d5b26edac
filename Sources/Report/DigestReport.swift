public import Golden
public import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// Writes the digest of each root on a line of its own.
public struct DigestReport: Sendable {
  private let machine: Machine

  /// Prepares the lines of a machine.
  public init(_ machine: Machine) { self.machine = machine }

  /// Writes the line of one root as JSON.
  public func writeJSON(
    _ digest: TranslationDigest, of space: AddressSpace, to out: inout TextBuffer
  ) {
    out.openObject()
    out.member("root", hex: machine.paging(of: space).root.rawValue)
    out.members(ofOwner: space)
    out.member("mappings", digest.mappings)
    out.member("bytes", hex: digest.bytes)
    out.member("digest", digest.digest.description)
    out.closeLine()
  }

  /// Writes the names of the columns.
  public func writeHeader(to out: inout TextBuffer) {
    out.styled(.dim) { out in
      out.write("root", width: 20)
      out.write("digest", width: 43)
      out.write("mappings", rightAlignedIn: 12)
      out.write("bytes", rightAlignedIn: 20)
      out.write("  process\n")
    }
  }

  /// Writes the line of one root for people.
  public func writeText(
    _ digest: TranslationDigest, of space: AddressSpace, to out: inout TextBuffer
  ) {
    out.hex(machine.paging(of: space).root.rawValue, digits: 16)
    out.spaces(2)
    out.write(digest.digest.description, .bold, width: 43)
    out.write("\(digest.mappings)", rightAlignedIn: 12)
    out.write(digest.bytes.hex, rightAlignedIn: 20)
    if let owner = space.owner { out.write("  \(owner.visible)") }
    out.endLine()
  }
}
