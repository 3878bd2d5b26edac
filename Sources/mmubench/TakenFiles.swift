import DumpFormats
import Workbench

/// The files that a command reads or is about to write, none of which another output may replace.
///
/// `--force` is leave to replace what is there, never what the answer is made from.
struct TakenFiles {
  private var places: [FilePlace: String] = [:]

  /// Takes the files that the machines in `paths` are made from.
  init(machines paths: [String]) {
    for path in paths.flatMap(Workbench.files) { take(path) }
  }

  /// Takes the files of a machine and, where there is one, the list of areas that goes with it.
  init(machine path: String, _ areas: AreaOptions? = nil) {
    self.init(machines: [path])
    if let maps = areas?.maps { take(maps) }
  }

  private mutating func take(_ path: String) {
    if let place = FilePlace(path) { places[place] = "the input" }
  }

  /// Refuses an output that is one of the files, under whatever name, and takes it as `name`.
  mutating func add(_ output: String, as name: String) throws(DumpError) {
    guard let place = FilePlace(output) else { return }
    if let other = places.updateValue(name, forKey: place) {
      throw .cannotCreate(
        path: output, reason: "it is \(other) too", suggestion: "name another file")
    }
  }

  /// Refuses an output that is one of the files.
  func require(_ output: String) throws(DumpError) {
    var files = self
    try files.add(output, as: "an output")
  }
}
