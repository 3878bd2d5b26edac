import WindowsMemory

/// What the debugger says below an entry that is not valid, a line a fact.
///
/// Lines in brackets are ours: no published output shows what the debugger writes there.
struct WindbgSoftware {
  let reading: PTEReading
  /// The digits of an address.
  let digits: Int
  /// The states whose lines were published, of entries of this mode and level.
  let published: Set<PTEState>

  var lines: [String] {
    switch reading.state {
    case .valid, .large, .zero: []
    case .demandZero: [line("DemandZero"), protection]
    case .transition: [line("Transition: \(hex(reading.pfn))"), protection]
    case .pageFile, .virtualStore:
      [
        line("PageFile:  \(hex(reading.pageFile))"),
        line("Offset: \(hex(reading.pageFileOffset))"), protection,
      ]
    case .prototype: [line("Proto: \(address(reading.prototypeAddress))")]
    case .prototypeVAD: [line("Proto: VAD"), protection]
    case .freed: [line("Page has been freed")]
    case .subsection: [line("Subsection: \(address(reading.subsectionAddress))"), protection]
    case .noAccess, .decommitted, .ambiguous: [line(reading.state.rawValue), protection]
    }
  }

  private var isPublished: Bool { published.contains(reading.state) }

  private func line(_ text: String) -> String { isPublished ? text : "[\(text)]" }

  /// The protections that were published; of the others the debugger's word is not known.
  private static let words: [UInt8: String] = [
    0x3: "ExecuteRead", 0x4: "ReadWrite", 0x11: "Readonly G",
  ]

  /// Of a prototype entry that leads to a VAD only the first line was published.
  private var protection: String {
    guard let protection = reading.protection else { return "[Protect: not in the entry]" }
    let bits = protection.rawValue
    let word = Self.words[bits]
    let start = "Protect: \(String(bits, radix: 16)) - "
    guard isPublished, reading.state != .prototypeVAD else {
      return "[\(start)\(word ?? protection.name)]"
    }
    return start + (word ?? "[\(protection.name)]")
  }

  private func hex(_ number: UInt64?) -> String { number.map { String($0, radix: 16) } ?? "?" }

  private func address(_ number: UInt64?) -> String {
    guard let number else { return "?" }
    let text = String(number, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
