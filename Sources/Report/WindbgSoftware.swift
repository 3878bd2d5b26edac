import WindowsMemory

/// What the debugger says below an entry that is not valid, a line a fact.
///
/// Lines in brackets are ours: no published output shows what the debugger writes there.
struct WindbgSoftware {
  let reading: PTEReading
  /// The digits of an address.
  let digits: Int
  /// Whether the entry is a PTE of an x64 kernel, of which most forms were published.
  let isSeen: Bool

  var lines: [String] {
    switch reading.state {
    case .valid, .large, .zero: []
    case .demandZero: ["DemandZero", protection]
    case .transition: [known("Transition: \(hex(reading.pfn))"), protection]
    case .pageFile, .virtualStore:
      [
        known("PageFile:  \(hex(reading.pageFile))"),
        known("Offset: \(hex(reading.pageFileOffset))"), protection,
      ]
    case .prototype: [known("Proto: \(address(reading.prototypeAddress))")]
    case .prototypeVAD: ["Proto: VAD", protection]
    case .freed: ["[Page has been freed]"]
    case .subsection: ["[Subsection: \(address(reading.subsectionAddress))]", protection]
    case .noAccess, .decommitted, .ambiguous: ["[\(reading.state.rawValue)]", protection]
    }
  }

  /// A line that was published for PTEs of x64 kernels.
  private func known(_ line: String) -> String { isSeen ? line : "[\(line)]" }

  /// The protections that were published; of the others the debugger's word is not known.
  private static let words: [UInt8: String] = [
    0x3: "ExecuteRead", 0x4: "ReadWrite", 0x11: "Readonly G",
  ]

  private var protection: String {
    guard let protection = reading.protection else { return "[Protect: not in the entry]" }
    let bits = protection.rawValue
    return "Protect: \(String(bits, radix: 16)) - " + (Self.words[bits] ?? "[\(protection.name)]")
  }

  private func hex(_ number: UInt64?) -> String { number.map { String($0, radix: 16) } ?? "?" }

  private func address(_ number: UInt64?) -> String {
    guard let number else { return "?" }
    let text = String(number, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
