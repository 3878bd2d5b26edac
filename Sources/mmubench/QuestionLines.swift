import Glibc
import PhysicalMemory

/// Reads one question from the text of a line.
protocol QuestionReader {
  associatedtype Question
  /// The question in `text`, which is neither empty nor begins or ends with a blank.
  func question(in text: ArraySlice<UInt8>, at place: LinePlace) throws -> Question
}

/// Where a line stands, for what is said about it.
struct LinePlace {
  let name: String
  let line: Int

  /// The line is not what it should be.
  func malformed(_ message: String) -> Failure { .malformed("\(name):\(line): \(message)") }

  /// The line asks for what cannot be.
  func usage(_ message: String) -> Failure { .usage("\(name):\(line): \(message)") }
}

/// Reads questions from a descriptor, one a line, block by block as they come.
///
/// Blank lines and what follows a `#` are no questions and have no answer.
struct QuestionLines<Reader: QuestionReader> {
  private let descriptor: Int32
  private let name: String
  private let reader: Reader
  private var block: [UInt8]
  /// The begin of a line whose end has not been read yet.
  private var rest: [UInt8] = []
  private var line = 0
  private var isAtEnd = false
  /// What is wrong with the line after the questions that were given last.
  private var failure: (any Error)?

  private static var blockSize: Int { 1 << 16 }
  /// No question is longer than this, whatever comment follows it.
  private static var lineLimit: Int { 1 << 12 }

  /// Reads from `descriptor` what `reader` understands.
  init(descriptor: Int32, name: String, _ reader: Reader) {
    self.descriptor = descriptor
    self.name = name
    self.reader = reader
    block = [UInt8](repeating: 0, count: Self.blockSize)
  }

  /// The questions of the next block, or nil at the end.
  ///
  /// The questions before a malformed line are given first, so that they get their answers.
  mutating func next() throws -> [Reader.Question]? {
    if let failure { throw failure }
    guard !isAtEnd else { return nil }
    let count = try read()
    var questions: [Reader.Question] = []
    questions.reserveCapacity(count / 8)
    var start = 0
    do {
      while let end = block[start..<count].firstIndex(of: 0x0a) {
        try take(block[start..<end], into: &questions)
        start = end + 1
      }
      rest.append(contentsOf: block[start..<count])
      if rest.count > Self.lineLimit {
        throw LinePlace(name: name, line: line + 1).malformed("the line is too long")
      }
      if count == 0 {
        isAtEnd = true
        if !rest.isEmpty { try take([], into: &questions) }
      }
    } catch {
      failure = error
    }
    return questions
  }

  /// Takes a line, the end of which is `bytes`.
  private mutating func take(
    _ bytes: ArraySlice<UInt8>, into questions: inout [Reader.Question]
  ) throws {
    line += 1
    var text = bytes
    if !rest.isEmpty {
      text = (rest + bytes)[...]
      rest = []
    }
    if let comment = text.firstIndex(of: 0x23) { text = text[..<comment] }
    while let last = text.last, last.isBlank { text.removeLast() }
    while let first = text.first, first.isBlank { text.removeFirst() }
    guard !text.isEmpty else { return }
    questions.append(try reader.question(in: text, at: LinePlace(name: name, line: line)))
  }

  private mutating func read() throws(SystemError) -> Int {
    while true {
      let descriptor = descriptor
      let count = unsafe block.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      }
      if count >= 0 { return count }
      guard errno == EINTR else { throw SystemError("read", name, code: errno) }
    }
  }
}

extension UInt8 {
  /// Whether the byte separates words of a line: blank, tab, or the rest of a foreign line end.
  var isBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0d }
}
