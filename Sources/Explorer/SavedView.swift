import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// A page of Windows as statements: what its own entry says, its range, and its prototype entry.
///
/// Ranges and prototype entries are structures of the kernel, which are found through others: a list of
/// words would have to hold all of those. The statements build them anew, for this page alone.
struct SavedView {
  let finding: PageFinding
  let system: WindowsSystem

  /// The frames that such an image is built in.
  private static let builtSize: UInt64 = 64 << 20
  private static let section = "section"

  /// What stands in `memory:`; the frame of the page may lie anywhere.
  var memory: String {
    var ranges = ["0x0..\((Self.builtSize - 1).hex)"]
    if let frame = prototype?.reading?.pfn, frame >= Self.builtSize / frameSize,
      !frame.multipliedReportingOverflow(by: frameSize).overflow
    {
      ranges.append("\((frame * frameSize).hex)..\((frame * frameSize + frameSize - 1).hex)")
    }
    return "memory: [\(ranges.joined(separator: ", "))]"
  }

  /// What stands beside `machine:`; nil where the finding rests on neither a range nor a prototype
  /// entry.
  var statements: [String]? {
    guard finding.vad != .notAsked || finding.prototype != nil else { return nil }
    var lines = SavedSystem.lines(of: system)
    if isView {
      lines += ["  sections:", "    - name: \(Self.section)", "      kind: \(sectionKind)"]
      lines += ["      subsections:", "        - { \(subsection) }"]
    }
    if !lines.isEmpty { lines.insert("windows:", at: 0) }
    if let own { lines += ["ptes:", "  - { va: \(page), \(own) }"] }
    return lines + ["vads:", "  - { \(range) }"]
  }

  /// The addresses of the page.
  private var page: String {
    let start = finding.address.rawValue / frameSize * frameSize
    return "\(start.hex)..\((start + frameSize - 1).hex)"
  }

  private var vad: VAD? { if case .found(let vad) = finding.vad { vad } else { nil } }
  private var isView: Bool { finding.prototype != nil || vad?.isPrivate == false }
  private var isImage: Bool { vad?.kind == .image }

  /// The prototype entry that was read.
  private var prototype: PageSearchStep? {
    finding.steps.last { if case .prototype = $0.place { true } else { false } }
  }

  /// What the page's own entry says; nil where there is none.
  private var own: String? {
    guard finding.level == 1, let reading = finding.reading else { return nil }
    let protection = reading.protection.map { ", protection: \(text($0))" } ?? ""
    switch reading.state {
    case .zero: return "state: zero"
    case .prototypeVAD: return "state: prototype-vad\(protection)"
    case .prototype:
      let said = reading.protection == .zeroAccess ? "" : protection
      return "state: prototype, section: \(Self.section), page: 0\(said)"
    default: return nil
    }
  }

  /// The range of the page; one elsewhere where none has the address, for a process has ranges.
  private var range: String {
    guard let vad else {
      let elsewhere = finding.address.rawValue / Self.elsewhere == 1 ? 2 : 1
      let start = UInt64(elsewhere) * Self.elsewhere
      return "va: \(start.hex)..\((start + frameSize - 1).hex), kind: private, protection: 0x4"
    }
    let start = "va: \(page), kind: \(kind(of: vad)), protection: \(text(vad.protection))"
    return start
      + (vad.isPrivate ? ", commit: \(vad.isCommitted)" : ", section: \(Self.section), page: 0")
  }

  private static let elsewhere: UInt64 = 0x1_0000

  private func kind(of vad: VAD) -> String {
    switch vad.kind {
    case .none: vad.isPrivate ? "private" : "mapped"
    case .devicePhysicalMemory: "physical"
    case .rotatePhysical: "rotate"
    case .image, .awe, .writeWatch, .largePages, .largePageSection: vad.kind.rawValue
    }
  }

  private var sectionKind: String {
    if isImage { return "image" }
    if case .file = finding.content { return "file" }
    return finding.state == .subsection ? "file" : "page-file"
  }

  /// The subsection, of this page alone.
  private var subsection: String {
    var words = ["pages: 1"]
    if let protection = finding.protection { words.append("protection: \(text(protection))") }
    if case .file(_, let offset) = finding.content {
      // The sectors of an image have 512 bytes; those of data are pages.
      let unit = isImage ? 512 : frameSize
      words += ["sector: \((offset / unit).hex)", "sectors: \(frameSize / unit)"]
    }
    guard finding.prototype != nil else {
      return (words + ["array: false"]).joined(separator: ", ")
    }
    if let entry = prototype?.reading.flatMap(entry) {
      words.append("ptes: [{ page: 0, \(entry) }]")
    }
    return words.joined(separator: ", ")
  }

  /// What the prototype entry says.
  private func entry(_ reading: PTEReading) -> String? {
    var words = ["state: \(reading.state.rawValue)"]
    if let frame = reading.pfn { words.append("to: \((frame &* frameSize).hex)") }
    if let number = reading.pageFile { words.append("file: \(number)") }
    if let offset = reading.pageFileOffset { words.append("offset: \(offset.hex)") }
    let protection =
      reading.state == .valid && finding.protectionSource == .prototype
      ? finding.protection : reading.protection
    if let protection { words.append("protection: \(text(protection))") }
    return words.joined(separator: ", ")
  }

  private func text(_ protection: MMProtection) -> String { UInt64(protection.rawValue).hex }
}
