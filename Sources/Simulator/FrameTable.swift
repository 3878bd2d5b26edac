import PhysicalMemory
import WindowsMemory

/// All frames of a machine and the lists that they are on.
///
/// Lists are queues: frames are taken from the front and put at the back. Frames that were never used
/// are at the front of the zeroed list, in ascending order; the kernel takes its own from their end.
/// Only frames that were touched cost memory.
struct FrameTable {
  /// A queue of frames, linked through their records.
  struct Queue {
    var first: UInt64?
    var last: UInt64?
    var count = 0
  }

  private(set) var records = NumberMap(filler: FrameRecord())
  private(set) var queues = [Queue](repeating: Queue(), count: PFNEntry.Location.allCases.count)
  /// Frames that were never used; the named ones are left out.
  private var untouched: UntouchedFrames
  /// How many frames are in use that nobody has touched, as they were set aside for later.
  private var setAsideCount = 0
  /// Frames that a step of the timeline names and that nobody else takes before.
  private(set) var named: Set<UInt64>
  /// Frames whose records are to be written into the database.
  private var stale = NumberSet()
  /// Frames whose records have changed since the last check.
  private var unchecked = NumberSet()
  /// The frames whose records the step changed, for each the place of its record before among `earlier`, if
  /// it had one, and these records.
  private var changed = NumberSet()
  private var earlierPlaces: [Int32?] = []
  private var earlier: [FrameRecord] = []
  var isJournaled = true

  init(installed: [ClosedRange<UInt64>], from first: UInt64, named: Set<UInt64>) {
    self.named = named
    untouched = UntouchedFrames(installed: installed, from: first, without: named)
  }

  // MARK: - Records

  subscript(frame: UInt64) -> FrameRecord { records[filled: frame] }

  /// Whether the record of a frame exists.
  func isTouched(_ frame: UInt64) -> Bool { records.contains(frame) }

  /// Changes what is kept of a frame.
  mutating func update(_ frame: UInt64, _ change: (inout FrameRecord) -> Void) {
    note(frame)
    change(&records[filled: frame])
  }

  private mutating func note(_ frame: UInt64) {
    stale.insert(frame)
    unchecked.insert(frame)
    guard isJournaled, changed.insert(frame) else { return }
    guard let record = records[frame] else { return earlierPlaces.append(nil) }
    earlierPlaces.append(Int32(earlier.count))
    earlier.append(record)
  }

  /// Whether the database is behind the records.
  var hasStale: Bool { !stale.isEmpty }

  /// The frames whose records have changed since they were last written into the database.
  mutating func takeStale() -> [UInt64] { stale.takeAll() }

  /// The frames whose records have changed since the last check.
  mutating func takeUnchecked() -> [UInt64] { unchecked.takeAll() }

  /// Whether records have changed since the last check.
  var hasUnchecked: Bool { !unchecked.isEmpty }

  /// Forgets what was before; whether the step is told of decides what is kept of it.
  mutating func beginStep(isJournaled: Bool) {
    self.isJournaled = isJournaled
    guard !changed.isEmpty else { return }
    changed.removeAll()
    earlierPlaces.removeAll(keepingCapacity: true)
    earlier.removeAll(keepingCapacity: true)
  }

  /// The frames that the step left other than they were, in the order of their first change: as many as are
  /// wanted, with what was kept of them, and how many there are beside.
  func changes(upTo limit: Int) -> (kept: [(frame: UInt64, before: FrameRecord?)], more: Int) {
    var kept: [(frame: UInt64, before: FrameRecord?)] = []
    var more = 0
    for (frame, place) in zip(changed.numbers, earlierPlaces) {
      let before = place.map { earlier[Int($0)] }
      guard before?.shown != self[frame].shown else { continue }
      if kept.count < limit { kept.append((frame, before)) } else { more += 1 }
    }
    return (kept, more)
  }

  // MARK: - Lists

  /// The number of a list in `_MMLISTS`.
  func index(_ location: PFNEntry.Location) -> Int {
    switch location {
    case .zeroed: 0
    case .free: 1
    case .standby: 2
    case .modified: 3
    case .modifiedNoWrite: 4
    case .bad: 5
    case .active: 6
    case .transition: 7
    }
  }

