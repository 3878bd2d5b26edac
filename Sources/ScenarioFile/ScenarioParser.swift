/// Reads scenario files.
public enum ScenarioParser {
  /// Reads a scenario from a file.
  public static func parse(path: String) throws(ScenarioFileError) -> Scenario {
    throw .unreadable(path: path, reason: "not written yet")
  }

  /// Reads a scenario from text; `path` names it in diagnostics.
  ///
  /// The scenario's name must be the file's unless `checkingName` is false, as for a text that has no
  /// file of its own.
  public static func parse(
    text: String, path: String, checkingName: Bool = true
  ) throws(DiagnosticList) -> Scenario {
    throw DiagnosticList(source: ScenarioSource(path: path, text: text), diagnostics: [])
  }
}

/// Why a scenario file gave no scenario.
public enum ScenarioFileError: Error, Sendable {
  /// The file cannot be opened or read.
  case unreadable(path: String, reason: String)
  /// The file is not a scenario.
  case malformed(DiagnosticList)
}
