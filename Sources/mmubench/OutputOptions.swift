import ArgumentParser
import Glibc
import Report

/// How answers are written.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Write one JSON object a line.")
  var json = false

  @Option(help: ArgumentHelp("Colour the text: auto, always or never.", valueName: "when"))
  var color = ColorChoice.auto

  /// Runs `body` on standard output and writes what it leaves in the buffer.
  func write(_ body: (ReportStream) throws -> Void) throws {
    let stream = ReportStream(
      descriptor: STDOUT_FILENO, name: "standard output",
      isColored: !json && Terminal.output.isColored(color))
    // What was found before an error is an answer too.
    let result = Result { try body(stream) }
    stream.flush()
    if let failure = stream.failure { throw failure }
    try result.get()
  }
}
