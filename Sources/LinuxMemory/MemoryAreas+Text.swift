/// Reads `/proc/PID/maps` and `/proc/PID/smaps`.
extension MemoryAreas {
  /// A line that is none of such a file.
  public struct Problem: Error, Hashable, CustomStringConvertible {
    /// The number of the line, from 1.
    public let line: Int
    /// What is wrong.
    public let reason: String

    /// The line and what is wrong with it.
    public var description: String { "line \(line): \(reason)" }
  }

  /// The most areas that a process can have is a setting, 65530 unless changed; far more is no
  /// such file.
  private static let limit = 1 << 22

  /// Reads the text of maps, or of smaps with its line `VmFlags:`.
  public init(text: String) throws(Problem) {
    var areas: [MemoryArea] = []
    var number = 0
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      if line.hasPrefix("VmFlags:") {
        guard let last = areas.indices.last else {
          throw Problem(line: number, reason: "VmFlags without an area before it")
        }
        let words = line.dropFirst("VmFlags:".count).split(separator: " ")
        areas[last].flags.formUnion(MemoryArea.Flags(letters: words))
      } else if !line.isEmpty, !Self.isDetail(line) {
        guard let area = MemoryArea(line: line) else {
          throw Problem(
            line: number,
            reason: "expected START-END PERMS OFFSET DEV INODE PATH, found `\(line.prefix(80))`")
        }
        if let last = areas.last, area.start < last.end {
          throw Problem(line: number, reason: "the area begins before the end of the one before")
        }
        guard areas.count < Self.limit else {
          throw Problem(line: number, reason: "more areas than a process can have")
        }
        areas.append(area)
      }
    }
    self.init(areas)
  }

  /// A line of smaps between those of areas: `Rss:  4 kB`.
  private static func isDetail(_ line: Substring) -> Bool {
    guard let colon = line.firstIndex(of: ":"), let first = line.first else { return false }
    return first.isUppercase && !line[..<colon].contains(" ")
  }
}

extension MemoryArea {
  /// Reads a line of maps: `7f00-7f10 rw-p 00000000 08:01 123  /path`.
  public init?(line: some StringProtocol) {
    let words = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
    guard words.count >= 5 else { return nil }
    let range = words[0].split(separator: "-", omittingEmptySubsequences: false)
    let device = words[3].split(separator: ":", omittingEmptySubsequences: false)
    guard range.count == 2, device.count == 2, words[1].utf8.count == 4,
      let start = Self.hex(range[0]), let end = Self.hex(range[1]), start < end,
      let offset = Self.hex(words[2]), let major = Self.hex(device[0]),
      let inode = UInt64(words[4])
    else { return nil }
    let places: [(Character, Flags)] = [
      ("r", .read), ("w", .write), ("x", .execute), ("s", .shared),
    ]
    var flags: Flags = []
    for (letter, place) in zip(words[1], places) {
      if letter == place.0 { flags.insert(place.1) }
    }
    let path = words.count > 5 ? words[5].drop { $0 == " " } : ""
    self.init(
      start: start, end: end, flags: flags, fileOffset: offset, deviceMajor: major, inode: inode,
      path: String(path))
  }

  /// A number as the kernel prints it, without a sign.
  private static func hex(_ text: some StringProtocol) -> UInt64? {
    text.utf8.allSatisfy { Character(UnicodeScalar($0)).isHexDigit } ? UInt64(text, radix: 16) : nil
  }
}
