import Machine
import Paging
import PhysicalMemory
import WindowsMemory

/// Finds entries as the memory manager does, through tables that are in transition as well.
struct EntrySearch {
  /// An entry, and what it means by itself.
  struct Found {
    var entry: UInt64
    var level: Int
    var reading: PTEReading
  }

  private let classifier: PageClassifier
  private let decoder: PTEDecoder

  /// Nil where the machine has no operating system.
  init?(_ machine: Machine, _ space: AddressSpace?) {
    guard let classifier = machine.classifier(in: space), let system = machine.system.windows
    else { return nil }
    self.classifier = classifier
    decoder = system.decoder
  }

  /// What is known of the page at an address.
  func finding(of address: VirtualAddress) -> PageFinding { classifier.finding(of: address) }

  /// The entry of a level on the way to a page, or the last one of its tables where nothing leads
  /// there; nil where the image does not hold it.
  static func entry(of finding: PageFinding, level: Int, _ decoder: PTEDecoder) -> Found? {
    let steps = finding.steps.compactMap { step -> (level: Int, step: PageSearchStep)? in
      if case .table(let level) = step.place { (level, step) } else { nil }
    }
    guard let (level, step) = steps.first(where: { $0.level == level }) ?? steps.last,
      let entry = step.entry
    else { return nil }
    return Found(
      entry: entry, level: level,
      reading: step.reading ?? decoder.reading(of: entry, level: level))
  }

  /// The entry of a level for an address.
  func entry(of finding: PageFinding, level: Int) -> Found? {
    Self.entry(of: finding, level: level, decoder)
  }
}

extension EntrySearch.Found {
  /// The reading in one line, the way goldens have it.
  var words: String {
    var words = "\(entry.hex) \(reading.state.rawValue)"
    if let protection = reading.protection {
      words += " protection=\(UInt64(protection.rawValue).hex)"
    }
    if let pfn = reading.pfn { words += " pfn=\(pfn.hex)" }
    if let file = reading.pageFile { words += " page-file=\(file)" }
    if let offset = reading.pageFileOffset { words += " page-file-offset=\(offset.hex)" }
    if let address = reading.prototypeAddress { words += " prototype-address=\(address.hex)" }
    if let address = reading.subsectionAddress { words += " subsection-address=\(address.hex)" }
    return words
  }
}

extension PageFinding {
  /// What was found in the end, in one line, the way goldens have it.
  var words: String {
    var words = state?.rawValue ?? "unknown"
    if let protection {
      let source = protectionSource.map { " by \($0.rawValue)" } ?? ""
      words += " protection=\(UInt64(protection.rawValue).hex)\(source)"
    }
    switch content {
    case .memory(let place): words += " at \(place)"
    case .pageFile(let number, let page): words += " page-file=\(number) page=\(page.hex)"
    case .store(let number, let key): words += " store=\(number) key=\(key.hex)"
    case .file(_, let offset): words += " file-offset=\(offset.hex)"
    case .zeros: words += " zeros"
    case .nowhere: words += " nowhere"
    case .unknown: words += " content unknown"
    }
    if let prototype { words += " prototype=\(prototype)" }
    switch vad {
    case .notAsked: break
    case .unknown: words += " vad=unknown"
    case .none: words += " vad=none"
    case .found(let vad): words += " vad=\(vad.start)..\(vad.last)"
    }
    if let missing { words += " missing=\(missing)" }
    return words
  }
}
