import ArgumentParser
import Machine
import Report
import ReverseMap

/// What is done with the cache of indexes.
struct IndexOptions: ParsableArguments {
  @OptionGroup var cache: CacheOptions

  @Flag(
    help:
      "Compare the index in the cache folder with one built afresh; where they differ, exit status 1."
  )
  var verifyCache = false

  func validate() throws {
    guard cache.noCache, verifyCache else { return }
    throw ValidationError("--no-cache and --verify-cache: there is nothing to verify")
  }

  /// Opens a machine for questions that a reverse map answers: of a dump what an earlier one found is taken
  /// from the cache folder.
  ///
  /// - Returns: the machine, and false where --verify-cache found that what was kept is not as it should be.
  func open(_ path: String, _ options: MachineOptions) throws -> (machine: Machine, agrees: Bool) {
    let verdict = Verdict()
    let machine = try cache.open(path, options, use: use) { say($0, verdict) }
    return (machine, !verdict.isDifferent)
  }

  /// Lets `body` ask the map from physical to virtual addresses of a machine.
  ///
  /// If the index that was kept turns out to be damaged, it is built again and `body` runs once more.
  ///
  /// - Returns: false where --verify-cache found that the index that was kept is not as it should be.
  func withMap(
    of machine: Machine, _ body: (ReverseMap) throws -> Void
  ) throws -> Bool {
    let verdict = Verdict()
    do {
      try body(map(of: machine, refusingKept: false, verdict))
    } catch let error as ReverseMapError where error.isOfIndex && !cache.noCache {
      Notice.warn("\(error): it is built again")
      verdict.isDifferent = verdict.isDifferent || verifyCache
      try body(map(of: machine, refusingKept: true, verdict))
    }
    return !verdict.isDifferent
  }

  /// What comparisons of an index came to.
  private final class Verdict {
    var isDifferent = false
  }

  private func map(
    of machine: Machine, refusingKept isRefused: Bool, _ verdict: Verdict
  ) throws -> ReverseMap {
    let cache = IndexCache(use) { say($0, verdict) }
    let index = try cache.index(of: machine, refusingKept: isRefused)
    return try ReverseMap(machine, index)
  }

  private var use: IndexCache.Use { cache.noCache ? .none : verifyCache ? .verified : .normal }

  private func say(_ remark: IndexCache.Remark, _ verdict: Verdict) {
    switch remark {
    case .confirmation(let text): Notice.write { $0.write("mmubench: \(text)\n") }
    case .disagreement(let text):
      verdict.isDifferent = true
      Notice.warn(text)
    case .problem(let text): Notice.warn(text)
    }
  }
}

extension ReverseMapError {
  /// Whether another index would do.
  fileprivate var isOfIndex: Bool {
    switch self {
    case .damaged, .stale, .disagrees: true
    case .tooManyTables, .tooManyViews, .imageChanged, .unwanted, .file, .system: false
    }
  }
}
