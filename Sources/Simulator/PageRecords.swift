/// What the kernel keeps of the frames in use, how many pages there are of each kind, what changed since
/// somebody asked, and what those that a step changes were before it.
struct PageRecords {
  private var kept = NumberMap(filler: LinuxPage())
  /// The frames whose records changed since somebody asked.
  private var touched = NumberSet()
  /// The number of anonymous pages that are mapped, of pages of files, and of pages in the swap cache.
  private(set) var anonymous = 0
  private(set) var files = 0
  private(set) var swapCached = 0
  /// The number of those whose content is somewhere else too: in swap, or in a file on a disk.
  private(set) var droppable = 0

  /// The frames that the step changed, in the order of their first change, with what was kept of them.
  private(set) var changed: [(frame: UInt64, before: LinuxPage?)] = []
  private var noted = NumberSet()
  /// Whether what a step changes is kept.
  var areNoted = true

  var count: Int { kept.count }
  /// All of them, by ascending frames.
  var all: some Sequence<(key: UInt64, value: LinuxPage)> { kept.all }
  /// How many frames the step changed beyond those that are kept.
  var overflow: Int { noted.count - changed.count }

  subscript(frame: UInt64) -> LinuxPage? {
    get { kept[frame] }
    _modify {
      note(frame)
      tally(kept[frame], -1)
      defer { tally(kept[frame], 1) }
      yield &kept[frame]
    }
  }

  subscript(frame: UInt64, default page: LinuxPage) -> LinuxPage {
    get { kept[frame] ?? page }
    _modify {
      note(frame)
      tally(kept[frame], -1)
      defer { tally(kept[frame], 1) }
      if !kept.contains(frame) { kept[frame] = page }
      yield &kept[filled: frame]
    }
  }

  private mutating func note(_ frame: UInt64) {
    touched.insert(frame)
    guard areNoted, noted.insert(frame), changed.count < StepChanges.limit else { return }
    changed.append((frame, kept[frame]))
  }

  /// Forgets what the step before changed.
  mutating func beginStep(areNoted: Bool) {
    self.areNoted = areNoted
    guard !noted.isEmpty else { return }
    changed.removeAll(keepingCapacity: true)
    noted.removeAll()
  }

  private mutating func tally(_ page: LinuxPage?, _ change: Int) {
    guard let page, !page.isTable else { return }
    if page.file != nil {
      files += change
    } else if !page.mappers.isEmpty {
      anonymous += change
    }
    if page.swap != nil { swapCached += change }
    let isOnDisk = page.file.map { !$0.file.isMemory } ?? false
    if page.swap != nil || isOnDisk { droppable += change }
  }

  /// Whether frames changed since the last question.
  var isTouched: Bool { !touched.isEmpty }

  /// The frames that changed since the last question.
  mutating func takeTouched() -> [UInt64] { touched.takeAll() }
}
