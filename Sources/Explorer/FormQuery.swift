import Foundation

/// What a form of a page sends after the question mark.
package enum FormQuery {
  /// The names and values, decoded.
  ///
  /// A blank is a plus there, which addresses elsewhere do not know. What cannot be decoded stays as it
  /// is, so that whoever reads it can say what it was.
  package static func items(_ text: String) -> [(name: String, value: String)] {
    text.split(separator: "&").map { item in
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (decoded(parts[0]), parts.count > 1 ? decoded(parts[1]) : "")
    }
  }

  private static func decoded(_ text: Substring) -> String {
    let text = String(text.replacing("+", with: " "))
    return text.removingPercentEncoding ?? text
  }
}
