import Paging
import PhysicalMemory
import ScenarioFile

/// The addresses that a scenario uses itself, and where nothing else may go.
extension ImagePlan {
  /// The addresses of the pages whose frames the scenario chooses: those that nothing else may use,
  /// and those that something else may use rather than nothing.
  func pageRanges() -> (taken: [ClosedRange<UInt64>], covered: [ClosedRange<UInt64>]) {
    var taken: [ClosedRange<UInt64>] = []
    var covered: [ClosedRange<UInt64>] = []
    for mapping in mappings.joined() where !mapping.needsFrames {
      let (ranges, isUsed) = mapping.rule.frames.extent(count: mapping.rule.count)
      let size = mapping.rule.pageSize
      let pages = ranges.map { $0.lowerBound...($0.upperBound + (size - 1)) }
      if isUsed && size == frameSize { taken += pages } else { covered += pages }
    }
    return (taken, covered)
  }

  /// The addresses of what the scenario puts somewhere itself, apart from pages.
  func takenRanges() -> [ClosedRange<UInt64>] {
    var taken: [ClosedRange<UInt64>] = []
    for content in contents {
      guard case .physical(let start) = content.place else { continue }
      if let range = start.value.range(count: content.data.value.byteCount) { taken.append(range) }
    }
    var state = settings.paging
    if state.arm64.ttbr1 != nil, let range = state.of(.upper).topTable { taken.append(range) }
    taken += kernel?.takenFrames ?? []
    for frame in tables.joined().compactMap(\.frame) {
      if let range = frame.range(count: frameSize) { taken.append(range) }
    }
    for space in spaces {
      if let root = space.root {
        state.cr3 = root.value
        if let range = state.topTable { taken.append(range) }
      }
      for edit in space.layout.entries {
        guard case .word(let at, let width) = edit.place,
          let word = at.value.range(count: UInt64(width))
        else { continue }
        taken.append(word)
      }
    }
    return taken
  }
}

extension PagingState {
  /// The size of a table in bytes as a power of 2, at least a frame: the larger of both halves.
  var tableShift: UInt64 { isARM64 ? allHalves.map { $0.pageShift(1) }.max() ?? 12 : 12 }

  /// The number of frames that a table takes.
  var tableFrames: UInt64 { 1 << (tableShift - 12) }

  /// The addresses of the top table.
  var topTable: ClosedRange<UInt64>? { root.rawValue.range(count: tableSize(topLevel)) }
}
