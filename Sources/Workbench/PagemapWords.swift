import BitLayout
import LinuxMemory
import PhysicalMemory
import ScenarioFile

/// The flags of a word of pagemap by the keys of the scenario language.
enum PagemapWords {
  private static let fields: [String: BitField] = [
    "present": PagemapEntry.present, "swapped": PagemapEntry.swapped,
    "soft-dirty": PagemapEntry.softDirty, "exclusive": PagemapEntry.exclusive,
    "uffd-wp": PagemapEntry.userfaultWriteProtect, "file": PagemapEntry.file,
    "guard": PagemapEntry.guardRegion,
  ]

  static func differences(
    _ expected: Scenario.MomentPagemap, _ word: UInt64
  ) -> [Difference] {
    var differences: [Difference] = []
    if let wanted = expected.value?.value, wanted != word {
      differences.append((wanted.hex, word.hex))
    }
    for flag in expected.flags {
      guard let field = fields[flag.name] else { continue }
      let isSet = field.isSet(in: word)
      if isSet != flag.isSet.value {
        differences.append(("\(flag.name) \(flag.isSet.value)", "\(isSet) in \(word.hex)"))
      }
    }
    return differences
  }
}
