import ArgumentParser
import DumpFormats

/// The names of formats on the command line.
enum DumpFormatName {
  /// All that can be written.
  static var choices: String { DumpWriter.Format.allCases.map(\.rawValue).joined(separator: ", ") }

  /// The names, for shells that complete them.
  static var completion: CompletionKind { .list(DumpWriter.Format.allCases.map(\.rawValue)) }

  /// The format with the name `text`.
  static func format(_ text: String) throws -> DumpWriter.Format {
    if let format = DumpWriter.Format(rawValue: text) { return format }
    throw ValidationError("no format `\(text)`; there are \(choices)")
  }
}
