import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// Compares what words of pagemap say with what a scenario expects.
struct PagemapCheck {
  private let expected: Scenario.PagemapExpectation
  /// The format; nil where the kernel is none.
  private let format: PagemapFormat?
  private let problem: String?
  /// The word of the page; nil where there is none.
  private let entry: PagemapEntry?

  init(_ expected: Scenario.PagemapExpectation) {
    self.expected = expected
    let words = expected.words.map(\.value)
    let page = expected.va.value & ~(frameSize - 1)
    let source = CapturedPagemap(words, .from(expected.start?.value ?? page))
    var entry: PagemapEntry?
    source.read(MemoryArea(start: page, end: page &+ frameSize, flags: [])) { piece in
      entry = piece.run.entry
      return false
    }
    self.entry = entry
    do throws(LinuxKernelError) {
      let version = try expected.kernel.map { name throws(LinuxKernelError) in
        try LinuxKernel(id: name.value, mode: .x86_64).version
      }
      format = PagemapFormat(version, words: words)
      problem = nil
    } catch {
      format = nil
      problem = "\(error)"
    }
  }

  private var outcome: Scenario.PageOutcome {
    guard let format, let entry else { return .unknown }
    if format.withholdsFrame(of: entry) { return .withheld }
    return entry.isPresent ? .present : entry.isSwapped ? .swapped : .none
  }

  private var address: UInt64? {
    guard outcome == .present, let entry, let frame = entry.frame else { return nil }
    return frame.rawValue | expected.va.value % frameSize
  }

  private var flags: [String] {
    guard let format, let entry else { return [] }
    return format.flags.filter(entry.has).map { String(describing: $0.name) }
  }

  var differences: [Difference] {
    if let problem { return [("a kernel", problem)] }
    var found: [Difference] = []
    func compare<Value: Equatable>(_ key: String, _ wanted: Value?, _ got: Value?) {
      guard let wanted, wanted != got else { return }
      found.append(("\(key) \(wanted)", got.map { "\(key) \($0)" } ?? "no \(key)"))
    }
    compare("outcome", expected.outcome?.value.rawValue, outcome.rawValue)
    compare("pa", expected.pa?.value.hex, address?.hex)
    let swap = outcome == .swapped ? entry : nil
    compare("swap-type", expected.swapType?.value, swap?.swapType)
    compare("swap-offset", expected.swapOffset?.value.hex, swap?.swapOffset.hex)
    compare("flags", expected.flags.map { $0.map(\.value).sorted() }, flags.sorted())
    return found
  }

  var goldenLine: String {
    var line = "pagemap \(expected.va.value.hex) \(entry?.rawValue.hex ?? "-") \(outcome.rawValue)"
    if let address { line += " \(address.hex)" }
    if outcome == .swapped, let entry {
      line += " type=\(entry.swapType) offset=\(entry.swapOffset.hex)"
    }
    if let format, format.hasPageShift, let entry {
      line += " page-shift=\(PagemapEntry.pageShift.value(in: entry.rawValue))"
    }
    return flags.isEmpty ? line : "\(line) \(flags.joined(separator: ","))"
  }
}
