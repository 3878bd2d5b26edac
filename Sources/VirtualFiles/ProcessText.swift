/// The small files about processes.
enum ProcessText {
  /// A value in a line of fixed length, cut where it is longer.
  static func field(_ value: String, _ length: Int) -> String {
    let text = String(decoding: Array(value.utf8.prefix(length - 1)), as: UTF8.self)
    return text + String(repeating: " ", count: max(0, length - 1 - text.utf8.count)) + "\n"
  }

  /// The list of processes in the columns of MemProcFS's `proc.txt`; what is not known is blank.
  static func list(_ processes: [ProcessFolders.Process]) -> String {
    let width = 115
    let title =
      "  Process                      Pid Parent   Flag User             Create Time"
      + "              Exit Time"
    var text = field(title, width) + String(repeating: "-", count: width - 1) + "\n"
    for process in processes.sorted(by: { $0.pid < $1.pid }) {
      let name = field(process.name, 16).dropLast()
      let pid = "\(process.pid)"
      let padding = String(repeating: " ", count: 11 + max(0, 6 - pid.utf8.count))
      text += field("- \(name)\(padding)\(pid)", width)
    }
    return text
  }
}
