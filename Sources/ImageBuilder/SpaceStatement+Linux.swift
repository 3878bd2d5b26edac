import LinuxMemory
import PhysicalMemory
import ScenarioFile

/// The areas of a process.
extension SpaceStatement {
  /// The areas that `vmas:` states; nil where it states none.
  var areas: MemoryAreas? {
    layout.vmas.isEmpty ? nil : MemoryAreas(layout.vmas.map(\.area))
  }
}

extension Scenario.Vma {
  /// The area as the kernel has it.
  fileprivate var area: MemoryArea {
    let letters = Array(permissions.value)
    var flags = MemoryArea.Flags(letters: self.flags.map(\.value))
    let places: [(Character, MemoryArea.Flags)] = [
      ("r", .read), ("w", .write), ("x", .execute), ("s", .shared),
    ]
    for (letter, place) in zip(letters, places) where letter == place.0 { flags.insert(place.1) }
    var area = MemoryArea(
      start: va.value.lowerBound, end: va.value.upperBound &+ 1, flags: flags,
      fileOffset: offset?.value ?? 0, deviceMajor: file != nil && isOnDisk ? Self.anyDisk : 0,
      inode: file == nil ? 0 : 1, path: file?.value ?? name?.value ?? "")
    area.fileSize = fileSize?.value
    area.protectionKey = protectionKey?.value ?? 0
    return area
  }

  private var isOnDisk: Bool { fileSystem?.value != .memory }
  /// A device number that is not that of a file system without a device: 8 is SCSI disks.
  private static let anyDisk: UInt64 = 8
}

/// Checks areas.
struct AreaStatements {
  let collector: DiagnosticCollector

  func check(_ vmas: [Scenario.Vma]) {
    for vma in vmas
    where vma.va.value.lowerBound % frameSize != 0
      || vma.va.value.upperBound % frameSize != frameSize - 1
    {
      collector.report(
        .misaligned, "an area consists of whole pages of 4 KiB", at: vma.va.mark,
        notes: ["both ends belong to it: `0x1000..0x1fff` is one page"])
    }
    let sorted = vmas.sorted { $0.va.value.lowerBound < $1.va.value.lowerBound }
    for (first, second) in zip(sorted, sorted.dropFirst())
    where second.va.value.lowerBound <= first.va.value.upperBound {
      collector.report(
        .overlap, "the area begins before the end of another", at: second.va.mark,
        notes: ["line \(first.mark.line) has the addresses up to \(first.va.value.upperBound.hex)"])
    }
  }
}
