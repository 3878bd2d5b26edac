import WindowsMemory

/// Whether the lists are whole.
extension FrameTable {
  /// What is wrong with the lists, in words: frames that do not know their neighbours, counts that are not
  /// those of the frames.
  var brokenLists: [String] {
    PFNEntry.Location.allCases.filter { location in
      let queue = queues[index(location)]
      let all = records.all.lazy.filter { $0.value.location == location }.count
      guard FrameRecord(at: location).isListed else { return all != queue.count }
      var (count, last) = (0, nil as UInt64?)
      var next = queue.first
      while let frame = next, count < queue.count {
        guard self[frame].location == location, self[frame].previous == last else { return true }
        (count, last, next) = (count + 1, frame, self[frame].next)
      }
      return next != nil || last != queue.last || count != queue.count || all != count
    }
    .map { "the list \($0.rawValue) is broken" }
  }
}
