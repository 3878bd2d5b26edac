import FlyingSocks
import Foundation
import Glibc

/// Lets one request of bounded size through to the server from each connection.
///
/// The HTTP library reads a line to its end, however long it is, at a cost that grows with the square
/// of the length, and asks nobody before it has. A page of somebody else, open in the same browser,
/// can make such lines. So what is heard on the port is read here first, and the library listens where
/// no browser leads.
struct RequestGate: Sendable {
  /// What waits for sockets; the server runs it.
  let pool: any AsyncSocketPool
  /// Where the server listens.
  let server: sockaddr_un
  /// Those whose requests were passed on.
  let askers: Askers
  private let silent = SilentConnections()
  private let turns = Turns()

  init(pool: any AsyncSocketPool, server: sockaddr_un, askers: Askers) {
    (self.pool, self.server, self.askers) = (pool, server, askers)
  }

  /// Longer than this no browser waits with the rest of a request.
  private static let patience = Duration.seconds(30)
  /// So long is read on after an answer to who may have more to send.
  private static let farewell = Duration.seconds(2)
  private static let chunk = 4096
  /// So often is looked whether somebody who waits for a page is still there.
  private static let look = Duration.milliseconds(100)

  /// Passes connections on until the task is cancelled.
  func run(on socket: AsyncSocket) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      while true {
        let client = try await Self.next(socket)
        group.addTask {
          // Whoever goes away, or sends nothing, is owed nothing.
          try? await pass(client)
          try? client.close()
        }
      }
    }
  }

  /// The next connection; where one cannot be taken, as for want of files, a later one may be.
  private static func next(_ socket: AsyncSocket) async throws -> AsyncSocket {
    while true {
      do { return try await socket.accept() } catch {
        try Task.checkCancellation()
        try await Task.sleep(for: look)
      }
    }
  }

  private func pass(_ client: AsyncSocket) async throws {
    let head = try await head(of: client)
    if let refusal = head.refusal { return try await refuse(client, head, refusal) }
    // Who has gone already is not worked for.
    guard !Self.hasHungUp(client) else { return }
    guard turns.enter() else { return try await refuse(client, head, Self.crowd) }
    defer { turns.leave() }
    let (number, line) = askers.enter(Asker())
    defer { askers.leave(number) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await turns.take()
        defer { turns.giveBack() }
        try await answer(client, head.bytes(adding: line))
      }
      group.addTask { try await Self.hangsUp(client) }
      defer { group.cancelAll() }
      try await group.next()
    }
    if head.announcesContent { try await Self.bidFarewell(to: client) }
  }

  private static let crowd = RequestHead.Refusal(
    status: 503, text: "too many pages are waited for at once")

  private func answer(_ client: AsyncSocket, _ request: [UInt8]) async throws {
    let socket = try await AsyncSocket.connected(to: server, pool: pool)
    defer { try? socket.close() }
    try await socket.write(Data(request))
    // No second request: it would not have been read here.
    _ = shutdown(socket.socket.file.rawValue, Int32(SHUT_WR))
    while let bytes = try await Self.read(socket) { try await client.write(Data(bytes)) }
  }

  /// Waits until a client ends the connection, on his side at least: no browser does that and waits.
  ///
  /// What he sends after his request is for nobody. The pool is not asked to wait for him, for it would
  /// still do so when the answer is there and the connection is closed.
  private static func hangsUp(_ client: AsyncSocket) async throws {
    while !hasHungUp(client) { try await Task.sleep(for: look) }
  }

  private static func hasHungUp(_ client: AsyncSocket) -> Bool {
    do { _ = try client.socket.read(atMost: chunk) } catch SocketError.blocked {} catch {
      return true
    }
    return false
  }

  private func head(of client: AsyncSocket) async throws -> RequestHead {
    let number = silent.enter(client.socket)
    defer { silent.leave(number) }
    return try await Self.within(Self.patience) { try await Self.readHead(of: client) }
  }

  private static func readHead(of client: AsyncSocket) async throws -> RequestHead {
    var head = RequestHead()
    while !head.isDecided, let bytes = try await read(client) { head.append(bytes) }
    return head
  }

  private func refuse(
    _ client: AsyncSocket, _ head: RequestHead, _ refusal: RequestHead.Refusal
  ) async throws {
    let body = "\(refusal.text)\n"
    let lines =
      [
        "HTTP/1.1 \(refusal.status) Refused", "Content-Type: text/plain; charset=utf-8",
        "Content-Length: \(body.utf8.count)", "Connection: close",
      ] + refusal.fields + ["", head.wantsContent ? body : ""]
    try await client.write(Data(lines.joined(separator: "\r\n").utf8))
    try await Self.bidFarewell(to: client)
  }

  /// Ends our side of a connection and reads on: where a client has sent what was not read, the end of the
  /// connection would take the answer from him.
  private static func bidFarewell(to client: AsyncSocket) async throws {
    _ = shutdown(client.socket.file.rawValue, Int32(SHUT_WR))
    try await within(farewell) { while try await read(client) != nil {} }
  }

  /// What has come; nil at the end.
  private static func read(_ socket: AsyncSocket) async throws -> [UInt8]? {
    do { return try await socket.read(atMost: chunk) } catch SocketError.disconnected {
      return nil
    }
  }

  private struct Overdue: Error {}

  private static func within<Result: Sendable>(
    _ time: Duration, _ operation: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
      group.addTask(operation: operation)
      group.addTask {
        try await Task.sleep(for: time)
        throw Overdue()
      }
      defer { group.cancelAll() }
      guard let result = try await group.next() else { throw Overdue() }
      return result
    }
  }
}
