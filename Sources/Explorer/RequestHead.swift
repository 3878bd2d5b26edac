/// The request line and the header fields of a request, as far as they have come.
package struct RequestHead: Sendable {
  /// Why a request is not passed on.
  package struct Refusal: Hashable, Sendable {
    /// The status of HTTP.
    package let status: Int
    /// The reason in words.
    package let text: String
    /// The header fields that tell a client more.
    package var fields: [String] = []
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

  /// The head with one header field more, a path as its target, and nothing said of content.
  ///
  /// - Parameter line: the field with the end of its line; it becomes the last one, which counts where
  ///   a name is there twice.
  /// - Returns: the bytes.
  package func bytes(adding line: String) -> [UInt8] {
    var words = words.map { String(decoding: $0, as: UTF8.self) }
    var fields = self.fields?.passedOn(without: absolute == nil ? [] : ["host"]) ?? []
    if let absolute {
      words[1] = absolute.path
      fields.append(RequestFields.Field(name: "Host", value: absolute.host))
    }
    let lines = [words.joined(separator: " ")] + fields.map { "\($0.name): \($0.value)" }
    return Array((lines.map { "\($0)\r\n" }.joined() + line + "\r\n").utf8)
  }

  /// Whether the answer is wanted whole, not its header fields alone.
  package var wantsContent: Bool { !bytes.starts(with: "HEAD ".utf8) }

  /// Whether the client has content to send, which nobody reads.
  package var announcesContent: Bool { fields?.announcesContent ?? false }

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

  /// The lines without their ends, but for the empty one.
  private var lines: [ArraySlice<UInt8>] {
    bytes.split(separator: Self.newline)
      .map { $0.last == Self.carriageReturn ? $0.dropLast() : $0 }.filter { !$0.isEmpty }
  }

  /// The words of the request line.
  private var words: [ArraySlice<UInt8>] {
    lines.first?.split(separator: Self.blank, omittingEmptySubsequences: false) ?? []
  }

  /// The header fields; nil where a line is none.
  private var fields: RequestFields? { RequestFields(lines.dropFirst()) }

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
      return Refusal(status: 405, text: "pages are only read", fields: ["Allow: GET, HEAD"])
    }
    guard words.count == 3,
      ["HTTP/1.1", "HTTP/1.0"].contains(String(decoding: words[2], as: UTF8.self))
    else { return Refusal(status: 505, text: "what is spoken here is HTTP/1.1") }
    guard words[1].first == UInt8(ascii: "/") || absolute != nil else {
      return Refusal(
        status: 400, text: "a target is a path, or an address that begins with http://")
    }
    guard let fields else {
      return Refusal(status: 400, text: "a line of the request is no header field")
    }
    let isHostNeeded = !words[2].elementsEqual("HTTP/1.0".utf8)
    return fields.problem(isHostNeeded: isHostNeeded).map { Refusal(status: 400, text: $0) }
  }

  private static let carriageReturn = UInt8(ascii: "\r")
}

extension [UInt8] {
  fileprivate func hasSuffix(_ text: String) -> Bool {
    suffix(text.utf8.count).elementsEqual(text.utf8)
  }
}
