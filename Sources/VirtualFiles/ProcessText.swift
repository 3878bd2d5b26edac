/// The small files about processes.
enum ProcessText {
  /// What MemProcFS writes for the state of a process that has not ended; no other has tables to show.
  static let running: UInt64 = 0

  /// A value in a line of fixed length, cut where it is longer.
  static func field(_ value: String, _ length: Int) -> String {
    value.prefix(length - 1).padded(length - 1) + "\n"
  }

  /// The line of a number; blank where it is not known.
  static func number(_ value: UInt64?) -> String { field(value.map { "\($0)" } ?? "", 11) }

  /// The name of a process as MemProcFS has it: 15 bytes at most, and what is no name of a file replaced.
  static func name(_ name: String) -> String {
    String(decoding: name.unicodeScalars.flatMap(bytes).prefix(15), as: UTF8.self)
  }

  /// What stands for a character of a name: an underscore for each byte that no name of a file should have.
  private static func bytes(of character: Unicode.Scalar) -> [UInt8] {
    switch character {
    case "\u{7f}": [UInt8(ascii: " ")]
    case "<", ">", "\"", "*", "/", ":", "?", "\\", "|": [underscore]
    // It stands for bytes that were no text, of which nothing more is known.
    case "\u{fffd}": [underscore]
    default:
      character.isASCII && character >= " "
        ? [UInt8(ascii: character)] : String(character).utf8.map { _ in underscore }
    }
  }

  private static let underscore = UInt8(ascii: "_")

  /// The list of processes in the columns of MemProcFS's `proc.txt`: each below the one that made it.
  ///
  /// A parent that is not known is blank, and so are flags and user; a time that is not known is three stars, as
  /// there.
  static func list(_ processes: [ProcessFolders.Process]) -> String {
    let width = 115
    let title =
      "  Process                      Pid Parent   Flag User             Create Time"
      + "              Exit Time"
    var text = field(title, width) + String(repeating: "-", count: width - 1) + "\n"
    for line in ProcessTree(processes).lines {
      let process = processes[line.process]
      let depth = min(line.depth, 10)
      let mark =
        line.depth > 10
        ? String(repeating: "-", count: 10) + "+" : String(repeating: "-", count: depth + 1)
      let numbers = [process.pid, process.parent].map { ($0.map { "\($0)" } ?? "").leftPadded(6) }
      text +=
        "\(mark) \(process.name.padded(15 + 11 - depth))\(numbers[0]) \(numbers[1])"
        + blank(1 + 6 + 1 + 16 + 1) + unknownTime + blank(2) + unknownTime + "\n"
    }
    return text
  }

  private static let unknownTime = "***".leftPadded(23)

  private static func blank(_ count: Int) -> String { String(repeating: " ", count: count) }
}

extension StringProtocol {
  /// With blanks behind it.
  fileprivate func padded(_ width: Int) -> String {
    String(self) + String(repeating: " ", count: Swift.max(0, width - utf8.count))
  }
}
