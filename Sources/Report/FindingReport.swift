public import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// Writes what `check` finds, root by root.
public struct FindingReport: Sendable {
  private let machine: Machine
  private var root: PhysicalAddress?
  private var counts: [Finding.Kind: UInt64] = [:]

  /// The number of findings written.
  public var count: UInt64 { counts.values.reduce(0, +) }

  /// Prepares the findings of a machine.
  public init(_ machine: Machine) { self.machine = machine }

  /// Writes a finding as JSON.
  public mutating func writeJSON(_ finding: Finding, to out: inout TextBuffer) {
    counts[finding.kind, default: 0] += 1
    out.openObject()
    out.member("finding", finding.kind.rawValue)
    out.member("root", hex: finding.root.rawValue)
    if let address = finding.address { out.member("va", hex: address.rawValue) }
    if let address = finding.entryAddress { out.member("address", hex: address.rawValue) }
    if let value = finding.value { out.member("value", hex: value) }
    out.member("detail", finding.detail)
    out.closeLine()
  }

  /// Writes a finding for people, under its root.
  public mutating func writeText(_ finding: Finding, to out: inout TextBuffer) {
    if root != finding.root {
      if root != nil { out.endLine() }
      writeHeader(finding.root, to: &out)
      root = finding.root
    }
    counts[finding.kind, default: 0] += 1
    let kinds = Finding.Kind.allCases.map(\.rawValue.count).max() ?? 0
    out.write("  ")
    out.write(finding.kind.rawValue, Self.style(finding.kind), width: kinds + 2)
    column(finding.address?.rawValue, digits: machine.paging.mode.addressDigits, to: &out)
    column(finding.entryAddress?.rawValue, digits: 16, to: &out)
    out.write(finding.detail.visible)
    out.endLine()
  }

  private func writeHeader(_ root: PhysicalAddress, to out: inout TextBuffer) {
    let space = machine.addressSpaces.first { machine.paging(of: $0).root == root }
    out.write("root \(root)", .bold)
    if let owner = space?.owner { out.write("  \(owner.visible)") }
    out.endLine()
    let kinds = Finding.Kind.allCases.map(\.rawValue.count).max() ?? 0
    out.styled(.dim) { out in
      out.write("  ")
      out.write("finding", width: kinds + 2)
      out.write("address", width: machine.paging.mode.addressDigits + 4)
      out.write("entry at", width: 20)
      out.write("detail\n")
    }
  }

  private func column(_ number: UInt64?, digits: Int, to out: inout TextBuffer) {
    if let number { out.hex(number, digits: digits) } else { out.write("-", width: digits + 2) }
    out.spaces(2)
  }

  /// Writes how many findings of each kind there were.
  public func writeTotal(isWhole: Bool, to out: inout TextBuffer) {
    guard count > 0 else {
      out.write(isWhole ? "nothing found" : Wording.unshown, isWhole ? .green : .yellow)
      return out.endLine()
    }
    out.endLine()
    let kinds = Finding.Kind.allCases.compactMap { kind in
      counts[kind].map { "\($0) \(kind.rawValue)" }
    }
    out.write("\(Wording.count(count, "finding")): \(kinds.joined(separator: ", "))", .bold)
    if !isWhole { out.write("; there are more", .yellow) }
    out.endLine()
  }

  private static func style(_ kind: Finding.Kind) -> TextStyle {
    switch kind {
    case .reservedBits, .cycle: .red
    case .beyondMemory, .absentTable, .selfMap, .frameDatabase, .writableExecutable: .yellow
    }
  }
}
