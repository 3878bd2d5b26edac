public import Golden

/// Writes the outcome of a run as JUnit XML, which build servers read.
public enum JUnitReport {
  /// Writes the whole file.
  public static func write(_ results: [ScenarioResult], to out: inout TextBuffer) {
    let failures = results.filter { $0.verdict == .failed }.count
    let errors = results.filter { $0.verdict == .malformed }.count
    let seconds = results.reduce(0) { $0 + $1.seconds }
    out.write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
    let counts =
      "tests=\"\(results.count)\" failures=\"\(failures)\" errors=\"\(errors)\""
      + " time=\"\(time(seconds))\""
    out.write("<testsuites name=\"mmubench\" \(counts)>\n")
    out.write("  <testsuite name=\"scenarios\" \(counts)>\n")
    for result in results { write(result, to: &out) }
    out.write("  </testsuite>\n</testsuites>\n")
  }

  private static func write(_ result: ScenarioResult, to out: inout TextBuffer) {
    let folder = result.path.split(separator: "/").dropLast().joined(separator: ".")
    out.write(
      "    <testcase classname=\"\(escaped(folder))\" name=\"\(escaped(result.name))\""
        + " file=\"\(escaped(result.path))\" time=\"\(time(result.seconds))\"")
    guard result.verdict != .passed else { return out.write("/>\n") }
    out.write(">\n")
    for failure in result.failures {
      let place = failure.place.map { "\($0): " } ?? ""
      let system = failure.system.map { " on \($0)" } ?? ""
      let text = "\(place)expected \(failure.expected), got \(failure.got)"
      out.write(
        "      <failure message=\"\(escaped(failure.expectation + system))\">"
          + "\(escaped(text))</failure>\n")
    }
    if let diagnostics = result.diagnostics {
      out.write("      <error message=\"malformed scenario\">\(escaped(diagnostics))</error>\n")
    }
    if result.failures.isEmpty, let note = result.note {
      out.write("      <failure message=\"\(escaped(note))\"/>\n")
    }
    out.write("    </testcase>\n")
  }

  /// Seconds with three decimals, as the format has them, without a locale.
  private static func time(_ seconds: Double) -> String {
    let thousandths = UInt64(max(0, min(seconds, 1e12)) * 1000)
    let fraction = String(thousandths % 1000)
    return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
  }

  /// Text for XML 1.0, which has no control characters at all.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n": result += "&#10;"
      case "\t": result += "&#9;"
      case "\u{0}"..<" ", "\u{fffe}", "\u{ffff}": result += "\u{fffd}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
