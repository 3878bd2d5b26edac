/// A whole page: one file that needs no other and no network, or one that is served with its style
/// and its script beside it.
struct HTMLPage {
  let title: String
  /// Whether style and script are served beside the page.
  var isServed = false
  /// The page of an address, with VA in its place, for the script.
  var addressTemplate: String?

  /// Writes the page around `body`.
  func write(to out: inout HTMLBuffer, _ body: (inout HTMLBuffer) -> Void) {
    out.trusted(Array("<!DOCTYPE html>\n".utf8))
    out.element("html", ["lang": "en"]) { out in
      out.element("head") { out in
        out.empty("meta", ["charset": "utf-8"])
        out.empty(
          "meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
        out.empty("meta", ["name": "color-scheme", "content": "light dark"])
        if !isServed {
          out.empty("meta", ["http-equiv": "Content-Security-Policy", "content": Self.policy])
        }
        out.empty("link", ["rel": "icon", "href": "data:,"])
        out.element("title", text: title)
        if isServed {
          out.empty("link", ["rel": "stylesheet", "href": "/page.css"])
        } else {
          out.element("style") { $0.trusted(PackageResources.page_css) }
        }
      }
      out.endLine()
      out.element("body", ["data-address": addressTemplate]) { out in
        out.trusted(PackageResources.patterns_svg)
        // By keyboard, a walk has a stop for every bit.
        out.element("a", ["class": "skip", "href": "#main"], text: "to what is shown")
        body(&out)
        out.element("script", ["src": isServed ? "/page.js" : nil]) { out in
          if !isServed { out.trusted(PackageResources.page_js) }
        }
      }
    }
    out.endLine()
  }

  /// What the page may load: nothing, but for the style and the script within it.
  private static let policy = String(decoding: PackageResources.policy_txt, as: UTF8.self)
    .replacing("\n", with: "")
}
