import FlyingFox
import Foundation
import Report
import Synchronization

/// Refuses what does not come from our own pages.
final class RequestGuard: Sendable {
  private let port = Mutex<UInt16?>(nil)

  /// Says on which port is listened.
  func listens(on number: UInt16) { port.withLock { $0 = number } }

  /// The refusal of a request; nil where it is one of ours.
  func refusal(of request: HTTPRequest) -> HTTPResponse? {
    guard let port = port.withLock({ $0 }) else { return Self.refuse(503, "not yet") }
    let hosts = ["127.0.0.1:\(port)", "localhost:\(port)"]
    guard let host = request.headers[.host], hosts.contains(host.lowercased()) else {
      return Self.refuse(403, "requests for another host are refused")
    }
    let origin = request.headers[HTTPHeader("Origin")]
    guard origin == nil || hosts.contains(where: { origin == "http://\($0)" }) else {
      return Self.refuse(403, "requests from other pages are refused")
    }
    // Whoever follows a link from elsewhere may; a page that loads one of ours may not, and a browser
    // that names the site says which of the two it is.
    let said = request.headers[HTTPHeader("Sec-Fetch-Site")]
    let site = said ?? "none"
    let mode =
      request.headers[HTTPHeader("Sec-Fetch-Mode")] ?? (said == nil ? "navigate" : "no-cors")
    guard ["none", "same-origin"].contains(site) || mode == "navigate" else {
      return Self.refuse(403, "requests from other pages are refused")
    }
    return nil
  }

  private static func refuse(_ status: Int, _ text: String) -> HTTPResponse {
    var headers = headers
    headers[.contentType] = "text/plain; charset=utf-8"
    return HTTPResponse(
      statusCode: HTTPStatusCode(status, phrase: "Refused"), headers: headers,
      body: Data("\(text)\n".utf8))
  }

  /// What goes with every answer.
  static var headers: HTTPHeaders {
    [
      HTTPHeader("Content-Security-Policy"): ExplorePage.policy,
      HTTPHeader("X-Content-Type-Options"): "nosniff",
      HTTPHeader("X-Frame-Options"): "DENY",
      HTTPHeader("Referrer-Policy"): "no-referrer",
      HTTPHeader("Cross-Origin-Resource-Policy"): "same-origin",
      HTTPHeader("Cross-Origin-Opener-Policy"): "same-origin",
      .cacheControl: "no-store",
      .connection: "close",
    ]
  }
}
