import Explorer
import Testing

/// What of a request is passed on, and what is refused before anything works on it.
@Suite struct RequestHeadTests {
  private static func head(_ text: String) -> RequestHead {
    var head = RequestHead()
    head.append(text.utf8)
    return head
  }

  @Test func theHeadOfARequestEndsWithAnEmptyLine() {
    let whole = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    let known = Self.head(whole + "GET /second")
    #expect(known.isDecided && known.refusal == nil)
    #expect(known.bytes == Array(whole.utf8), "what follows is not passed on")
    #expect(!Self.head("GET / HTTP/1.1\r\nHost: a\r\n").isDecided)
    #expect(Self.head("GET / HTTP/1.1\nHost: a\n\n").refusal == nil)
    #expect(Self.head("GET / HTTP/1.0\n\n").refusal == nil)
    #expect(Self.head("POST / HTTP/1.1\r\n\r\n").refusal?.status == 405)
    for target in ["*", "b:1", "https://b/"] {
      #expect(Self.head("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").refusal?.status == 400)
    }
    let limit = RequestHead.lineLimit
    #expect(Self.head(String(repeating: "a", count: limit + 1)).refusal?.status == 431)
    #expect(Self.head(String(repeating: "a", count: limit)).refusal?.status == 400)
    let lines = String(repeating: "a: 1234\n", count: RequestHead.limit / 8)
    #expect(Self.head(lines + "a").refusal?.status == 431)
    #expect(Self.head(lines).refusal?.status == 400)
  }

  /// A field that the server adds comes last, a host that the target names counts, and of content nothing is said.
  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n"),
    ("HEAD /a?b=c HTTP/1.0\n\n", "HEAD /a?b=c HTTP/1.0\r\nX: 1\r\n\r\n"),
    (
      "GET HTTP://b:1?va=1 HTTP/1.1\r\nhost: a\r\nAccept:\t*/* \r\n\r\n",
      "GET /?va=1 HTTP/1.1\r\nAccept: */*\r\nHost: b:1\r\nX: 1\r\n\r\n"
    ),
    (
      "GET / HTTP/1.1\r\nHost: a\r\nEXPECT: 100-continue\r\nContent-Length: 5, 5\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n"
    ),
  ]) func theHeadOfARequestIsPassedOn(request: String, passed: String) {
    let head = Self.head(request)
    #expect(head.refusal == nil)
    #expect(String(decoding: head.bytes(adding: "X: 1\r\n"), as: UTF8.self) == passed)
  }

  /// RFC 9112, 3.2, 5.1, 5.2 and 6.3: what two readers could read in two ways is refused.
  @Test(arguments: [
    [], ["Host: a", "Host: a"], ["Host: a", "HOST: b"], [" Host: a"], ["Host : a"], ["Host"],
    ["Host: a", ": b"], ["Host: a", "b: c", " d"], ["Host: a", "b: \u{0}"], ["Host: a\rb: c"],
    ["Host: a", "Content-Length: 1", "Content-Length: 2"], ["Host: a", "Content-Length: -1"],
    ["Host: a", "Content-Length:"], ["Host: a", "Content-Length: 1, 2"],
    ["Host: a", "Content-Length: 1", "Transfer-Encoding: chunked"],
    ["Host: a", "Transfer-Encoding: chunked, gzip"],
  ]) func aRequestThatIsNotPlainIsRefused(fields: [String]) {
    let request = (["GET / HTTP/1.1"] + fields + ["", ""]).joined(separator: "\r\n")
    #expect(Self.head(request).refusal?.status == 400)
  }
}
