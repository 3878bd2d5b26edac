import ArgumentParser
import ScenarioFile

/// Reads the numbers of the command line as scenario files have them.
enum Numbers {
  /// A number that is no address and no size.
  static func number(_ text: String) throws -> UInt64 {
    do { return try NumberText.number(text) } catch { throw invalid(text, error) }
  }

  /// An address, with a unit or without: `0x1000`, `4K`.
  static func address(_ text: String) throws -> UInt64 {
    do { return try NumberText.address(text) } catch { throw invalid(text, error) }
  }

  /// A number of bytes, with a unit or without.
  static func size(_ text: String) throws -> UInt64 {
    do { return try NumberText.size(text) } catch { throw invalid(text, error) }
  }

  /// A number that fits a byte.
  static func byte(_ text: String) throws -> UInt8 {
    guard let byte = UInt8(exactly: try number(text)) else {
      throw ValidationError("`\(text)` does not fit a byte")
    }
    return byte
  }

  /// Two addresses with `..` between them, both inclusive.
  static func range(_ text: String) throws -> ClosedRange<UInt64> {
    do { return try NumberText.range(text, hasUnits: true) } catch { throw invalid(text, error) }
  }

  /// An address, two with `..` between them, or one and a size: `0x1000`, `0x1000..0x1fff`, `0x1000+4K`.
  static func addresses(_ text: String) throws -> ClosedRange<UInt64> {
    if NumberText.looksLikeRange(text) { return try range(text) }
    let parts = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return try address(text)...address(text) }
    let first = try address(String(parts[0]))
    let size = try self.size(String(parts[1]))
    guard size > 0, first <= UInt64.max - (size - 1) else {
      throw ValidationError("`\(text)`: the size is 0, or the addresses do not fit 64 bits")
    }
    return first...(first + (size - 1))
  }

  private static func invalid(_ text: String, _ failure: NumberText.Failure) -> ValidationError {
    ValidationError("`\(text)` \(failure.explanation); \(failure.suggestion)")
  }
}