  /// The number of frames on a list; of the frames in use, the number of all of them.
  func count(of location: PFNEntry.Location) -> Int {
    let count = queues[index(location)].count
    return switch location {
    case .zeroed: count + untouched.count + named.count
    case .active: count + setAsideCount
    default: count
    }
  }

  /// The lists that reports count.
  let listNames = [PFNEntry.Location.zeroed, .free, .standby, .modified, .active].map(\.rawValue)

  /// How many frames are on each, in the order of their names.
  var listCounts: [5 of Int] {
    [
      count(of: .zeroed), count(of: .free), count(of: .standby), count(of: .modified),
      count(of: .active),
    ]
  }

  /// The first frame of a list that is linked.
  func first(of location: PFNEntry.Location) -> UInt64? { queues[index(location)].first }

  /// Moves a frame from its list to the back of another.
  mutating func move(_ frame: UInt64, to location: PFNEntry.Location) {
    unlink(frame)
    let place = index(location)
    note(frame)
    // Frames in use are on no list, but they are counted.
    guard FrameRecord(at: location).isListed else {
      queues[place].count += 1
      records[filled: frame].location = location
      return
    }
    let last = queues[place].last
    records[filled: frame].location = location
    records[filled: frame].previous = last
    records[filled: frame].next = nil
    if let last {
      note(last)
      records[filled: last].next = frame
    } else {
      queues[place].first = frame
    }
    queues[place].last = frame
    queues[place].count += 1
  }

  private mutating func unlink(_ frame: UInt64) {
    guard let record = records[frame] else { return }
    let place = index(record.location)
    note(frame)
    queues[place].count -= 1
    guard record.isListed else { return }
    if let previous = record.previous {
      note(previous)
      records[filled: previous].next = record.next
    } else {
      queues[place].first = record.next
    }
    if let next = record.next {
      note(next)
      records[filled: next].previous = record.previous
    } else {
      queues[place].last = record.previous
    }
    records[filled: frame].previous = nil
    records[filled: frame].next = nil
  }

  // MARK: - Taking

  /// Takes a frame that is filled with zeros: one that was never used, or the first of its list.
  mutating func takeZeroed() -> UInt64? {
    (untouched.takeFirst() ?? first(of: .zeroed)).map { begin($0) }
  }

  /// Takes the first frame of the free list, whose content is what somebody left.
  mutating func takeFree() -> UInt64? { first(of: .free).map { begin($0) } }

  /// Takes the last frame that was never used, for the kernel itself; nil where all were.
  mutating func takeLast() -> UInt64? { untouched.takeLast().map { begin($0) } }

  /// Sets aside the last frames that were never used, the last ones first; nil where there are not as many.
  ///
  /// They are in use, and nothing is kept of one until it is taken.
  mutating func setAside(_ count: UInt64) -> [ClosedRange<UInt64>]? {
    guard let ranges = untouched.takeLast(count) else { return nil }
    setAsideCount += Int(count)
    return ranges
  }

  /// Takes a frame that was set aside.
  mutating func take(setAside frame: UInt64) {
    setAsideCount -= 1
    _ = begin(frame)
  }

  /// Takes `count` frames that follow each other from a multiple of `count` on and were never used.
  mutating func takeAligned(_ count: UInt64) -> UInt64? {
    guard let start = untouched.takeAligned(count) else { return nil }
    for frame in start..<start + count { _ = begin(frame) }
    return start
  }

  /// Takes a frame that the scenario names; nil where it is in use.
  mutating func take(named frame: UInt64) -> UInt64? {
    if named.remove(frame) != nil { return begin(frame) }
    guard let record = records[frame] else { return untouched.take(frame) ? begin(frame) : nil }
    return record.location == .zeroed || record.location == .free ? begin(frame) : nil
  }

  /// A frame begins to be used.
  private mutating func begin(_ frame: UInt64) -> UInt64 {
    move(frame, to: .active)
    records[filled: frame].referenceCount = 1
    records[filled: frame].shareCount = 1
    return frame
  }

  /// A frame is used no more; its content stays what it is.
  mutating func release(_ frame: UInt64) {
    move(frame, to: .free)
    update(frame) { record in
      var next = FrameRecord()
      (next.location, next.previous, next.next) = (record.location, record.previous, record.next)
      record = next
    }
  }
}
