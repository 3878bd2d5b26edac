public import Machine
import Paging
import PhysicalMemory
public import WindowsMemory

/// How the state of a frame is written.
public enum FrameStyle: String, CaseIterable, Sendable {
  /// A fact a line.
  case plain
  /// The lines of the debugger's `!pfn`.
  case windbg
}

/// Says what the PFN database of Windows has of a frame.
public struct FrameReport: Sendable {
  private let machine: Machine
  private let kernel: WindowsKernel
  private let decoder: PTEDecoder

  /// Prepares the answers about a machine with Windows; nil for others.
  public init?(_ machine: Machine) {
    guard let system = machine.system.windows else { return nil }
    self.machine = machine
    kernel = system.kernel
    decoder = system.decoder
  }

  /// Writes an entry as JSON.
  public func writeJSON(_ entry: PFNEntry, to out: inout TextBuffer) {
    out.openObject()
    out.member("pfn", hex: entry.pfn)
    out.member("address", hex: entry.address.rawValue)
    out.member("location", entry.location.rawValue)
    out.member("pte_address", hex: entry.pteAddress.rawValue)
    out.member("prototype", entry.isPrototype)
    out.member("original_pte", hex: entry.originalPte)
    out.member("pte_frame", hex: entry.pteFrame)
    out.member("reference_count", entry.referenceCount)
    if let count = entry.shareCount { out.member("share_count", count) }
    out.member("flink", hex: entry.forwardLink)
    out.member("blink", hex: entry.backwardLink)
    if let cache = entry.cacheAttribute { out.member("cache", cache.rawValue) }
    if let priority = entry.priority { out.member("priority", priority) }
    if let color = entry.color { out.member("color", color) }
    out.member("flags", entry.setFlags)
    out.closeLine()
  }

  /// Writes why there is no entry of a frame as JSON.
  public func writeJSON(
    _ pfn: UInt64, _ failure: KernelReadFailure, to out: inout TextBuffer
  ) {
    out.openObject()
    out.member("pfn", hex: pfn)
    if let place = failure.missing { out.member("missing", hex: place.rawValue) }
    out.member("problem", "\(failure)")
    out.closeLine()
  }

  /// Writes an entry, a fact a line.
  public func writeText(_ entry: PFNEntry, to out: inout TextBuffer) {
    out.write("frame \(entry.pfn.hex)", .bold)
    out.write(", physical \((entry.pfn &* frameSize).hex)\n")
    for (subject, value) in facts(entry) {
      out.write("  ")
      out.write(subject, .dim, width: 17)
      out.write(value)
      out.endLine()
    }
  }

  /// Writes why there is no entry of a frame.
  public func writeText(_ pfn: UInt64, _ failure: KernelReadFailure, to out: inout TextBuffer) {
    out.write("frame \(pfn.hex)", .bold)
    out.write("\n  its entry is not known: \(failure)\n", .yellow)
  }

  private func facts(_ entry: PFNEntry) -> [(String, String)] {
    let reading = decoder.reading(of: entry.originalPte, table: .prototype)
    let sentence = WindowsEntrySentence(
      reading: reading, kernel: kernel, table: .prototype, level: 1, mode: machine.paging.mode)
    let protection = reading.protection.map { ", \($0.name)" } ?? ""
    // A table has nothing to restore, nor has a free frame: no section is meant.
    let isEmpty = entry.originalPte == 0 && !entry.isPrototype
    var facts = [
      ("entry at", entry.address.description), ("list", entry.location.rawValue),
      ("PTE address", place(entry)), ("containing frame", container(entry)),
      (
        "restore PTE",
        "\(entry.originalPte.hex)\(protection), \(isEmpty ? Self.nothing : sentence.state)"
      ),
      ("reference count", "\(entry.referenceCount)"),
    ]
    if let count = entry.shareCount {
      facts.append(("share count", "\(count)"))
      facts.append(("u1", entry.forwardLink.hex))
    } else {
      facts.append(("links", "\(entry.forwardLink.hex) \(entry.backwardLink.hex)"))
    }
    facts.append(("cached", entry.cacheAttribute?.rawValue ?? "not said by this kernel"))
    facts.append(("priority", entry.priority.map { "\($0)" } ?? "not said by this kernel"))
    let flags = entry.setFlags.joined(separator: " ")
    facts.append(("flags", flags.isEmpty ? "-" : flags))
    return facts
  }

