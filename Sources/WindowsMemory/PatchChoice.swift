import BitLayout

/// What is to be said of the kernel of the table that was taken for a name.
struct PatchChoice {
  private(set) var notes: [String] = []
  private(set) var isUncertain = false

  /// Compares what was asked for with what the branch has.
  init(id: WindowsKernelID, record: KernelRecord, branch: [KernelRecord]) {
    switch record.source {
    case .symbols: break
    case .headers:
      notes.append("the layouts of \(record.id) are from public headers, not from its symbols")
    case .derived:
      notes.append(
        "the layouts of \(record.id) with \(record.format.words) are worked out from those of its"
          + " neighbours: nobody has published its types")
    case .uncertain:
      notes.append(
        "the layouts of builds from \(record.build) are from one public listing that nobody has"
          + " confirmed, first build included")
    }
    guard !record.coversBranch else { return }
    guard let patch = id.patch else {
      notes.append("no patch level was said: \(record.id) is the newest known kernel of the branch")
      return
    }
    if patch != record.patch { compare(patch, record, branch) }
  }

  private mutating func compare(_ patch: Int, _ record: KernelRecord, _ branch: [KernelRecord]) {
    guard patch > record.patch else {
      notes.append(
        "patch level \(patch) is not in the table: \(record.id) is the oldest known kernel of the"
          + " branch")
      return
    }
    let next = branch.first { $0.patch > patch }
    var note =
      "patch level \(patch) is not in the table: \(record.id) is the newest known before it"
    if let next {
      let changed = record.changedEntries(until: next)
      note +=
        changed.isEmpty
        ? ", and \(next.id) has the same entries"
        : "; before \(next.id), nobody knows where, these changed: "
          + changed.joined(separator: ", ")
      isUncertain = record.hasSwizzleBit != next.hasSwizzleBit
    } else if record.isOfChangedBranch {
      note +=
        "; no later one has been seen, and from August 2018 on its entries may have a SwizzleBit"
      isUncertain = true
    }
    notes.append(note)
  }
}

extension KernelRecord {
  /// The name under which the kernel is found.
  var id: WindowsKernelID {
    WindowsKernelID(
      build: build, patch: coversBranch ? nil : patch,
      isUniprocessor: processors == .uniprocessor)
  }

  /// Whether the layouts stand for every patch level of the branch.
  var coversBranch: Bool { source != .symbols }

  /// Whether a name means this kernel, as far as processors go.
  func isMeant(by id: WindowsKernelID) -> Bool {
    switch processors {
    case .any: !id.isUniprocessor || hadUniprocessorKernel
    case .uniprocessor: id.isUniprocessor
    case .multiprocessor: !id.isUniprocessor
    }
  }

  /// Up to Windows 7, 32-bit Windows had a uniprocessor kernel.
  private var hadUniprocessorKernel: Bool { (major, minor) < (6, 2) && format.isThirtyTwoBit }

  /// The builds that were serviced when the entries changed, and were released before that.
  private static let changedBuilds = 7601...17134
  /// Windows 10 1511 kept its entries to the end.
  private static let neverChangedBuild = 10586

  /// Whether the kernel has the entries of before August 2018 while later ones of its branch may not.
  fileprivate var isOfChangedBranch: Bool {
    !hasSwizzleBit && (format == .pae || format == .x64)
      && Self.changedBuilds.contains(build)
      && build != Self.neverChangedBuild
  }

  /// Whether invalid entries may have the invalid-PTE mask in them.
  var hasSwizzleBit: Bool {
    LayoutTable.shared.layout(.software, of: self)?.fields
      .contains { String(describing: $0.name) == "SwizzleBit" } ?? false
  }

  /// The names of the kinds of entries that differ from those of a later kernel.
  fileprivate func changedEntries(until later: Self) -> [String] {
    WindowsStructure.allCases
      .filter { $0.isEntry && layouts[$0.column] != later.layouts[$0.column] }.map(\.rawValue)
  }
}
