import ArgumentParser
import DumpFormats
import LinuxMemory

/// The option that says which areas a Linux process has.
struct AreaOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The areas of the process, for verdicts of Linux: a copy of /proc/PID/maps or smaps.",
      valueName: "file"),
    completion: .file())
  var maps: String?

  /// The areas in the file; nil where none is named.
  func areas() throws -> MemoryAreas? {
    guard let maps else { return nil }
    let text = String(decoding: try Decompression.text(maps), as: UTF8.self)
    do { return try MemoryAreas(text: text) } catch {
      throw Failure.malformed("\(maps): \(error)")
    }
  }
}
