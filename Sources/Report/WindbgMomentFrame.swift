import PhysicalMemory
import Simulator
import WindowsMemory

/// An entry of the PFN database as the debugger's `!pfn` writes it.
///
/// The lines of 32-bit systems are published; those of x64 are the same with longer addresses, which
/// no published output confirms: they stand in brackets.
struct WindbgMomentFrame {
  let number: UInt64
  let record: FrameRecord
  /// The address of the entry.
  let address: UInt64
  /// The digits of an address.
  let digits: Int

  private var isSeen: Bool { digits == 8 }

  func write(to out: inout TextBuffer) {
    line("    PFN \(upper(number, 8)) at address \(upper(address, digits))", to: &out)
    let isUsed = record.location == .active || record.location == .transition
    let flink = isUsed ? record.workingSetIndex : record.next ?? 0
    let blink = isUsed ? record.shareCount : record.previous ?? 0
    line(
      "    flink       \(upper(flink, digits))  blink / share count \(upper(blink, digits))"
        + "  pteaddress \(upper(record.pteAddress, digits))", to: &out)
    line(
      "    reference count \(upper(record.referenceCount, 4))   Cached     color 0   Priority 5",
      to: &out)
    let letters = (record.isModified ? "M" : " ") + (record.isPrototype ? "P" : " ")
    let state =
      "    restore pte \(upper(record.originalPte, digits))  containing page "
      + "\(upper(record.pteFrame, 6))  \(location.padded(to: 11))\(letters)"
    line(state.trimmedEnd, isKnown: !record.isPrototype, to: &out)
    var words: [String] = []
    if record.isModified { words.append("Modified") }
    if record.isPrototype { words.append("[Shared]") }
    if !words.isEmpty { line("    " + words.joined(separator: " "), to: &out) }
  }

  private var location: String {
    switch record.location {
    case .zeroed: "Zeroed"
    case .free: "Free"
    case .standby: "Standby"
    case .modified: "Modified"
    case .modifiedNoWrite: "ModNoWrite"
    case .bad: "Bad"
    case .active: "Active"
    case .transition: "Transition"
    }
  }

  private func line(_ text: String, isKnown: Bool = true, to out: inout TextBuffer) {
    out.write(isSeen && isKnown ? text : "[\(text)]")
    out.endLine()
  }

  private func upper(_ number: UInt64, _ digits: Int) -> String {
    let text = String(number, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - utf8.count))
  }

  fileprivate var trimmedEnd: String {
    String(self[..<(lastIndex { $0 != " " }.map { index(after: $0) } ?? startIndex)])
  }
}
