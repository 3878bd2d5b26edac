import LinuxMemory
import Paging
import PhysicalMemory

/// What holds after every step.
extension LinuxSimulation {
  var violations: [String] {
    var found: [String] = []
    var mapped: [UInt64: Int] = [:]
    var swapped: [UInt64: Int] = [:]
    for process in processes {
      for area in process.areas {
        try? forEachEntry(area.start, area.end, process) { address, _, entry, level in
          let reading = entries.decoder.reading(of: entry, level: level)
          if reading.isPresent, let first = reading.frame?.frame {
            guard first != zeroFrame, first != hugeZeroFrame else { return }
            for index in 0..<UInt64(level == 2 ? 512 : 1) { mapped[first + index, default: 0] += 1 }
            if reading.isWritable, pages[first]?.isAnonymous == true,
              pages[first]?.mappers.count != 1
            {
              found.append("\(address.hex) may be written, and others have the page too")
            }
          } else if reading.state == .swap, let offset = reading.swapOffset {
            swapped[offset, default: 0] += 1
          }
        }
      }
    }
    for (frame, page) in pages where !page.isTable && frame != zeroFrame {
      if page.mappers.count != mapped[frame] ?? 0 {
        found.append("frame \(frame.hex) is mapped \(mapped[frame] ?? 0) times and says otherwise")
      }
    }
    for frame in mapped.keys where pages[frame] == nil {
      found.append("frame \(frame.hex) is mapped and free")
    }
    for file in files.values {
      for place in file.swapped.values { swapped[place, default: 0] += 1 }
    }
    for (place, slot) in swap?.slots ?? [:] where files.isEmpty || slot.frame != nil {
      if slot.entries != swapped[place] ?? 0, slot.frame != nil {
        found.append("page \(place.hex) of swap does not have \(slot.entries) entries")
      }
    }
    return found.sorted()
  }
}
