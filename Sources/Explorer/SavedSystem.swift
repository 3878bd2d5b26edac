import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// What a saved scenario says of the operating system: what entries are read by, and the areas of a
/// Linux process around the address.
struct SavedSystem {
  let system: OperatingSystem

  init(_ system: OperatingSystem) { self.system = system }

  /// What stands in `machine:`.
  var settings: [String] { system.id == "none" ? [] : ["os: \(system.id)"] }

  /// What stands in `linux:` or `windows:`, without what lies in memory.
  var statements: [String] {
    switch system {
    case .none: return []
    case .linux(let system):
      let options = system.kernel.options
      guard options != .usual(for: system.kernel.format) else { return [] }
      let names = LinuxOptions.names.filter { options.contains($0.option) }.map(\.name)
      return ["linux:", "  config: [\(names.joined(separator: ", "))]"]
    case .windows(let system):
      let lines = Self.lines(of: system)
      return lines.isEmpty ? [] : ["windows:"] + lines
    }
  }

  /// What stands in `windows:` whatever lies in memory.
  static func lines(of system: WindowsSystem) -> [String] {
    var lines: [String] = []
    if system.invalidMask != .none {
      lines.append("  invalid-mask: \(system.invalidMask.rawValue.hex)")
    }
    if let store = system.virtualStore {
      lines.append("  page-files: [{ number: \(store), store: true }]")
    }
    return lines
  }

  /// The areas that decide about an address: the one that holds it, and those beside it, which a
  /// stack grows between; one elsewhere where the process has none, for without any they would not be
  /// known.
  static func areas(around address: VirtualAddress, in areas: MemoryAreas) -> [String] {
    let address = address.rawValue
    let near = [
      areas.areas.last { $0.end <= address }, areas.area(holding: address),
      areas.area(above: address),
    ].compactMap(\.self)
    return ["vmas:"]
      + (near.isEmpty ? [elsewhere(than: address)] : near).map {
        "  - { \(statement(of: $0)) }"
      }
  }

  private static func elsewhere(than address: UInt64) -> MemoryArea {
    let unit: UInt64 = 0x1_0000
    let start = address / unit == 1 ? 2 * unit : unit
    return MemoryArea(start: start, end: start + frameSize, flags: .read)
  }

  private static func statement(of area: MemoryArea) -> String {
    let rights: MemoryArea.Flags = [.read, .write, .execute, .shared]
    let flags = MemoryArea.Flags.letters.filter {
      !rights.contains($0.flag) && area.flags.contains($0.flag)
    }.map(\.letters)
    var words = [
      "va: \(area.start.hex)..\((area.end - 1).hex)", "perms: \(area.permissions)",
    ]
    if !flags.isEmpty { words.append("flags: [\(flags.joined(separator: ", "))]") }
    if area.inode != 0 {
      words.append("file: \(SavedScenario.quoted(area.path))")
      if area.deviceMajor == 0 { words.append("file-system: memory") }
      if area.fileOffset != 0 { words.append("offset: \(area.fileOffset.hex)") }
      if let size = area.fileSize { words.append("file-size: \(size)") }
    } else if !area.path.isEmpty {
      words.append("name: \(SavedScenario.quoted(area.path))")
    }
    if area.protectionKey != 0 { words.append("pkey: \(area.protectionKey)") }
    return words.joined(separator: ", ")
  }
}
