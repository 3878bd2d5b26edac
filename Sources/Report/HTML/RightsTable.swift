import Machine
import Paging

/// Shows how the rights narrow from level to level.
struct RightsTable {
  let walk: Walk
  let paging: PagingState

  private static let names: [(right: Rights, name: String)] = [
    (.write, "write"), (.user, "use by user mode"), (.execute, "execute"),
  ]

  /// Writes the table; nothing where no entry was read that grants or refuses anything.
  func write(to out: inout HTMLBuffer) {
    let steps = walk.steps.filter(hasRights)
    guard !steps.isEmpty else { return }
    let columns =
      ["", "start"] + steps.map { walk.mode.entryName($0.level) }
      + (walk.result.translation == nil ? [] : ["the page"])
    out.table("rights", caption: "Rights that are left after each entry", columns: columns) { out in
      for (right, name) in Self.names {
        out.element("tr") { out in
          out.element("th", ["scope": "row"], text: name)
          Self.cell(has: true, isLost: false, to: &out)
          var before = true
          for step in steps {
            let has = step.rights.contains(right)
            Self.cell(has: has, isLost: before && !has, to: &out)
            before = has
          }
          if let page = walk.result.translation {
            Self.cell(has: page.rights.contains(right), isLost: false, to: &out)
          }
        }
      }
    }
    out.endLine()
  }

  private func hasRights(_ step: WalkStep) -> Bool {
    guard let entry = step.entry else { return false }
    switch paging.meaning(of: entry, level: step.level) {
    case .table, .page: return true
    case .notPresent, .reserved: return false
    }
  }

  private static func cell(has: Bool, isLost: Bool, to out: inout HTMLBuffer) {
    out.element(
      "td", ["class": has ? "yes" : isLost ? "lost" : "no"],
      text: has ? "yes" : isLost ? "taken away" : "no")
  }
}
