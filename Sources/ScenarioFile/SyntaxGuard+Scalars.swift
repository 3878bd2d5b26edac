extension SyntaxGuard {
  /// Whether a blank, a line end or the end of the text is so far ahead.
  func isBlank(_ ahead: Int = 0) -> Bool {
    switch byte(ahead) {
    case 0, UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): true
    default: false
    }
  }

  private var isLineEnd: Bool { byte() == UInt8(ascii: "\n") || byte() == UInt8(ascii: "\r") }

  private var isSpaceOrTab: Bool { byte() == UInt8(ascii: " ") || byte() == UInt8(ascii: "\t") }

  /// Whether `---` or `...` stands at the start of the line.
  var isDocumentIndicator: Bool {
    guard column == 0, byte() == UInt8(ascii: "-") || byte() == UInt8(ascii: ".") else {
      return false
    }
    return byte(1) == byte() && byte(2) == byte() && isBlank(3)
  }

  /// Skips blanks, comments and line ends.
  mutating func skipToToken() throws(Diagnostic) {
    while true {
      while byte() == UInt8(ascii: " ") || (byte() == UInt8(ascii: "\t") && !isBlockKeyAllowed) {
        position += 1
      }
      if byte() == UInt8(ascii: "#") { skipLine() }
      guard isLineEnd else { break }
      nextLine()
      if !isFlow { isKeyAllowed = true }
    }
    if byte() == UInt8(ascii: "\t") { throw tabDiagnostic }
  }

  private var isBlockKeyAllowed: Bool { !isFlow && isKeyAllowed }

  private var tabDiagnostic: Diagnostic {
    Diagnostic(
      .characterNotAllowed, "a tab cannot indent a line or follow `-`", at: mark(),
      notes: ["indent with spaces"])
  }

  private mutating func skipLine() {
    while byte() != 0, !isLineEnd { position += 1 }
  }

  /// Whether a plain scalar may start with this byte.
  func canStartPlain(_ first: UInt8) -> Bool {
    switch first {
    case UInt8(ascii: "-"): byte(1) != UInt8(ascii: " ") && byte(1) != UInt8(ascii: "\t")
    case UInt8(ascii: "?"), UInt8(ascii: ":"): !isFlow && !isBlank(1)
    case UInt8(ascii: "%"), UInt8(ascii: "@"), UInt8(ascii: "`"), UInt8(ascii: "|"),
      UInt8(ascii: ">"), UInt8(ascii: "#"):
      false
    default: true
    }
  }

  /// Skips a plain scalar over all its lines and returns where it ends; nil where libyaml stops.
  mutating func skipPlain(indent: Int) throws(Diagnostic) -> Int? {
    var end = position
    var isOnNewLine = false
    while !isDocumentIndicator, byte() != UInt8(ascii: "#") {
      while !isBlank() {
        let isColon = byte() == UInt8(ascii: ":")
        if isFlow, isColon, Self.endsFlowPlain(byte(1)) || byte(1) == UInt8(ascii: "?") {
          return nil
        }
        if isColon && isBlank(1) || isFlow && Self.endsFlowPlain(byte()) { break }
        position += 1
        end = position
        isOnNewLine = false
      }
      guard isSpaceOrTab || isLineEnd else { break }
      while isSpaceOrTab || isLineEnd {
        if isLineEnd {
          nextLine()
          isOnNewLine = true
        } else {
          if isOnNewLine, column < indent, byte() == UInt8(ascii: "\t") { throw tabDiagnostic }
          position += 1
        }
      }
      if !isFlow, column < indent { break }
    }
    if isOnNewLine { isKeyAllowed = true }
    return end
  }

  private static func endsFlowPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
      UInt8(ascii: "}"):
      true
    default: false
    }
  }

  /// Skips a quoted scalar and returns where it ends; nil where libyaml stops.
  mutating func skipQuoted() -> Int? {
    let quote = byte()
    let isSingle = quote == UInt8(ascii: "'")
    position += 1
    while true {
      guard !isDocumentIndicator, byte() != 0 else { return nil }
      word: while !isBlank() {
        switch byte() {
        case quote where isSingle && byte(1) == quote: position += 2
        case quote: break word
        case UInt8(ascii: "\\") where !isSingle:
          position += 1
          if isLineEnd {
            nextLine()
            break word
          }
          position += 1
        default: position += 1
        }
      }
      if byte() == quote { break }
      while isSpaceOrTab || isLineEnd {
        if isLineEnd { nextLine() } else { position += 1 }
      }
    }
    position += 1
    return position
  }

  /// Skips a block scalar in a block of this indentation; false where libyaml stops.
  mutating func skipBlockScalar(indent parent: Int) -> Bool {
    position += 1
    var increment = 0
    let first = byte()
    if isChomping(first) { position += 1 }
    if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte()) {
      increment = Int(byte() - UInt8(ascii: "0"))
      guard increment > 0 else { return false }
      position += 1
      if !isChomping(first), isChomping(byte()) { position += 1 }
    }
    while isSpaceOrTab { position += 1 }
    if byte() == UInt8(ascii: "#") { skipLine() }
    guard isLineEnd || byte() == 0 else { return false }
    if isLineEnd { nextLine() }
    var indent = increment > 0 ? max(parent, 0) + increment : 0
    guard skipIndentation(&indent, parent: parent) else { return false }
    while column == indent, byte() != 0 {
      skipLine()
      if isLineEnd { nextLine() }
      guard skipIndentation(&indent, parent: parent) else { return false }
    }
    return true
  }

  private func isChomping(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
  }

  /// Skips the blank lines and the indentation before a line of a block scalar, and finds out the
  /// indentation if it is not known (0).
  private mutating func skipIndentation(_ indent: inout Int, parent: Int) -> Bool {
    var deepest = 0
    while true {
      while indent == 0 || column < indent, byte() == UInt8(ascii: " ") { position += 1 }
      deepest = max(deepest, column)
      if indent == 0 || column < indent, byte() == UInt8(ascii: "\t") { return false }
      guard isLineEnd else { break }
      nextLine()
    }
    if indent == 0 { indent = max(deepest, parent + 1, 1) }
    return true
  }
}
