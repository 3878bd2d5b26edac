public import Machine
import Paging
public import PhysicalMemory
import ScenarioFile

/// Writes what is known of a machine, and how each fact was found.
public struct InfoReport: Sendable {
  private let format: String
  private let compressions: [String]
  private let size: UInt64
  private let runs: [MemoryRun]
  private let system: String
  private let warnings: [String]
  /// Nil where the mode is not known.
  private let machine: Machine?
  /// What the user can do about it.
  private let remedy: String?

  /// Describes a machine.
  public init(_ machine: Machine) {
    format = machine.format
    compressions = machine.compressions
    size = machine.size
    runs = machine.memory.runs
    system = machine.system.id
    warnings = machine.warnings
    self.machine = machine
    remedy = nil
  }

  /// Describes an image that is not a machine yet, and says what it lacks.
  public init(
    format: String, compressions: [String] = [], size: UInt64, runs: [MemoryRun],
    warnings: [String], remedy: String
  ) {
    self.format = format
    self.compressions = compressions
    self.size = size
    self.runs = runs
    self.warnings = warnings
    self.remedy = remedy
    system = "none"
    machine = nil
  }

  /// Writes all of it as one JSON object.
  public func writeJSON(to out: inout TextBuffer) {
    out.openObject()
    out.member("format", format)
    if !compressions.isEmpty { out.member("compression", compressions.joined(separator: " ")) }
    out.member("size", size)
    out.openArray("runs")
    for run in runs {
      out.openElement()
      out.member("start", hex: run.start.rawValue)
      out.member("end", hex: run.last.rawValue)
      out.closeObject()
    }
    out.closeArray()
    if let machine { out.member("mode", machine.paging.mode.rawValue) }
    out.openArray("roots")
    for space in machine?.addressSpaces ?? [] { writeJSON(space, to: &out) }
    out.closeArray()
    out.member("os", system)
    out.openArray("provenance")
    for fact in machine?.provenance ?? [] {
      out.openElement()
      out.member("subject", fact.subject)
      out.member("value", fact.value)
      out.member("source", fact.source)
      out.closeObject()
    }
    out.closeArray()
    out.member("warnings", warnings + (remedy.map { [$0] } ?? []))
    out.closeLine()
  }

  private func writeJSON(_ space: AddressSpace, to out: inout TextBuffer) {
    out.openElement()
    out.member("root", hex: machine?.paging(of: space).root.rawValue ?? space.register)
    out.members(ofOwner: space)
    out.member("found_by", space.foundBy)
    out.closeObject()
  }

  /// Writes all of it for people.
  public func writeText(to out: inout TextBuffer) {
    let total = runs.reduce(0) { $0 &+ $1.byteCount }
    var facts: [(String, String, String)] = [
      ("format", ([format] + compressions).joined(separator: ", "), "\(size) bytes"),
      ("memory", Wording.count(UInt64(runs.count), "run"), Wording.size(total)),
    ]
    if let machine {
      let mode = machine.provenance.first { $0.subject == "mode" }?.source ?? machine.format
      facts.append(("mode", machine.paging.mode.rawValue, mode))
      for fact in machine.provenance where !["mode", "root"].contains(fact.subject) {
        facts.append((fact.subject, fact.value, fact.source))
      }
    } else {
      facts.append(("mode", "unknown", remedy ?? ""))
    }
    facts.append(("os", system, ""))
    FactTable.write(facts, to: &out)
    writeRoots(to: &out)
    writeRuns(to: &out)
    guard !warnings.isEmpty else { return }
    out.endLine()
    for warning in warnings {
      out.write("warning: ", .yellow)
      out.write(warning.visible)
      out.endLine()
    }
  }

  private func writeRuns(to out: inout TextBuffer) {
    guard !runs.isEmpty else { return }
    out.write("\n")
    out.write("memory run\n", .dim)
    for run in runs {
      out.hex(run.start.rawValue, digits: 16)
      out.spaces(2)
      out.hex(run.last.rawValue, digits: 16)
      out.write(Wording.size(run.byteCount), rightAlignedIn: 14)
      out.endLine()
    }
  }

  private func writeRoots(to out: inout TextBuffer) {
    guard let machine, !machine.addressSpaces.isEmpty else { return }
    out.write("\n")
    out.styled(.dim) { out in
      out.write("root", width: 20)
      out.write("pid", rightAlignedIn: 7)
      out.write("  process           found by\n")
    }
    for space in machine.addressSpaces {
      out.hex(machine.paging(of: space).root.rawValue, digits: 16)
      out.spaces(2)
      out.write(space.pid.map(String.init) ?? "-", rightAlignedIn: 7)
      out.spaces(2)
      out.write(space.process?.visible ?? "-", width: 18)
      out.write(space.foundBy.visible, .dim)
      out.endLine()
    }
  }
}

/// Writes facts in three columns: what, its value, where it comes from.
enum FactTable {
  static func write(_ facts: [(String, String, String)], to out: inout TextBuffer) {
    let subject = facts.map(\.0.count).max() ?? 0
    let value = facts.map(\.1.count).max() ?? 0
    for fact in facts {
      out.write(fact.0, .dim, width: subject + 2)
      let text = fact.1.visible
      if fact.2.isEmpty {
        out.write(text, .bold)
      } else {
        out.write(text, .bold, width: value + 2)
        out.write(fact.2.visible, .dim)
      }
      out.endLine()
    }
  }
}

extension TextBuffer {
  /// The members that say whose an address space is, as far as is known.
  mutating func members(ofOwner space: AddressSpace) {
    if let pid = space.pid { member("pid", pid) }
    if let process = space.process { member("process", process) }
  }
}
