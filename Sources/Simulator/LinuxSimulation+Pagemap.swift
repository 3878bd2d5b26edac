import BitLayout
import LinuxMemory
import Paging
import PhysicalMemory
import ScenarioFile

/// What `/proc/PID/pagemap` shows.
extension LinuxSimulation {
  func pagemap(_ address: UInt64, of process: Scenario.ProcessReference?) -> UInt64? {
    living(process).map { pagemapWord(address, $0).rawValue }
  }

  /// The word of pagemap (Linux fs/proc/task_mmu.c, pte_to_pagemap_entry).
  func pagemapWord(_ address: UInt64, _ process: LinuxProcessState) -> PagemapEntry {
    let fields = PagemapEntry.self
    let format = PagemapFormat(kernel.version)
    let (entry, level) = entry(of: address, process)
    let reading = entries.decoder.reading(of: entry, level: level)
    var word: UInt64 = 0
    func set(_ field: BitField, _ isSet: Bool) {
      guard isSet, format.hasFlag(field) || field.low >= fields.swapped.low else { return }
      word |= field.mask
    }
    let area = process.area(of: address)
    set(fields.softDirty, reading.isSoftDirty || area?.isSoftDirty == true)
    set(
      fields.userfaultWriteProtect,
      reading.isUserfaultWriteProtected || reading.markers.contains(.userfaultWriteProtect))
    if reading.isPresent, let first = reading.frame?.frame {
      let frame = level == 2 ? first + address % Self.hugeSize / frameSize : first
      word |= frame & fields.frame.mask
      set(fields.present, true)
      if let page = pages[frame], frame != zeroFrame, first != hugeZeroFrame {
        set(fields.file, page.file != nil)
        // Of a huge page its first is looked at, but for the versions from 6.11 to 6.14 (pagemap_pmd_range).
        let isEachAsked = (LinuxVersion(6, 11)..<LinuxVersion(6, 15)).contains(kernel.version)
        let asked = level == 2 && !isEachAsked ? pages[first] : page
        set(fields.exclusive, asked?.mappers.count == 1)
      } else if level == 2 {
        // The huge page of zeros is not anonymous, and that was all that was asked of huge pages from 6.11 on.
        set(fields.file, kernel.version >= LinuxVersion(6, 11))
      }
    } else if reading.state == .swap || reading.state == .marker {
      word |= fields.swapType.setting(reading.swapType ?? 0, in: 0) ?? 0
      word |= fields.swapOffset.setting(reading.swapOffset ?? 0, in: 0) ?? 0
      set(fields.swapped, true)
      set(fields.guardRegion, reading.markers.contains(.guardRegion))
    }
    return PagemapEntry(rawValue: word)
  }
}

extension PagemapEntry {
  /// The flags in words.
  var letters: String {
    let all: [(BitField, String)] = [
      (Self.present, "present"), (Self.swapped, "swapped"), (Self.file, "file"),
      (Self.exclusive, "exclusive"), (Self.softDirty, "soft-dirty"),
      (Self.userfaultWriteProtect, "uffd-wp"), (Self.guardRegion, "guard"),
    ]
    return all.filter { has($0.0) }.map(\.1).joined(separator: " ")
  }
}

extension PagemapFormat {
  /// Whether the kernel writes a flag.
  func hasFlag(_ field: BitField) -> Bool { flags.contains { $0.mask == field.mask } }
}
