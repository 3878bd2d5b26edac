public import Machine
import Paging
import PhysicalMemory

/// Says which mode, root and registers an answer is about, and how each became known.
public struct MachineHeader: Sendable {
  private struct Line {
    var subject: String
    var value: String
    var source: String
  }

  private var lines: [Line] = []

  /// Describes a machine under one of its roots; nil for the root that questions are about.
  public init(_ machine: Machine, space: AddressSpace? = nil) {
    let paging = space.map(machine.paging(of:)) ?? machine.paging
    let space = space ?? machine.addressSpaces.first { $0.register == paging.cr3 }
    let known = machine.provenance
    let mode = known.first { $0.subject == "mode" }?.source
    lines.append(Line(subject: "mode", value: paging.mode.rawValue, source: mode ?? machine.format))
    var source = space?.foundBy ?? known.first { $0.subject == "root" }?.source ?? machine.format
    if let owner = space?.owner { source += ", \(owner)" }
    if paging.ignoredRootBits != 0 {
      source += "; CR3 is \(paging.cr3.hex), its bits \(paging.ignoredRootBits.hex) are no address"
    }
    lines.append(Line(subject: "root", value: paging.root.description, source: source))
    let registers = known.filter { $0.subject != "mode" && $0.subject != "root" }
    lines += registers.map { Line(subject: $0.subject, value: $0.value, source: $0.source) }
    let others = machine.addressSpaces.count - 1
    if others > 0 {
      lines.append(
        Line(
          subject: "roots", value: "\(others + 1)",
          source: "this is one of them; --root, --pid or --process choose another"))
    }
  }

  /// Writes the lines, and an empty one after them.
  public func write(to out: inout TextBuffer) {
    let subject = lines.map(\.subject.count).max() ?? 0
    let value = lines.map(\.value.count).max() ?? 0
    for line in lines {
      out.write(line.subject, .dim, width: subject + 2)
      out.write(Wording.visible(line.value), .bold, width: value + 2)
      out.write(Wording.visible(line.source), .dim)
      out.endLine()
    }
    out.endLine()
  }
}
