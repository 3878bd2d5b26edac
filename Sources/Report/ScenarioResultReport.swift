public import Golden
import ScenarioFile

extension ScenarioResult {
  /// The name of the scenario, which is that of its file.
  public var name: String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return file.hasSuffix(".yaml") ? String(file.dropLast(5)) : file
  }

  /// What to say of a golden that was written.
  var note: String? {
    recorded ? "the golden was written: look at it before you keep it" : nil
  }

  /// Writes the outcome as JSON.
  public func writeJSON(to out: inout TextBuffer) {
    out.openObject()
    out.member("scenario", name)
    out.member("result", verdict.rawValue)
    out.openArray("failures")
    for failure in failures {
      out.openElement()
      out.member("expectation", failure.expectation)
      out.member("expected", failure.expected)
      out.member("got", failure.got)
      if let place = failure.place { out.member("place", place) }
      if let system = failure.system { out.member("system", system) }
      out.closeObject()
    }
    out.closeArray()
    out.member("path", path)
    if let diagnostics { out.member("diagnostics", diagnostics) }
    if let note { out.member("note", note) }
    out.closeLine()
  }

  /// Writes the outcome for people.
  public func writeText(to out: inout TextBuffer) {
    out.write(verdict.rawValue, verdict == .passed ? .green : .red, width: 11)
    out.write(path.visible)
    out.endLine()
    for failure in failures {
      out.write("  ")
      if let place = failure.place { out.write("\(place.visible): ") }
      out.write(failure.expectation.visible, .bold)
      if let system = failure.system { out.write(" on \(system.visible)") }
      out.write("\n    expected  ")
      out.write(failure.expected.visible, .green)
      out.write("\n    got       ")
      out.write(failure.got.visible, .red)
      out.endLine()
    }
    for line in (diagnostics ?? "").split(separator: "\n") { out.write("  \(line)\n") }
    if let note { out.write("  \(note.visible)\n", .yellow) }
  }
}
