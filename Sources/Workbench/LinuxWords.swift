import LinuxMemory
import Paging
import PhysicalMemory

extension LinuxVerdict {
  /// The verdict in one line, the way goldens have it.
  var words: String {
    var words = cost?.rawValue ?? "unknown"
    if let costIfCached { words += " cached=\(costIfCached.rawValue)" }
    if let signal { words += " \(signal.name) \(signal.codeName)" }
    if let oops { words += " \(oops.rawValue)" }
    if !handler.isEmpty { words += " \(handler.joined(separator: ">"))" }
    for item in cases {
      words += " [\(item.condition): \(item.cost?.rawValue ?? "unknown")"
      if let signal = item.signal { words += " \(signal.name) \(signal.codeName)" }
      words += " \(item.handler.joined(separator: ">"))]"
    }
    return words
  }
}

extension LinuxFinding {
  /// What was found, in one line, the way goldens have it.
  var words: String {
    var words = state?.rawValue ?? "unknown"
    if let reading { words += reading.factWords }
    switch area {
    case .unknown: words += " vma=unknown"
    case .none: words += " vma=none"
    case .found(let area): words += " vma=\(area.rangeWords) \(area.permissions)"
    case .growing(let area): words += " grows=\(area.rangeWords)"
    }
    if let missing { words += " missing=\(missing)" }
    return words
  }
}

extension LinuxEntryReading {
  /// The facts beside the state, each with a blank before it, the way goldens have them.
  var factWords: String {
    var words = ""
    if let frame { words += " pfn=\(frame.frame.hex)" }
    if let swapType { words += " swap-type=\(swapType)" }
    if let swapOffset { words += " swap-offset=\(swapOffset.hex)" }
    if let swapFrame { words += " pfn=\(swapFrame.hex)" }
    let flags = [
      (isSoftDirty, "soft-dirty"), (isUserfaultWriteProtected, "uffd-wp"),
      (isExclusive, "exclusive"), (isSpecial, "special"), (isWritable, "writable"),
      (isYoung, "young"), (isDirty, "dirty"),
    ]
    for (isSet, name) in flags where isSet { words += " \(name)" }
    return words
  }
}

extension MemoryArea {
  /// The addresses, both ends inclusive.
  fileprivate var rangeWords: String { "\(start.hex)..\((end - 1).hex)" }
}
