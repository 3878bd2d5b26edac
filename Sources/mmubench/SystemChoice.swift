import ArgumentParser
import ScenarioFile

/// Which of the systems of a scenario is meant.
struct SystemChoice: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Which system of several, by its name, id or mode; the first unless said.", valueName: "id"))
  var os: String?

  /// Reads a scenario as it is for the system.
  func read(_ path: String) throws -> ScenarioReading {
    let reading = try ScenarioParser.read(path: path)
    let names = reading.systemNames
    guard let os else {
      let first = reading.variant(for: nil)
      if names.count > 1 {
        Notice.warn("\(path) is for \(names.count) systems: this is \(names[0])")
      }
      return first
    }
    if let variant = reading.variant(named: os) {
      let meant = reading.systemNames(for: os)
      if meant.count > 1 {
        let others = meant.dropFirst().joined(separator: ", ")
        Notice.warn(
          "\(path) has \(meant.count) systems \(os): this is \(meant[0]); --os takes another by its name:"
            + " \(others)"
        )
      }
      return variant
    }
    let choices = names.isEmpty ? "for none" : "for \(names.joined(separator: ", "))"
    throw Failure.usage("\(path) is not for the system \(os): it is \(choices)")
  }
}
