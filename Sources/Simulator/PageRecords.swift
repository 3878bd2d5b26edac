/// What the kernel keeps of the frames in use, how many pages there are of each kind, what changed since
/// somebody asked, and what those that a step changes were before it.
struct PageRecords {
  /// All of them.
  private(set) var all: [UInt64: LinuxPage] = [:]
  /// The frames whose records changed; no more are kept once there are too many.
  private var touched: Set<UInt64> = []
  /// The number of anonymous pages that are mapped, of pages of files, and of pages in the swap cache.
  private(set) var anonymous = 0
  private(set) var files = 0
  private(set) var swapCached = 0

  /// The frames that the step changed, in the order of their first change, with what was kept of them.
  private(set) var changed: [(frame: UInt64, before: LinuxPage?)] = []
  private var noted: Set<UInt64> = []

  /// More frames than this are not remembered: whoever changes so many can as well look at everything.
  private static let limit = 4096

  var count: Int { all.count }
  /// How many frames the step changed beyond those that are kept.
  var overflow: Int { noted.count - changed.count }

  subscript(frame: UInt64) -> LinuxPage? {
    get { all[frame] }
    _modify {
      note(frame)
      tally(all[frame], -1)
      defer { tally(all[frame], 1) }
      yield &all[frame]
    }
  }

  subscript(frame: UInt64, default page: LinuxPage) -> LinuxPage {
    get { all[frame] ?? page }
    _modify {
      note(frame)
      tally(all[frame], -1)
      defer { tally(all[frame], 1) }
      yield &all[frame, default: page]
    }
  }

  private mutating func note(_ frame: UInt64) {
    if touched.count <= Self.limit { touched.insert(frame) }
    guard noted.insert(frame).inserted, changed.count < StepReport.limit else { return }
    changed.append((frame, all[frame]))
  }

  /// Forgets what the step before changed.
  mutating func beginStep() {
    changed.removeAll(keepingCapacity: true)
    noted.removeAll(keepingCapacity: true)
  }

  private mutating func tally(_ page: LinuxPage?, _ change: Int) {
    guard let page, !page.isTable else { return }
    if page.file != nil {
      files += change
    } else if !page.mappers.isEmpty {
      anonymous += change
    }
    if page.swap != nil { swapCached += change }
  }

  /// The frames that changed since the last question; nil where they are too many to say.
  mutating func takeTouched() -> Set<UInt64>? {
    defer { touched = [] }
    return touched.count <= Self.limit ? touched : nil
  }
}
