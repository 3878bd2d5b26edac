import Dispatch
import FlyingFox
import FlyingSocks
import Foundation
import Glibc
import PhysicalMemory
import Synchronization

/// Serves the pages of an `Explorer` on loopback.
///
/// A page of somebody else, open in the same browser, must not read what is in a dump: requests that name
/// another host (a name that was made to lead to 127.0.0.1), or that come from a page of another
/// origin, are refused, and what is answered may be shown nowhere else.
public struct ExplorerServer: Sendable {
  /// Works out the page at a path for somebody.
  package typealias Answer =
    @Sendable (_ path: String, _ query: [(name: String, value: String)], _ asker: Asker) ->
    Explorer.Page

  private let answer: Answer
  private let port: UInt16

  /// Prepares a server.
  ///
  /// - Parameters:
  ///   - explorer: what answers.
  ///   - port: the port; 0 for any that is free.
  public init(_ explorer: Explorer, port: UInt16) {
    self.init(port: port) { explorer.page($0, query: $1, for: $2) }
  }

  /// Prepares a server of other pages.
  package init(port: UInt16, _ answer: @escaping Answer) {
    self.answer = answer
    self.port = port
  }

  /// Serves until the task is cancelled.
  ///
  /// - Parameter started: is told the address of the first page once it can be asked for.
  /// - Throws: why the port cannot be listened on.
  public func run(_ started: @escaping @Sendable (String) -> Void) async throws {
    let guardian = RequestGuard()
    let name = "mmubench-\(UInt64.random(in: .min ... .max).hex)"
    // The name is of no file: nothing is left behind, however the process ends.
    let hidden = sockaddr_un.unix(abstractNamespace: name)
    let askers = Askers(field: name)
    let pool = HTTPServer.defaultPool()
    let server = HTTPServer(
      config: .init(address: hidden, timeout: Self.patience, pool: pool, logger: .disabled),
      handler: ClosureHTTPHandler { [answer] request in
        let response: HTTPResponse
        if let refusal = guardian.refusal(of: request) {
          response = refusal
        } else {
          let query = FormQuery.items(request.target.query())
          response = Self.response(
            await Self.page(answer, request.path, query, askers.asker(of: request)))
        }
        return request.method == .HEAD ? response.head : response
      })
    let socket = try Self.listen(port)
    defer { try? socket.close() }
    guard case .ip4(_, let port) = try socket.sockname() else { return }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      group.addTask {
        try await server.waitUntilListening()
        guardian.listens(on: port)
        started("http://127.0.0.1:\(port)/")
        let gate = RequestGate(pool: pool, server: hidden, askers: askers)
        try await gate.run(on: AsyncSocket(socket: socket, pool: pool))
      }
      try await group.waitForAll()
    }
  }

  /// Serves until the process is interrupted (SIGINT, SIGTERM or SIGHUP).
  ///
  /// - Parameter started: is told the address of the first page once it can be asked for.
  /// - Throws: `ExplorerFailure`, where the port cannot be listened on.
  public func serve(_ started: @escaping @Sendable (String) -> Void) throws(ExplorerFailure) {
    let ended = DispatchSemaphore(value: 0)
    let failure = Mutex<String?>(nil)
    let task = Task {
      do { try await run(started) } catch {
        if !Task.isCancelled { failure.withLock { $0 = error.localizedDescription } }
      }
      ended.signal()
    }
    let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
      _ = signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { task.cancel() }
      source.resume()
      return source
    }
    ended.wait()
    for source in sources { source.cancel() }
    if let text = failure.withLock({ $0 }) { throw ExplorerFailure(port: port, reason: text) }
  }

  private static func listen(_ port: UInt16) throws -> Socket {
    let socket = try Socket(domain: AF_INET)
    try socket.setValue(true, for: .localAddressReuse)
    try socket.bind(to: sockaddr_in.inet(ip4: "127.0.0.1", port: port))
    try socket.listen()
    return socket
  }

  /// An index of all tables of a large dump takes its time.
  private static let patience: TimeInterval = 600

  /// Works a page out beside the tasks that serve others; an empty one where the server ends meanwhile.
  ///
  /// On a thread of its own, for those of Dispatch are as many as processors: as many long pages would
  /// keep short ones waiting, and ^C too.
  private static func page(
    _ answer: @escaping Answer, _ path: String, _ query: [(name: String, value: String)],
    _ asker: Asker
  ) async -> Explorer.Page {
    let (pages, answered) = AsyncStream<Explorer.Page>.makeStream()
    Thread.detachNewThread {
      answered.yield(answer(path, query, asker))
      answered.finish()
    }
    // It ends with the task too: the end of the server waits for no page.
    for await page in pages { return page }
    return Explorer.Page(status: 503, bytes: [])
  }

  private static func response(_ page: Explorer.Page) -> HTTPResponse {
    var headers = RequestGuard.headers
    headers[.contentType] = page.type
    if let name = page.fileName {
      headers[.contentDisposition] = "attachment; filename=\"\(name)\""
    }
    return HTTPResponse(
      statusCode: HTTPStatusCode(page.status, phrase: page.status == 200 ? "OK" : "Refused"),
      headers: headers, body: Data(page.bytes))
  }
}

extension HTTPResponse {
  /// The answer to HEAD: no content, and how long it would be (RFC 9110, 9.3.2).
  fileprivate var head: HTTPResponse {
    var head = self
    if case .httpBody(let body) = payload {
      head.headers[.contentLength] = body.count.map { "\($0)" }
    }
    head.payload = .httpBody(HTTPBodySequence())
    return head
  }
}

/// Why nothing is served.
public struct ExplorerFailure: Error, CustomStringConvertible {
  let port: UInt16
  let reason: String

  /// The reason in words.
  public var description: String {
    "cannot listen on port \(port) of 127.0.0.1: \(reason); another --port, or none, may do"
  }
}
