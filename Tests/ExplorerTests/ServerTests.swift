import Explorer
import FlyingSocks
import Foundation
import Synchronization
import Testing

/// Who is served, and who is not.
@Suite struct ServerTests {
  /// Runs `body` with the port of a server; that of the small scenario, where none is given.
  private func withServer(
    _ given: ExplorerServer? = nil, _ body: @escaping @Sendable (UInt16) async throws -> Void
  ) async throws {
    let server = try given ?? ExplorerServer(ExplorerTests.explorer(), port: 0)
    let (addresses, continuation) = AsyncStream<String>.makeStream()
    let task = Task { try await server.run { continuation.yield($0) } }
    defer { task.cancel() }
    for await address in addresses {
      let digits = address.split(separator: ":").last?.prefix { $0.isNumber } ?? ""
      return try await body(try #require(UInt16(digits)))
    }
  }

  /// The whole answer to a request, of which `PORT` is the port.
  private static func answer(_ port: UInt16, _ lines: [String]) async throws -> String {
    let socket = try await AsyncSocket.connected(
      to: try sockaddr_in.inet(ip4: "127.0.0.1", port: port))
    let request = (lines + ["Connection: close", "", ""]).joined(separator: "\r\n")
      .replacing("PORT", with: "\(port)")
    try await socket.write(Data(request.utf8))
    var bytes: [UInt8] = []
    while let byte = try? await socket.read() { bytes.append(byte) }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test(.timeLimit(.minutes(2))) func onlyOurOwnPagesAreServed() async throws {
    try await withServer { port in
      let own = try await Self.answer(port, ["GET /?va=0x400000 HTTP/1.1", "Host: 127.0.0.1:PORT"])
      #expect(own.hasPrefix("HTTP/1.1 200"))
      #expect(own.contains("mapped to 0x5000"))
      for header in ["Content-Security-Policy: default-src 'none'", "X-Frame-Options: DENY"] {
        #expect(own.contains(header))
      }
      let named = try await Self.answer(port, ["GET / HTTP/1.1", "Host: localhost:PORT"])
      #expect(named.hasPrefix("HTTP/1.1 200"))
      // A target may name the host, which then counts.
      for target in ["http://127.0.0.1:PORT/?va=0x400000", "HTTP://localhost:PORT?va=0x400000"] {
        let absolute = try await Self.answer(
          port, ["GET \(target) HTTP/1.1", "Host: evil.example"])
        #expect(absolute.hasPrefix("HTTP/1.1 200"), "\(target): \(absolute.prefix(60))")
        #expect(absolute.contains("mapped to 0x5000"))
      }
      let strangers = [
        ["GET / HTTP/1.1", "Host: evil.example:PORT"], ["GET / HTTP/1.1", "Host: 127.0.0.1"],
        ["GET / HTTP/1.1"],
        ["GET / HTTP/1.1", "Host: 127.0.0.1:PORT", "Origin: http://evil.example"],
        ["GET / HTTP/1.1", "Host: 127.0.0.1:PORT", "Origin: null"],
        [
          "GET /page.js HTTP/1.1", "Host: 127.0.0.1:PORT", "Sec-Fetch-Site: cross-site",
          "Sec-Fetch-Mode: no-cors",
        ],
        ["GET / HTTP/1.1", "Host: 127.0.0.1:PORT", "Sec-Fetch-Site: cross-site"],
        ["GET http://evil.example/ HTTP/1.1", "Host: 127.0.0.1:PORT"],
        ["GET http://127.0.0.1:PORT@evil.example/ HTTP/1.1", "Host: 127.0.0.1:PORT"],
      ]
      for lines in strangers {
        let answer = try await Self.answer(port, lines)
        #expect(answer.hasPrefix("HTTP/1.1 403"), "\(lines): \(answer.prefix(60))")
        #expect(!answer.contains("small.yaml"))
      }
      let posted = try await Self.answer(
        port, ["POST / HTTP/1.1", "Host: 127.0.0.1:PORT", "Content-Length: 0"])
      #expect(posted.hasPrefix("HTTP/1.1 405"))
      for line in ["GET / HTTP/9.9", "GET /", "GET / HTTP/1.1 "] {
        let other = try await Self.answer(port, [line, "Host: 127.0.0.1:PORT"])
        #expect(other.hasPrefix("HTTP/1.1 505"), "\(line): \(other.prefix(60))")
      }
      let absent = try await Self.answer(
        port, ["GET /../../etc/passwd HTTP/1.1", "Host: 127.0.0.1:PORT"])
      #expect(absent.hasPrefix("HTTP/1.1 404"))
    }
  }

  /// A page of somebody else may ask for an address of any length, or for nothing at all.
  @Test(.timeLimit(.minutes(2))) func aRequestWithoutBoundsStopsNobody() async throws {
    try await withServer { port in
      let address = try sockaddr_in.inet(ip4: "127.0.0.1", port: port)
      let line = Data(("GET /?va=" + String(repeating: "0", count: 300_000)).utf8)
      var sockets: [AsyncSocket] = []
      for _ in 0..<12 {
        let socket = try await AsyncSocket.connected(to: address)
        // Whoever refuses hangs up before all is sent.
        try? await socket.write(line)
        sockets.append(socket)
      }
      let idle = try await AsyncSocket.connected(to: address)
      let start = ContinuousClock.now
      let own = try await Self.answer(port, ["GET /?va=0x400000 HTTP/1.1", "Host: 127.0.0.1:PORT"])
      #expect(own.hasPrefix("HTTP/1.1 200"))
      #expect(ContinuousClock.now - start < .seconds(20))
      for socket in sockets + [idle] { try socket.close() }
      let long = try await Self.answer(
        port,
        ["GET /?va=\(String(repeating: "0", count: 20_000)) HTTP/1.1", "Host: 127.0.0.1:PORT"])
      #expect(long.hasPrefix("HTTP/1.1 431"), "\(long.prefix(60))")
    }
  }

  /// Those who have gone, and those who say nothing, keep nobody waiting.
  @Test(.timeLimit(.minutes(2))) func aRequestIsAnsweredAfterManyThatHungUp() async throws {
    let begun = Mutex(0)
    let server = ExplorerServer(port: 0) { path, _, _ in
      if path == "/gone" {
        begun.withLock { $0 += 1 }
        Thread.sleep(forTimeInterval: 0.2)
      }
      return Explorer.Page(bytes: Array(path.utf8))
    }
    try await withServer(server) { port in
      let address = try sockaddr_in.inet(ip4: "127.0.0.1", port: port)
      for _ in 0..<60 {
        let socket = try await AsyncSocket.connected(to: address)
        try await socket.write(Data("GET /gone HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8))
        try socket.close()
      }
      let start = ContinuousClock.now
      let own = try await Self.answer(port, ["GET /own HTTP/1.1", "Host: 127.0.0.1:PORT"])
      #expect(own.hasSuffix("/own"))
      #expect(ContinuousClock.now - start < .seconds(10))
      #expect(begun.withLock { $0 } < 30, "few are worked for who have gone")
    }
  }

  /// What is under way for long keeps nobody waiting for ever, though it takes all the processors.
  @Test(.timeLimit(.minutes(2))) func manyLongQuestionsKeepNobodyFromAShortOne() async throws {
    let server = ExplorerServer(port: 0) { path, _, asker in
      let end = ContinuousClock.now + .seconds(60)
      while path == "/slow", asker.isWaiting, ContinuousClock.now < end {}
      return Explorer.Page(bytes: Array(path.utf8))
    }
    try await withServer(server) { port in
      let address = try sockaddr_in.inet(ip4: "127.0.0.1", port: port)
      var sockets: [AsyncSocket] = []
      for _ in 0..<12 {
        let socket = try await AsyncSocket.connected(to: address)
        try await socket.write(Data("GET /slow HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8))
        sockets.append(socket)
      }
      let start = ContinuousClock.now
      let own = try await Self.answer(port, ["GET /own HTTP/1.1", "Host: 127.0.0.1:PORT"])
      #expect(own.hasSuffix("/own"))
      #expect(ContinuousClock.now - start < .seconds(30))
      for socket in sockets { try socket.close() }
    }
  }

  /// A connection that says nothing has a place as long as no other needs it.
  @Test(.timeLimit(.minutes(2))) func theOldestOfTooManySilentConnectionsIsClosed() async throws {
    try await withServer { port in
      let address = try sockaddr_in.inet(ip4: "127.0.0.1", port: port)
      var sockets: [AsyncSocket] = []
      for _ in 0..<200 { sockets.append(try await AsyncSocket.connected(to: address)) }
      let own = try await Self.answer(port, ["GET /?va=0x400000 HTTP/1.1", "Host: 127.0.0.1:PORT"])
      #expect(own.hasPrefix("HTTP/1.1 200"))
      let oldest = try #require(sockets.first)
      await #expect(throws: SocketError.disconnected) {
        while true { _ = try await oldest.read() }
      }
      let newest = try #require(sockets.last)
      try await newest.write(Data("GET /page.css HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8))
      #expect(try await newest.read() == UInt8(ascii: "H"))
      for socket in sockets { try socket.close() }
    }
  }

  /// What a question costs ends when nobody waits for the answer.
  @Test(.timeLimit(.minutes(2))) func whoeverHangsUpIsNotWorkedFor() async throws {
    let gone = AsyncStream<Bool>.makeStream()
    let begun = AsyncStream<String>.makeStream()
    let server = ExplorerServer(port: 0) { path, _, asker in
      begun.continuation.yield(path)
      let end = ContinuousClock.now + .seconds(60)
      while asker.isWaiting, ContinuousClock.now < end, path == "/slow" {
        Thread.sleep(forTimeInterval: 0.01)
      }
      if path == "/slow" { gone.continuation.yield(!asker.isWaiting) }
      return Explorer.Page(bytes: Array(path.utf8))
    }
    try await withServer(server) { port in
      let address = try sockaddr_in.inet(ip4: "127.0.0.1", port: port)
      var begins = begun.stream.makeAsyncIterator()
      var ends = gone.stream.makeAsyncIterator()
      for _ in 0..<3 {
        let socket = try await AsyncSocket.connected(to: address)
        try await socket.write(Data("GET /slow HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8))
        #expect(await begins.next() == "/slow")
        // Whoever is still there is worked for, and others are answered beside him.
        let own = try await Self.answer(port, ["GET /quick HTTP/1.1", "Host: 127.0.0.1:PORT"])
        #expect(own.hasSuffix("/quick"))
        #expect(await begins.next() == "/quick")
        try socket.close()
        #expect(await ends.next() == true)
      }
    }
  }

  /// ^C waits for no page that is under way, be it one that does not look whether it is waited for.
  @Test(.timeLimit(.minutes(2))) func theServerEndsWhileAPageIsUnderWay() async throws {
    let begun = AsyncStream<Bool>.makeStream()
    let addresses = AsyncStream<String>.makeStream()
    let hasEnded = Mutex(false)
    let server = ExplorerServer(port: 0) { _, _, _ in
      begun.continuation.yield(true)
      let end = ContinuousClock.now + .seconds(60)
      while !hasEnded.withLock({ $0 }), ContinuousClock.now < end {
        Thread.sleep(forTimeInterval: 0.01)
      }
      return Explorer.Page(bytes: [])
    }
    defer { hasEnded.withLock { $0 = true } }
    let task = Task { try await server.run { addresses.continuation.yield($0) } }
    for await address in addresses.stream {
      let digits = address.split(separator: ":").last?.prefix { $0.isNumber } ?? ""
      let port = try #require(UInt16(digits))
      let socket = try await AsyncSocket.connected(
        to: try sockaddr_in.inet(ip4: "127.0.0.1", port: port))
      try await socket.write(Data("GET / HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8))
      for await _ in begun.stream { break }
      let start = ContinuousClock.now
      task.cancel()
      _ = await task.result
      #expect(ContinuousClock.now - start < .seconds(30))
      return try socket.close()
    }
  }

  @Test func theHeadOfARequestEndsWithAnEmptyLine() {
    func head(_ text: String) -> RequestHead {
      var head = RequestHead()
      head.append(text.utf8)
      return head
    }
    let whole = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    let known = head(whole + "GET /second")
    #expect(known.isDecided && known.refusal == nil)
    #expect(known.bytes == Array(whole.utf8), "what follows is not passed on")
    #expect(!head("GET / HTTP/1.1\r\nHost: a\r\n").isDecided)
    #expect(head("GET / HTTP/1.1\n\n").refusal == nil)
    #expect(head("POST / HTTP/1.1\r\n\r\n").refusal?.status == 405)
    #expect(
      known.bytes(adding: "X: 1\r\n") == Array("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n".utf8))
    #expect(
      head("GET / HTTP/1.1\n\n").bytes(adding: "X: 1\r\n")
        == Array("GET / HTTP/1.1\nX: 1\r\n\n".utf8))
    #expect(
      head("GET HTTP://b:1?va=1 HTTP/1.1\r\nHost: a\r\n\r\n").bytes(adding: "X: 1\r\n")
        == Array("GET /?va=1 HTTP/1.1\r\nHost: a\r\nHost: b:1\r\nX: 1\r\n\r\n".utf8))
    for target in ["*", "b:1", "https://b/"] {
      #expect(head("GET \(target) HTTP/1.1\r\n\r\n").refusal?.status == 400)
    }
    let limit = RequestHead.lineLimit
    #expect(head(String(repeating: "a", count: limit + 1)).refusal?.status == 431)
    #expect(head(String(repeating: "a", count: limit)).refusal?.status == 400)
    let lines = String(repeating: "a: 1234\n", count: RequestHead.limit / 8)
    #expect(head(lines + "a").refusal?.status == 431)
    #expect(head(lines).refusal?.status == 400)
  }
}
