/// The request line and the header fields of a request, as far as they have come.
package struct RequestHead: Sendable {
  /// Why a request is not passed on.
  package struct Refusal: Hashable, Sendable {
    /// The status of HTTP.
    package let status: Int
    /// The reason in words.
    package let text: String
  }

  /// More bytes than this no page of ours leads to, its cookies included.
  package static let limit = 16 << 10
  /// The same for one line, which the HTTP library takes a time for that grows with the square of its length.
  package static let lineLimit = 4 << 10

  /// What has come.
  package private(set) var bytes: [UInt8] = []
  private var isWhole = false
  /// The length of the line under way.
  private var lineLength = 0

  /// Begins with nothing.
  package init() {}

  /// Adds what has come, up to the limit; what follows the head is not kept.
  package mutating func append(_ new: some Sequence<UInt8>) {
    for byte in new where !isDecided {
      bytes.append(byte)
      lineLength = byte == Self.newline ? 0 : lineLength + 1
      isWhole = byte == Self.newline && (bytes.hasSuffix("\n\n") || bytes.hasSuffix("\n\r\n"))
    }
  }

  private static let newline = UInt8(ascii: "\n")

  /// The head with one header field more, and a path as its target.
  ///
  /// - Parameter line: the field with the end of its line; it becomes the last one, which counts where
  ///   a name is there twice.
  /// - Returns: the bytes.
  package func bytes(adding line: String) -> [UInt8] {
    let end = bytes.hasSuffix("\r\n") ? 2 : 1
    guard let absolute else { return bytes.dropLast(end) + Array(line.utf8) + bytes.suffix(end) }
    let method = Array(bytes.prefix { $0 != Self.blank })
    let rest = Array(bytes.dropFirst(method.count + 1 + words[1].count).dropLast(end))
    let fields = "Host: \(absolute.host)\r\n\(line)"
    let target = [Self.blank] + Array(absolute.path.utf8)
    return [method, target, rest, Array(fields.utf8), Array(bytes.suffix(end))].flatMap(\.self)
  }

  /// Host and path of a target that names both; nil for a path alone.
  ///
  /// `GET http://name/` asks for that host, whatever the field Host says (RFC 9112, 3.2.2).
  private var absolute: (host: String, path: String)? {
    let scheme = "http://"
    let target = words.count > 1 ? String(decoding: words[1], as: UTF8.self) : ""
    guard target.prefix(scheme.count).lowercased() == scheme else { return nil }
    let rest = target.dropFirst(scheme.count)
    let host = rest.prefix { $0 != "/" && $0 != "?" }
    let path = rest.dropFirst(host.count)
    return (String(host), path.hasPrefix("/") ? String(path) : "/\(path)")
  }

  /// The words of the request line.
  private var words: [ArraySlice<UInt8>] {
    bytes.prefix { $0 != Self.newline && $0 != Self.carriageReturn }
      .split(separator: Self.blank, omittingEmptySubsequences: false)
  }

  private static let blank = UInt8(ascii: " ")

  /// Whether there is nothing more to wait for.
  package var isDecided: Bool { isWhole || isTooLong }

  private var isTooLong: Bool { bytes.count > Self.limit || lineLength > Self.lineLimit }

  /// The refusal; nil where the request may be passed on.
  package var refusal: Refusal? {
    guard isWhole else {
      guard isTooLong else { return Refusal(status: 400, text: "the request has no end") }
      return Refusal(
        status: 431,
        text: "a request of more than \(Self.limit) bytes, or \(Self.lineLimit) a line, is refused")
    }
    guard bytes.starts(with: "GET ".utf8) || bytes.starts(with: "HEAD ".utf8) else {
      return Refusal(status: 405, text: "pages are only read")
    }
    guard words.count == 3,
      ["HTTP/1.1", "HTTP/1.0"].contains(String(decoding: words[2], as: UTF8.self))
    else { return Refusal(status: 505, text: "what is spoken here is HTTP/1.1") }
    guard words[1].first == UInt8(ascii: "/") || absolute != nil else {
      return Refusal(
        status: 400, text: "a target is a path, or an address that begins with http://")
    }
    return nil
  }

  private static let carriageReturn = UInt8(ascii: "\r")
}

extension [UInt8] {
  fileprivate func hasSuffix(_ text: String) -> Bool {
    suffix(text.utf8.count).elementsEqual(text.utf8)
  }
}
