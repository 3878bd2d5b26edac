/// A decompressor that takes its input and gives its output in pieces.
protocol Decoder: AnyObject {
  /// Decodes a piece of the file into `output`, whose size does not change.
  ///
  /// - Parameters:
  ///   - input: what follows the bytes consumed so far, at least 2 bytes unless the file ends.
  ///   - atEnd: whether the file ends with this piece.
  ///   - output: takes the decoded bytes.
  /// - Returns: how far it came.
  /// - Throws: a failure, with the number of bytes of `input` that were still good.
  func decode(
    _ input: RawSpan, atEnd: Bool, into output: inout [UInt8]
  ) throws(DecodingFailure) -> DecodingProgress
}

/// A decoder of files of any number of frames, whose library ends each of them by itself.
protocol FrameDecoder: Decoder {
  /// Whether a frame has ended and none has begun.
  var isBetweenFrames: Bool { get set }

  /// Decodes a piece of frames, as `decode` does.
  func decompress(
    _ input: RawSpan, into output: inout [UInt8]
  ) throws(DecodingFailure) -> DecodingProgress
}

extension FrameDecoder {
  func decode(
    _ input: RawSpan, atEnd: Bool, into output: inout [UInt8]
  ) throws(DecodingFailure) -> DecodingProgress {
    var skipped = 0
    if isBetweenFrames {
      skipped = countZeros(input)
      if skipped == input.byteCount {
        return DecodingProgress(
          consumed: skipped, produced: 0, state: atEnd ? .finished : .betweenMembers)
      }
      isBetweenFrames = false
    }
    var progress = try decompress(input.extracting(droppingFirst: skipped), into: &output)
    progress.consumed += skipped
    return progress
  }
}

/// How far one step of a decoder came.
struct DecodingProgress {
  /// The bytes of input that are done with.
  var consumed: Int
  /// The bytes of output that are filled.
  var produced: Int
  /// What ended.
  var state = State.decoding

  enum State {
    /// More is to come.
    case decoding
    /// A member or frame ended, which is progress though no byte moved.
    case betweenMembers
    /// All is decoded.
    case finished
    /// All is decoded; what follows is none of the format's.
    case finishedBeforeGarbage
  }
}

/// Why a decoder gave up.
struct DecodingFailure: Error {
  /// The bytes of the last input that were still good.
  var consumed: Int
  /// The bytes of output that were filled before, as far as the library says.
  var produced = 0
  /// What is wrong.
  var reason: Reason

  enum Reason {
    /// The data contradict the format, in the words of the library.
    case corrupt(String)
    /// The file ends within the data.
    case cutOff
    /// The decoder would need more memory than allowed; 0 where it does not say how much.
    case needsMemory(UInt64)
    /// The library could not be set up.
    case unavailable(String)
  }
}

/// Skips the zeros with which tapes and block devices fill the end of a file.
func countZeros(_ input: RawSpan) -> Int {
  var count = 0
  while count < input.byteCount,
    unsafe input.unsafeLoadUnaligned(fromByteOffset: count, as: UInt8.self) == 0
  {
    count += 1
  }
  return count
}
