#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Reads scenario files.
public enum ScenarioParser {
  /// Reads a scenario from a file.
  public static func parse(path: String) throws(ScenarioFileError) -> Scenario {
    let bytes = try contents(of: path)
    do throws(DiagnosticList) {
      return try parse(bytes: bytes, path: path, checkingName: true)
    } catch {
      throw .malformed(error)
    }
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
    // A file that is too large is not shown; one with bad bytes is, with the bytes replaced.
    let shown = bytes.count <= TextCheck.maximumBytes ? String(decoding: bytes, as: UTF8.self) : ""
    var source = ScenarioSource(path: path, text: shown)
    let value: YAMLValue
    do throws(Diagnostic) {
      let text = try TextCheck.text(bytes)
      source = ScenarioSource(path: path, text: text)
      value = try YAMLValue(parsing: text)
    } catch {
      throw DiagnosticList(source: source, diagnostics: [error])
    }
    let reader = ScenarioReader()
    let name = source.fileName
    let stem = name.hasSuffix(".yaml") ? String(name.dropLast(5)) : name
    let scenario = reader.scenario(value, from: source, expectedName: checkingName ? stem : nil)
    guard reader.diagnostics.isEmpty, let scenario else {
      throw DiagnosticList(source: source, diagnostics: reader.diagnostics)
    }
    return scenario
  }

  /// The bytes of a file, or one byte more than a scenario may have of a larger one.
  private static func contents(of path: String) throws(ScenarioFileError) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: reason(errno)) }
    defer { close(descriptor) }
    let limit = TextCheck.maximumBytes + 1
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < limit {
      let count = unsafe chunk.withUnsafeMutableBytes { buffer in
        unsafe read(descriptor, buffer.baseAddress, buffer.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(path: path, reason: reason(errno)) }
      guard count > 0 else { break }
      bytes.append(contentsOf: chunk[..<count])
    }
    return bytes
  }

  private static func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}

/// Why a scenario file gave no scenario.
public enum ScenarioFileError: Error, Sendable {
  /// The file cannot be opened or read.
  case unreadable(path: String, reason: String)
  /// The file is not a scenario.
  case malformed(DiagnosticList)
}
