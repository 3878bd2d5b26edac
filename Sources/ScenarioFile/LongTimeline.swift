import Dispatch
import Synchronization

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
    var next = parts.first.map { Parsing(bytes, $0) }
    for index in parts.indices {
      guard let value = try next?.result() else { break }
      next = index + 1 < parts.count ? Parsing(bytes, parts[index + 1]) : nil
      mark = mark ?? value.mark
      guard case .list(let steps) = value.kind else {
        throw Diagnostic(.wrongKind, "the steps of the timeline are no list here", at: value.mark)
      }
      for step in steps { body(step) }
    }
    return mark
  }
}

/// A part of a text that another thread parses, while this one reads the steps of the part before.
private final class Parsing: Sendable {
  private let value = Mutex<Result<YAMLValue, Diagnostic>?>(nil)
  private let queue: DispatchQueue

  init(_ bytes: [UInt8], _ part: StepPlaces.Part) {
    queue = DispatchQueue(label: "part of a timeline")
    queue.async { [self] in
      let text = String(decoding: bytes[part.bytes], as: UTF8.self)
      let parsed = Result { () throws(Diagnostic) in
        try YAMLValue(composing: text, firstLine: part.line)
      }
      value.withLock { $0 = parsed }
    }
  }

  /// What the part says, once it is parsed.
  func result() throws(Diagnostic) -> YAMLValue? {
    queue.sync {}
    return try value.withLock { $0 }?.get()
  }
}
