/// Reads scenario files.
public enum ScenarioParser {
  /// Reads a scenario from a file.
  public static func parse(path: String) throws(ScenarioFileError) -> Scenario {
    let reading = try read(path: path)
    do throws(DiagnosticList) {
      return try reading.whole()
    } catch {
      throw .malformed(error)
    }
  }

  /// Reads what can be read of a file; only a file that cannot be opened is an error.
  public static func read(path: String) throws(ScenarioFileError) -> ScenarioReading {
    read(bytes: try FileContents.bytes(of: path), path: path, checkingName: true)
  }

  /// Reads what can be read of a text; `path` names it in diagnostics.
  ///
  /// The first syntax error or duplicate key leaves nothing of it.
  public static func read(
    text: String, path: String, checkingName: Bool = true
  ) -> ScenarioReading {
    read(bytes: Array(text.utf8), path: path, checkingName: checkingName)
  }

  /// Reads a scenario from text; `path` names it in diagnostics.
  ///
  /// The scenario's name must be the file's unless `checkingName` is false, as for a text that has no
  /// file of its own.
  public static func parse(
    text: String, path: String, checkingName: Bool = true
  ) throws(DiagnosticList) -> Scenario {
    try parse(bytes: Array(text.utf8), path: path, checkingName: checkingName)
  }

  /// Reads a scenario from the bytes of a file.
  package static func parse(
    bytes: [UInt8], path: String, checkingName: Bool
  ) throws(DiagnosticList) -> Scenario {
    try read(bytes: bytes, path: path, checkingName: checkingName).whole()
  }

  /// Reads what can be read of the bytes of a file.
  package static func read(
    bytes: [UInt8], path: String, checkingName: Bool, limits: SyntaxGuard.Limits = .init()
  ) -> ScenarioReading {
    // A file that is too large is not shown; one with bad bytes is, with the bytes replaced.
    let shown =
      bytes.count <= TextCheck.maximumBytesWithSteps
      ? String(decoding: bytes, as: UTF8.self) : ""
    var source = ScenarioSource(path: path, text: shown)
    let value: YAMLValue
    let reader = ScenarioReader()
    do throws(Diagnostic) {
      let text = try TextCheck.text(bytes)
      source = ScenarioSource(path: path, text: text)
      value = try reader.value(of: text, limits)
    } catch {
      return ScenarioReading(source: source, scenario: nil, diagnostics: [error])
    }
    let name = source.fileName
    let stem = name.hasSuffix(".yaml") ? String(name.dropLast(5)) : name
    let scenario = reader.scenario(value, from: source, expectedName: checkingName ? stem : nil)
    // Wherever it is, what is no YAML leaves nothing of the file.
    if let error = reader.syntaxError {
      return ScenarioReading(source: source, scenario: nil, diagnostics: [error])
    }
    return ScenarioReading(
      source: source, scenario: scenario, diagnostics: reader.diagnostics,
      omissions: reader.omissions, damaged: reader.damaged)
  }
}

/// Why a scenario file gave no scenario.
public enum ScenarioFileError: Error, Sendable {
  /// The file cannot be opened or read.
  case unreadable(path: String, reason: String)
  /// The file is not a scenario.
  case malformed(DiagnosticList)
}

extension ScenarioFileError: CustomStringConvertible {
  /// The file and what is wrong with it, in one line.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path): cannot open: \(reason)"
    case .malformed(let list): list.description
    }
  }
}
