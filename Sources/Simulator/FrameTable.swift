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

  private(set) var records: [UInt64: FrameRecord] = [:]
  private(set) var queues = [Queue](repeating: Queue(), count: PFNEntry.Location.allCases.count)
  /// Frames that were never used, as ranges; the named ones are left out.
  private var untouched: [ClosedRange<UInt64>]
  private(set) var untouchedCount: Int
  /// Frames that a step of the timeline names and that nobody else takes before.
  private(set) var named: Set<UInt64>
  /// Frames whose records are to be written into the database.
  private var stale: Set<UInt64> = []
  /// Frames whose records have changed since the last check.
  private var unchecked: Set<UInt64> = []
  /// The records before the step, of those that changed.
  private(set) var before: [UInt64: FrameRecord?] = [:]
  private(set) var changeOrder: [UInt64] = []
  var isJournaled = true

  init(installed: [ClosedRange<UInt64>], from first: UInt64, named: Set<UInt64>) {
    self.named = named
    untouched = []
    untouchedCount = 0
    var cuts = named.sorted()[...]
    for range in installed where range.upperBound >= first {
      var start = max(range.lowerBound, first)
      while let cut = cuts.first(where: { $0 >= start && $0 <= range.upperBound }) {
        if cut > start { untouched.append(start...(cut - 1)) }
        start = cut + 1
        cuts = cuts.drop { $0 <= cut }
      }
      if start <= range.upperBound { untouched.append(start...range.upperBound) }
    }
    untouchedCount = untouched.reduce(0) { $0 + $1.count }
  }

  // MARK: - Records

  subscript(frame: UInt64) -> FrameRecord { records[frame] ?? FrameRecord() }

  /// Whether the record of a frame exists.
  func isTouched(_ frame: UInt64) -> Bool { records[frame] != nil }

  /// Changes what is kept of a frame.
  mutating func update(_ frame: UInt64, _ change: (inout FrameRecord) -> Void) {
    note(frame)
    change(&records[frame, default: FrameRecord()])
  }

  private mutating func note(_ frame: UInt64) {
    stale.insert(frame)
    unchecked.insert(frame)
    guard isJournaled, before[frame] == nil else { return }
    before.updateValue(records[frame], forKey: frame)
    changeOrder.append(frame)
  }

  /// The frames whose records have changed since they were last written into the database.
  mutating func takeStale() -> Set<UInt64> {
    defer { stale.removeAll(keepingCapacity: true) }
    return stale
  }

  /// The frames whose records have changed since the last check.
  mutating func takeUnchecked() -> Set<UInt64> {
    defer { unchecked = [] }
    return unchecked
  }

  /// Forgets what was before.
  mutating func beginStep() {
    before.removeAll(keepingCapacity: true)
    changeOrder.removeAll(keepingCapacity: true)
  }

  // MARK: - Lists

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
    queues[index(location)].count
      + (location == .zeroed ? untouchedCount + named.count : 0)
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
      records[frame, default: FrameRecord()].location = location
      return
    }
    let last = queues[place].last
    records[frame, default: FrameRecord()].location = location
    records[frame]?.previous = last
    records[frame]?.next = nil
    if let last {
      note(last)
      records[last]?.next = frame
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
      records[previous]?.next = record.next
    } else {
      queues[place].first = record.next
    }
    if let next = record.next {
      note(next)
      records[next]?.previous = record.previous
    } else {
      queues[place].last = record.previous
    }
    records[frame]?.previous = nil
    records[frame]?.next = nil
  }

  // MARK: - Taking

  /// Takes a frame that is filled with zeros: one that was never used, or the first of its list.
  mutating func takeZeroed() -> UInt64? {
    if let frame = takeUntouched() { return begin(frame) }
    return first(of: .zeroed).map { begin($0) }
  }

  /// Takes the first frame of the free list, whose content is what somebody left.
  mutating func takeFree() -> UInt64? { first(of: .free).map { begin($0) } }

  private mutating func takeUntouched() -> UInt64? {
    guard let range = untouched.first else { return nil }
    untouchedCount -= 1
    if range.count == 1 {
      untouched.removeFirst()
    } else {
      untouched[0] = (range.lowerBound + 1)...range.upperBound
    }
    return range.lowerBound
  }

  /// Takes the last frame that was never used, for the kernel itself; nil where all were.
  mutating func takeLast() -> UInt64? {
    guard let range = untouched.last else { return nil }
    untouchedCount -= 1
    if range.count == 1 {
      untouched.removeLast()
    } else {
      untouched[untouched.count - 1] = range.lowerBound...(range.upperBound - 1)
    }
    return begin(range.upperBound)
  }

  /// Takes `count` frames that follow each other from a multiple of `count` on and were never used.
  mutating func takeAligned(_ count: UInt64) -> UInt64? {
    for (index, range) in untouched.enumerated() {
      let start = (range.lowerBound + (count - 1)) / count * count
      guard start + (count - 1) <= range.upperBound else { continue }
      var parts: [ClosedRange<UInt64>] = []
      if start > range.lowerBound { parts.append(range.lowerBound...(start - 1)) }
      if start + count <= range.upperBound { parts.append((start + count)...range.upperBound) }
      untouched.replaceSubrange(index...index, with: parts)
      untouchedCount -= Int(count)
      for frame in start..<start + count { _ = begin(frame) }
      return start
    }
    return nil
  }

  /// Takes a frame that the scenario names; nil where it is in use.
  mutating func take(named frame: UInt64) -> UInt64? {
    if named.remove(frame) != nil { return begin(frame) }
    guard let record = records[frame] else {
      guard let index = untouched.firstIndex(where: { $0.contains(frame) }) else { return nil }
      let range = untouched[index]
      var parts: [ClosedRange<UInt64>] = []
      if frame > range.lowerBound { parts.append(range.lowerBound...(frame - 1)) }
      if frame < range.upperBound { parts.append((frame + 1)...range.upperBound) }
      untouched.replaceSubrange(index...index, with: parts)
      untouchedCount -= 1
      return begin(frame)
    }
    return record.location == .zeroed || record.location == .free ? begin(frame) : nil
  }

  /// A frame begins to be used.
  private mutating func begin(_ frame: UInt64) -> UInt64 {
    move(frame, to: .active)
    records[frame]?.referenceCount = 1
    records[frame]?.shareCount = 1
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
