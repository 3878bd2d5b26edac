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

  /// The whole answer to a request, of which `PORT` is the port, and to the content that follows it.
  private static func answer(
    _ port: UInt16, _ lines: [String], content: String = ""
  ) async throws -> String {
    let socket = try await AsyncSocket.connected(
      to: try sockaddr_in.inet(ip4: "127.0.0.1", port: port))
    defer { try? socket.close() }
    let request = (lines + ["Connection: close", "", content]).joined(separator: "\r\n")
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
        ["GET / HTTP/1.0"],
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
      #expect(posted.contains("\r\nAllow: GET, HEAD\r\n"))
      for line in ["GET / HTTP/9.9", "GET /", "GET / HTTP/1.1 "] {
        let other = try await Self.answer(port, [line, "Host: 127.0.0.1:PORT"])
        #expect(other.hasPrefix("HTTP/1.1 505"), "\(line): \(other.prefix(60))")
      }
      let absent = try await Self.answer(
        port, ["GET /../../etc/passwd HTTP/1.1", "Host: 127.0.0.1:PORT"])
      #expect(absent.hasPrefix("HTTP/1.1 404"))
    }
  }

  /// RFC 9110, 9.3.2: the header fields of GET, and nothing behind them, whatever the answer.
  @Test(.timeLimit(.minutes(2))) func theAnswerToHEADIsThatToGETWithoutItsContent() async throws {
    try await withServer { port in
      let questions = [
        (200, "/?va=0x400000", "Host: 127.0.0.1:PORT"), (200, "/page.css", "Host: 127.0.0.1:PORT"),
        (400, "/?va=x", "Host: 127.0.0.1:PORT"), (404, "/absent", "Host: 127.0.0.1:PORT"),
        (403, "/", "Host: evil.example"), (400, "*", "Host: 127.0.0.1:PORT"),
      ]
      for (status, target, host) in questions {
        let whole = try await Self.answer(port, ["GET \(target) HTTP/1.1", host])
        let head = try await Self.answer(port, ["HEAD \(target) HTTP/1.1", host])
        let end = try #require(whole.firstRange(of: "\r\n\r\n")?.upperBound)
        #expect(whole.hasPrefix("HTTP/1.1 \(status) ") && whole[end...] != "", "\(target)")
        #expect(head == whole[..<end], "\(target)")
      }
    }
  }

  /// RFC 9110, 9.3.1 and 10.1.1: content changes nothing, and who waits to be asked for it is answered at once.
  @Test(.timeLimit(.minutes(2))) func contentThatIsAnnouncedKeepsNobodyFromAnAnswer() async throws {
    try await withServer { port in
      let questions = [
        (["Content-Length: 5"], "12345"), (["Content-Length: 0"], ""),
        (["Content-Length: 100000"], String(repeating: "x", count: 100_000)),
        (["Content-Length: 5", "Expect: 100-continue"], ""),
        (["Transfer-Encoding: chunked"], "5\r\n12345\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked", "Expect: 100-continue"], ""),
      ]
      for (fields, content) in questions {
        let answer = try await Self.answer(
          port, ["GET /?va=0x400000 HTTP/1.1", "Host: 127.0.0.1:PORT"] + fields, content: content)
        #expect(answer.hasPrefix("HTTP/1.1 200"), "\(fields): \(answer.prefix(60))")
        #expect(answer.contains("mapped to 0x5000"), "\(fields)")
      }
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
}
