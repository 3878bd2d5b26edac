import Machine
import Paging

/// The rights that are left below each table.
extension WalkFigure {
  /// What the letters below the tables stand for.
  func writeLetters(_ figure: inout SVGFigure) {
    guard !walk.steps.isEmpty else { return }
    let lines =
      paging.isARM64
      ? ["w write  u data access by EL0", "x0 x1 execution by EL0, EL1"]
      : ["w write  u user mode  x execute"]
    for (line, text) in lines.enumerated() {
      figure.text(text, x, Self.body + Self.slots * Self.row + 18 + line * 14, "label")
    }
  }

  /// The rights that are left, below the table; a letter that this entry takes away is struck out.
  func drawRights(_ step: WalkStep, _ column: Int, _ figure: inout SVGFigure) {
    let y = Self.body + Self.slots * Self.row + 18
    guard hasRights(step) else { return }
    let left = [paging.allRights] + walk.steps.rightsLeft(in: paging)
    let (before, rights) = (left[column - 1], left[column])
    figure.text("rights left", x, y, "label")
    for (place, (right, letter, _)) in RightLetters.all(of: paging).enumerated() {
      let has = rights.contains(right)
      let isLost = !has && before.contains(right)
      figure.text(
        has || isLost ? letter : "–", x + 66 + place * (paging.isARM64 ? 22 : 16), y,
        has ? "right" : isLost ? "right lost" : "right gone")
    }
  }

  /// Whether the walk goes on from an entry, so that there are rights left.
  func hasRights(_ step: WalkStep) -> Bool {
    guard let entry = step.entry else { return false }
    return switch paging.meaning(of: entry, level: step.level) {
    case .notPresent, .reserved: false
    case .table, .page: true
    }
  }
}
