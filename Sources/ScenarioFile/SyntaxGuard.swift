/// Reads the tokens of a YAML text, before the YAML parser does, to refuse what could hurt it and what a
/// scenario does not use: deep nesting, anchors and aliases, tags, directives, several documents.
///
/// It makes the same decisions as libyaml's scanner, token by token, so that an `&` in quotes, in a
/// block scalar or inside plain text is text to both. Where libyaml would report an error, the guard
/// stops and leaves the words to libyaml. Blocks are known by column; columns here are bytes, which is
/// the same thing as long as only blanks and `-` stand before a key.
package struct SyntaxGuard {
  /// How many lists and mappings may lie in each other.
  package static let maximumDepth = 64

  /// How much a file may have, and how much of it is parsed at once.
  package struct Limits {
    /// How many scalars, lists and mappings there may be beside the steps of the timeline, and in each of them.
    package var nodes = 1 << 18
    /// How many steps a timeline may have.
    package var steps = 1 << 21
    /// With more scalars, lists and mappings than this, the steps are parsed in parts.
    package var whole = 1 << 18
    /// About so many are in each part.
    package var part = 1 << 15

    /// The usual ones.
    package init() {}
  }

  let bytes: [UInt8]
  var position = 0
  var line = 1
  private var lineStart = 0
  var blocks: [Frame] = []
  var flows: [Frame] = []
  var keys = [SimpleKey()]
  var isKeyAllowed = true
  let limits: Limits
  /// The scalars, lists and mappings beside the steps of the timeline, and those of the last step.
  var nodes = 0
  var stepNodes = 0
  /// The steps of the timeline, as far as they were met.
  var steps = StepPlaces()
  private var document = Document.notStarted

  /// Whether the end of the text was reached; otherwise libyaml has something to say.
  package private(set) var isComplete = false

  /// An open list or mapping.
  struct Frame {
    var column = -1
    var isMapping: Bool
    var seen: Set<ArraySlice<UInt8>> = []
  }

  /// A place that turns out to be a key if a `:` follows on the same line.
  struct SimpleKey {
    var isPossible = false
    var isRequired = false
    var start = 0
    var end: Int?
    var line = 0
    var column = 0
  }

  private enum Document { case notStarted, open, ended }

  /// Prepares to read a text that has been checked for its characters.
  package init(bytes: [UInt8], limits: Limits = Limits()) {
    (self.bytes, self.limits) = (bytes, limits)
  }

  /// Reads the whole text, or as far as libyaml will.
  package mutating func run() throws(Diagnostic) {
    while try token() {}
  }

  // MARK: - Tokens

  /// Reads one token; false at the end, and where libyaml stops.
  private mutating func token() throws(Diagnostic) -> Bool {
    try skipToToken()
    guard forgetStaleKeys() else { return false }
    closeBlocks(from: column)
    guard byte() != 0 else {
      isComplete = true
      return false
    }
    if column == 0, byte() == UInt8(ascii: "%") {
      throw Diagnostic(.unusedSyntax, "directives are not used in scenarios", at: mark())
    }
    if isDocumentIndicator { return try documentIndicator() }
    guard document != .ended else {
      throw Diagnostic(.severalDocuments, "a scenario file holds one document", at: mark())
    }
    document = .open
    return try content()
  }

  private mutating func content() throws(Diagnostic) -> Bool {
    switch byte() {
    case UInt8(ascii: "["), UInt8(ascii: "{"): return try openFlow()
    case UInt8(ascii: "]"), UInt8(ascii: "}"): return closeFlow()
    case UInt8(ascii: ","):
      guard isFlow, forgetKey() else { return false }
      isKeyAllowed = true
      position += 1
      return true
    case UInt8(ascii: "-") where isBlank(1): return try blockEntry()
    case UInt8(ascii: "?") where isFlow || isBlank(1):
      throw Diagnostic(
        .unusedSyntax, "keys with `?` are not used in scenarios", at: mark(),
        notes: ["write `key: value`"])
    case UInt8(ascii: ":") where isFlow || isBlank(1): return try value()
    case UInt8(ascii: "*"), UInt8(ascii: "&"):
      let word = byte() == UInt8(ascii: "*") ? "aliases" : "anchors"
      throw Diagnostic(
        .anchorOrAlias, "\(word) are not used in scenarios", at: mark(),
        notes: ["write the value out, or put it in quotes if it is text"])
    case UInt8(ascii: "!"):
      throw Diagnostic(
        .tag, "tags are not used in scenarios", at: mark(),
        notes: ["put the value in quotes if it is text"])
    case UInt8(ascii: "|") where !isFlow, UInt8(ascii: ">") where !isFlow:
      guard forgetKey() else { return false }
      isKeyAllowed = true
      try countNode()
      return skipBlockScalar(indent: indent)
    case UInt8(ascii: "'"), UInt8(ascii: "\""):
      return try scalar { (self: inout Self) throws(Diagnostic) in self.skipQuoted() }
    case let first where canStartPlain(first):
      return try scalar { (self: inout Self) throws(Diagnostic) in
        try self.skipPlain(indent: self.indent + 1)
      }
    default: return false
    }
  }

  private mutating func documentIndicator() throws(Diagnostic) -> Bool {
    let isStart = byte() == UInt8(ascii: "-")
    guard document == .notStarted || !isStart else {
      throw Diagnostic(.severalDocuments, "a scenario file holds one document", at: mark())
    }
    document = isStart ? .open : .ended
    // Inside `[` or `{` libyaml has its own complaint.
    guard flows.isEmpty else { return false }
    closeBlocks(from: -1)
    guard forgetKey() else { return false }
    isKeyAllowed = false
    position += 3
    return true
  }

  private mutating func openFlow() throws(Diagnostic) -> Bool {
    guard noteKey() else { return false }
    flows.append(Frame(isMapping: byte() == UInt8(ascii: "{")))
    keys.append(SimpleKey())
    isKeyAllowed = true
    try checkDepth()
    try countNode()
    position += 1
    return true
  }

  private mutating func closeFlow() -> Bool {
    guard !flows.isEmpty, forgetKey() else { return false }
    flows.removeLast()
    keys.removeLast()
    isKeyAllowed = false
    position += 1
    return true
  }

  private mutating func blockEntry() throws(Diagnostic) -> Bool {
    guard flows.isEmpty, isKeyAllowed else { return false }
    try openBlock(at: column, isMapping: false)
    try noteStep()
    guard forgetKey() else { return false }
    isKeyAllowed = true
    position += 1
    return true
  }

  private mutating func value() throws(Diagnostic) -> Bool {
    let key = keys[keys.count - 1]
    if key.isPossible {
      try openBlock(at: key.column, isMapping: true)
      keys[keys.count - 1].isPossible = false
      isKeyAllowed = false
      if let end = key.end { try noteKeyText(bytes[key.start..<end], at: key) }
    } else {
      if flows.isEmpty {
        guard isKeyAllowed else { return false }
        try openBlock(at: column, isMapping: true)
      }
      isKeyAllowed = flows.isEmpty
    }
    position += 1
    return true
  }

  private mutating func scalar(
    _ skip: (inout Self) throws(Diagnostic) -> Int?
  ) throws(Diagnostic) -> Bool {
    let isNoted = isKeyAllowed
    guard noteKey() else { return false }
    isKeyAllowed = false
    try countNode()
    guard let end = try skip(&self) else { return false }
    if isNoted { keys[keys.count - 1].end = end }
    return true
  }

  // MARK: - Places

  /// The bytes before the position on its line.
  var column: Int { position - lineStart }

  /// Where in the text the current line begins.
  var startOfLine: Int { lineStart }

  /// The byte so far ahead, 0 beyond the end.
  func byte(_ ahead: Int = 0) -> UInt8 {
    position + ahead < bytes.count ? bytes[position + ahead] : 0
  }

  /// Steps over a line end, which is `\n` or `\r\n`.
  mutating func nextLine() {
    position += byte() == UInt8(ascii: "\r") ? 2 : 1
    line += 1
    lineStart = position
  }

  /// The place of a byte on the current line, or of the position.
  func mark(at place: Int? = nil) -> SourceMark {
    let before = bytes[lineStart..<min(place ?? position, bytes.count)]
    return SourceMark(line: line, column: 1 + before.count { $0 & 0xc0 != 0x80 })
  }
}
