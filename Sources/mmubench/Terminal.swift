import ArgumentParser
import Glibc

/// When text is coloured.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, always, never
}

/// What is known of a descriptor that text is written to.
struct Terminal {
  /// Whether somebody looks at it.
  let isTerminal: Bool
  /// Whether text is coloured there, unless the user says otherwise.
  let isColored: Bool

  static let output = Terminal(STDOUT_FILENO)
  static let error = Terminal(STDERR_FILENO)

  private init(_ descriptor: Int32) {
    isTerminal = isatty(descriptor) == 1
    // no-color.org: any value but the empty one turns colours off.
    isColored =
      isTerminal && Self.variable("NO_COLOR") == "" && Self.variable("TERM") != "dumb"
  }

  func isColored(_ choice: ColorChoice) -> Bool {
    switch choice {
    case .auto: isColored
    case .always: true
    case .never: false
    }
  }

  private static func variable(_ name: String) -> String {
    guard let value = unsafe getenv(name) else { return "" }
    return unsafe String(cString: value)
  }
}
