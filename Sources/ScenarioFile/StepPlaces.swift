/// Where the steps of a timeline are in a text: parts of it that can be parsed one after the other.
struct StepPlaces {
  /// Some steps that follow each other.
  struct Part {
    /// The bytes of whole lines.
    var bytes: Range<Int>
    /// The line with which they begin, from 1.
    var line: Int
  }

  private static let key = Array("timeline".utf8)
  /// Whether the last key of the root was `timeline`.
  private(set) var isTimeline = false
  /// Where the parts begin, but for the last so far.
  private var starts: [(offset: Int, line: Int)] = []
  /// Where the key after the timeline begins.
  private var end: Int?
  /// The number of steps.
  private(set) var count = 0
  /// The scalars, lists and mappings of all steps before the last part, and of that part.
  private var nodesBefore = 0
  var nodesOfPart = 0

  /// Whether what is read now is part of a step.
  var isOpen: Bool { isTimeline && count > 0 }
  /// The scalars, lists and mappings of all steps.
  var nodes: Int { nodesBefore + nodesOfPart }

  /// A key of the root was met.
  mutating func noteRootKey(_ name: ArraySlice<UInt8>, startOfLine: Int) {
    if isOpen { end = startOfLine }
    isTimeline = name.elementsEqual(Self.key)
  }

  /// A step begins, in a new part where the last has as many nodes as it should.
  mutating func begin(at offset: Int, line: Int, nodes limit: Int) {
    count += 1
    guard starts.isEmpty || nodesOfPart >= limit else { return }
    starts.append((offset, line))
    nodesBefore += nodesOfPart
    nodesOfPart = 0
  }

  /// The parts, up to the end of the timeline or of the text.
  func parts(of bytes: [UInt8]) -> [Part] {
    zip(starts, starts.dropFirst().map(\.offset) + [end ?? bytes.count]).map {
      Part(bytes: $0.offset..<$1, line: $0.line)
    }
  }
}

/// A text whose timeline is too long to be parsed at once.
struct LongTimeline {
  private let bytes: [UInt8]
  private let parts: [StepPlaces.Part]
  /// How many steps there are.
  let count: Int

  /// The timeline of a text that a guard has read; nil where the text can be parsed as a whole.
  init?(_ syntax: SyntaxGuard) {
    guard syntax.nodes + syntax.steps.nodes > syntax.limits.whole, syntax.steps.count > 0 else {
      return nil
    }
    bytes = syntax.bytes
    parts = syntax.steps.parts(of: bytes)
    count = syntax.steps.count
  }

  /// The number of bytes beside the steps.
  var otherBytes: Int { parts.reduce(bytes.count) { $0 - $1.bytes.count } }

  /// The text without the steps; everything else is on its line.
  var rest: String {
    guard let first = parts.first, let last = parts.last else { return "" }
    let gone = bytes[first.bytes.lowerBound..<last.bytes.upperBound]
    let lines = gone.count { $0 == UInt8(ascii: "\n") }
    let rest =
      bytes[..<first.bytes.lowerBound] + repeatElement(UInt8(ascii: "\n"), count: lines)
      + bytes[last.bytes.upperBound...]
    return String(decoding: rest, as: UTF8.self)
  }

  /// Gives each step, in order, and the place of the first.
  ///
  /// - Throws: the first thing that is wrong with the text.
  func forEachStep(_ body: (YAMLValue) -> Void) throws(Diagnostic) -> SourceMark? {
    var mark: SourceMark?
    for part in parts {
      let text = String(decoding: bytes[part.bytes], as: UTF8.self)
      let value = try YAMLValue(composing: text, firstLine: part.line)
      mark = mark ?? value.mark
      guard case .list(let steps) = value.kind else {
        throw Diagnostic(.wrongKind, "the steps of the timeline are no list here", at: value.mark)
      }
      for step in steps { body(step) }
    }
    return mark
  }
}