  private static let nothing = "zero: there is nothing to restore"

  /// Frames that are free, and some that the system keeps for itself, have no entry that leads to them.
  private func place(_ entry: PFNEntry) -> String {
    guard entry.pteAddress.rawValue != 0 else { return "none: it names no entry" }
    let kind = entry.isPrototype ? "a prototype entry" : "an entry of a page table"
    return "\(entry.pteAddress), \(kind)"
  }

  private func container(_ entry: PFNEntry) -> String {
    guard entry.pteAddress.rawValue != 0 else { return entry.pteFrame.hex }
    let place = entry.pteFrame &* frameSize &+ entry.pteAddress.rawValue % frameSize
    return "\(entry.pteFrame.hex): the PTE is at physical \(place.hex)"
  }
}

/// Writes an entry of the PFN database in the lines of the debugger's `!pfn`.
///
/// Three forms were published: of kernels before Vista, of 32-bit ones since, and of x64. What stands in
/// brackets is ours: no published output shows the debugger's word.
struct WindbgFrame {
  let entry: PFNEntry
  let kernel: WindowsKernel

  private static let firstWithPriority = 6000

  private var isOld: Bool { kernel.id.build < Self.firstWithPriority }

  func write(to out: inout TextBuffer) {
    out.write("    PFN \(hex(entry.pfn)) at address \(hex(entry.address.rawValue))\n")
    out.write("    flink       \(hex(entry.forwardLink))  blink / share count ")
    out.write("\(hex(entry.shareCount ?? entry.backwardLink))")
    out.write("  pteaddress \(hex(entry.pteAddress.rawValue))\n")
    out.write("    reference count \(hex(entry.referenceCount, 4))\(middle)")
    out.write("color \(entry.color ?? 0)")
    if let priority = entry.priority { out.write("   Priority \(priority)") }
    let gap = isOld ? "       " : ""
    out.write("\n    restore pte \(hex(entry.originalPte))  containing page \(gap)")
    out.write("\(hex(entry.pteFrame, 6))  \(location)")
    for _ in 0..<(letters.isEmpty ? 0 : 11 - location.count) { out.write(" ") }
    out.write(letters)
    if !words.isEmpty { out.write("\n    \(words)") }
    out.endLine()
  }

  /// What stands between the reference count and the colour.
  private var middle: String {
    if isOld { return String(repeating: " ", count: 33) }
    guard kernel.format == .x64 || kernel.format == .arm64 else {
      return "   \(cacheWord.padding(to: 11))"
    }
    // Kernels before Windows 10 kept a count here that our tables do not know.
    let count = kernel.id.build >= 10240 ? "0000" : "[?]"
    return "    used entry count  \(count)      \(cacheWord.padding(to: 10))"
  }

  private var cacheWord: String {
    switch entry.cacheAttribute {
    case .cached: "Cached"
    case let other?: "[\(other.rawValue)]"
    case nil: ""
    }
  }

  private var location: String {
    switch entry.location {
    case .active: "Active"
    case let other: "[\(other.rawValue)]"
    }
  }

  /// The letters of the flags; of the debugger's, M was published.
  private var letters: String { flags.map(\.0).joined() }

  private var words: String { flags.map(\.1).joined(separator: " ") }

  private var flags: [(String, String)] {
    let others = [("PrototypePte", "P"), ("ReadInProgress", "R"), ("WriteInProgress", "W")]
    var flags = entry.setFlags.contains("Modified") ? [("M", "Modified")] : []
    for (name, letter) in others where entry.setFlags.contains(name) {
      flags.append(("[\(letter)]", "[\(name)]"))
    }
    if entry.isPrototype, !entry.setFlags.contains("PrototypePte") {
      flags.append(("[P]", "[PrototypePte]"))
    }
    return flags
  }

  private func hex(_ number: UInt64, _ digits: Int = 8) -> String {
    let text = String(number, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}

extension FrameReport {
  /// Writes an entry as the debugger does.
  public func writeWindbg(_ entry: PFNEntry, to out: inout TextBuffer) {
    WindbgFrame(entry: entry, kernel: kernel).write(to: &out)
  }
}
