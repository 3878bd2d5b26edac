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
