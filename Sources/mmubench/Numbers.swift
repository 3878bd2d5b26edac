import ArgumentParser
import ScenarioFile

/// Reads the numbers of the command line as scenario files have them.
enum Numbers {
  /// A number or an address.
  static func number(_ text: String) throws -> UInt64 {
    do { return try NumberText.number(text) } catch { throw invalid(text, error) }
  }

  /// Two addresses with `..` between them, both inclusive.
  static func range(_ text: String) throws -> ClosedRange<UInt64> {
    do { return try NumberText.range(text) } catch { throw invalid(text, error) }
  }

  private static func invalid(_ text: String, _ failure: NumberText.Failure) -> ValidationError {
    ValidationError("`\(text)` \(failure.explanation); \(failure.suggestion)")
  }
}
