public import LinuxMemory
import PhysicalMemory

/// Says what Linux has of a frame in its `struct page`.
public struct LinuxFrameReport: Sendable {
  private let frame: LinuxFrame

  /// Prepares the answer about a frame.
  public init(_ frame: LinuxFrame) { self.frame = frame }

  /// Writes the frame, as an object or a fact a line.
  public func write(asJSON isJSON: Bool, to out: inout TextBuffer) {
    if isJSON { writeJSON(to: &out) } else { writeText(to: &out) }
  }

  private func writeJSON(to out: inout TextBuffer) {
    out.openObject()
    out.member("pfn", hex: frame.pfn)
    out.member("address", hex: frame.address.rawValue)
    out.member("flags_word", hex: frame.flags)
    out.member("flags", frame.setFlags)
    if !frame.unnamedFlags.isEmpty {
      out.openArray("unnamed_flags")
      for number in frame.unnamedFlags { out.element(UInt64(number)) }
      out.closeArray()
    }
    out.member("reference_count", UInt64(UInt32(bitPattern: frame.referenceCount)))
    if let count = frame.mapCount { out.member("map_count", UInt64(max(0, count))) }
    if let head = frame.compoundHead { out.member("compound_head", hex: head.rawValue) }
    out.member("mapping", hex: frame.mapping)
    out.closeLine()
  }

  private func writeText(to out: inout TextBuffer) {
    out.write("frame \(frame.pfn.hex)", .bold)
    out.write(", physical \((frame.pfn &* frameSize).hex)\n")
    let facts = [
      ("struct page at", frame.address.description),
      ("flags", "\(frame.flags.hex): \(named)"),
      ("references", "\(frame.referenceCount)"),
      ("mapped by", frame.mapCount.map { "\($0) entries" } ?? unsaid),
      ("mapping", frame.mapping.hex),
    ]
    for (subject, value) in facts {
      out.write("  ")
      out.write(subject, .dim, width: 16)
      out.write(value)
      out.endLine()
    }
  }

  private var unsaid: String {
    if let head = frame.compoundHead {
      return "said in the struct page of the first page, at \(head)"
    }
    return frame.setFlags.contains("head")
      ? "not said: VMCOREINFO does not tell where a larger page counts"
      : "not said: the page has a type"
  }

  private var named: String {
    let names = frame.setFlags.joined(separator: " ")
    guard !frame.unnamedFlags.isEmpty else {
      return names.isEmpty ? "none of those that are known" : names
    }
    let bits = frame.unnamedFlags.map { "\($0)" }.joined(separator: " ")
    let unnamed =
      (frame.unnamedFlags.count == 1 ? "bit" : "bits") + " \(bits), which the kernel does not name"
    return names.isEmpty ? unnamed : "\(names), and \(unnamed)"
  }

  /// Writes why nothing is known of a frame.
  public static func write(
    _ pfn: UInt64, _ problem: LinuxFrameProblem, asJSON isJSON: Bool, to out: inout TextBuffer
  ) {
    guard isJSON else {
      out.write("frame \(pfn.hex)", .bold)
      out.write("\n  not known: \(problem)\n", .yellow)
      return
    }
    out.openObject()
    out.member("pfn", hex: pfn)
    if let place = problem.missing { out.member("missing", hex: place.rawValue) }
    out.member("problem", "\(problem)")
    out.closeLine()
  }
}
