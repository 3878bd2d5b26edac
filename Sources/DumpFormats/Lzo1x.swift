/// Decompresses LZO1X, whose library has another licence than this package.
///
/// Written from the description of the stream in the Linux kernel's documentation (staging/lzo).
struct Lzo1x {
  /// What is wrong with the data; an offset counts from their beginning.
  enum Defect: Error, Hashable {
    case endOfInput(offset: Int)
    case outputTooLarge(offset: Int)
    case distanceTooGreat(offset: Int)
    case bytesAfterEnd(offset: Int)
  }

  /// What the smallest instructions mean depends on the literals that came last.
  private enum Literals: Equatable {
    /// 0 to 3 of them, behind a match.
    case few(Int)
    /// A run of its own.
    case run
  }

  /// Added to the distances of the instructions that do not begin with the nearest ones.
  private static let middleDistance = 0x800
  private static let farDistance = 0x4000
  /// An instruction of a run of literals has at least 4 of them, one that is a number in the first
  /// byte of all counts from 17 on.
  private static let shortestRun = 3
  private static let firstByteBase = 17

  private let input: [UInt8]
  private let capacity: Int
  private var position = 0
  private var output: [UInt8] = []
  private var literals = Literals.few(0)

  private init(_ input: [UInt8], capacity: Int) {
    self.input = input
    self.capacity = capacity
    output.reserveCapacity(capacity)
  }

  /// The decompressed data, at most `capacity` bytes.
  static func decompress(_ input: [UInt8], capacity: Int) throws(Defect) -> [UInt8] {
    var decoder = Lzo1x(input, capacity: capacity)
    try decoder.decompress()
    return decoder.output
  }

  private mutating func decompress() throws(Defect) {
    if let first = input.first, first > Self.firstByteBase {
      position = 1
      let count = Int(first) - Self.firstByteBase
      try copyLiterals(count)
      literals = count < 4 ? .few(count) : .run
    }
    while try !step() {}
    guard position == input.count else { throw .bytesAfterEnd(offset: position) }
  }

  /// Carries out one instruction; true at that which ends the stream.
  private mutating func step() throws(Defect) -> Bool {
    let code = Int(try byte())
    switch code {
    case 0b0100_0000...:
      // Length 3 to 8, distance 1 to 2048.
      let distance = Int(try byte()) << 3 + code >> 2 & 7 + 1
      try copyMatch(distance: distance, count: code >> 5 + 1)
      try copyFewLiterals(code & 3)
    case 0b0010_0000...:
      // Any length, distance 1 to 16384.
      let count = try length(code & 31, longest: 31) + 2
      let word = try word()
      try copyMatch(distance: word >> 2 + 1, count: count)
      try copyFewLiterals(word & 3)
    case 0b0001_0000...:
      // Any length, distance 16384 to 49151; the least one ends the stream.
      let count = try length(code & 7, longest: 7) + 2
      let word = try word()
      let distance = code << 11 & Self.farDistance + word >> 2
      if distance == 0 { return true }
      try copyMatch(distance: distance + Self.farDistance, count: count)
      try copyFewLiterals(word & 3)
    default: try smallStep(code)
    }
    return false
  }

  /// Carries out an instruction below 16.
  private mutating func smallStep(_ code: Int) throws(Defect) {
    switch literals {
    case .few(0):
      try copyLiterals(length(code, longest: 15) + Self.shortestRun)
      literals = .run
    case .few:
      try copyMatch(distance: Int(try byte()) << 2 + code >> 2 + 1, count: 2)
      try copyFewLiterals(code & 3)
    case .run:
      let distance = Int(try byte()) << 2 + code >> 2 + Self.middleDistance + 1
      try copyMatch(distance: distance, count: 3)
      try copyFewLiterals(code & 3)
    }
  }

  private mutating func byte() throws(Defect) -> UInt8 {
    guard position < input.count else { throw .endOfInput(offset: position) }
    defer { position += 1 }
    return input[position]
  }

  private mutating func word() throws(Defect) -> Int {
    let low = Int(try byte())
    return low | Int(try byte()) << 8
  }

  /// A length that is in the instruction, or else `longest` and what the next bytes add: 255 for
  /// each zero, and the first that is none.
  private mutating func length(_ code: Int, longest: Int) throws(Defect) -> Int {
    guard code == 0 else { return code }
    var count = longest
    while true {
      let next = try byte()
      guard next == 0 else { return count + Int(next) }
      count += 255
      guard count <= capacity else { throw .outputTooLarge(offset: position) }
    }
  }

  private mutating func copyFewLiterals(_ count: Int) throws(Defect) {
    try copyLiterals(count)
    literals = .few(count)
  }

  private mutating func copyLiterals(_ count: Int) throws(Defect) {
    guard count <= input.count - position else { throw .endOfInput(offset: input.count) }
    guard count <= capacity - output.count else { throw .outputTooLarge(offset: position) }
    output += input[position..<position + count]
    position += count
  }

  /// Repeats bytes of the output; those that a match itself writes count too.
  private mutating func copyMatch(distance: Int, count: Int) throws(Defect) {
    guard distance <= output.count else { throw .distanceTooGreat(offset: position) }
    guard count <= capacity - output.count else { throw .outputTooLarge(offset: position) }
    for index in output.count - distance..<output.count - distance + count {
      output.append(output[index])
    }
  }
}
