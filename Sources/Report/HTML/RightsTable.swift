import BitLayout
import Machine
import Paging

/// Shows how the rights narrow from level to level.
struct RightsTable {
  let walk: Walk
  let paging: PagingState

  /// Writes the table; nothing where no entry was read that grants or refuses anything.
  func write(to out: inout HTMLBuffer) {
    let steps = zip(walk.steps, walk.steps.rightsLeft(in: paging)).filter { hasRights($0.0) }
    guard !steps.isEmpty else { return }
    let columns =
      ["", "start"] + steps.map { walk.mode.entryName($0.0.level) }
      + (walk.result.translation == nil ? [] : ["the page"])
    let rules = paging.isARM64 ? ARM64PageRules(walk: walk, paging: paging) : nil
    let caption = ["Rights that are left after each entry"] + (rules?.remarks ?? [])
    out.table("rights", caption: caption.joined(separator: "; "), columns: columns) { out in
      for (right, letter, name) in RightLetters.all(of: paging) {
        out.element("tr") { out in
          out.element("th", ["scope": "row"]) { out in
            out.code(letter)
            out.text(" \(name)")
          }
          Self.cell(has: true, isLost: false, to: &out)
          var before = true
          for (_, rights) in steps {
            let has = rights.contains(right)
            Self.cell(has: has, isLost: before && !has, to: &out)
            before = has
          }
          if let page = walk.result.translation {
            let has = (rules?.rights ?? page.rights).contains(right)
            Self.cell(has: has, isLost: before && !has, to: &out)
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

/// The letters of rights, in the order in which they are written, with what each allows.
enum RightLetters {
  /// The rights that the entries of a mode grant; arm64 grants execution to EL0 and to EL1 apart.
  static func all(of paging: PagingState) -> [(right: Rights, letter: String, name: String)] {
    paging.isARM64
      ? [
        (.write, "w", "write"), (.user, "u", "data access by EL0"),
        (.execute, "x0", "execution by EL0"), (.privilegedExecute, "x1", "execution by EL1"),
      ]
      : [(.write, "w", "write"), (.user, "u", "use by user mode"), (.execute, "x", "execute")]
  }
}

/// What rules of arm64 make of the rights that the descriptors leave, before an access is known.
struct ARM64PageRules {
  /// The rights to the page.
  private(set) var rights: Rights
  /// The rules that changed something.
  private(set) var remarks: [String] = []

  /// Applies the rules to the page of a walk (ARM ARM D8.4.1 and D8.4.2).
  init?(walk: Walk, paging: PagingState) {
    let left = walk.steps.rightsLeft(in: paging)
    guard let page = walk.result.translation, let last = left.last else { return nil }
    rights = last
    let (fields, registers) = (ARM64Layouts.self, ARM64RegisterLayouts.self)
    let above = left.dropLast().last ?? paging.allRights
    if !rights.contains(.write), above.contains(.write), fields.dirtyModifier.isSet(in: page.entry),
      registers.hardwareAccess.isSet(in: paging.tcr), registers.hardwareDirty.isSet(in: paging.tcr)
    {
      rights.insert(.write)
      remarks.append("DBM=1: a write makes the page writable")
    }
    guard rights.contains(.write) else { return }
    if registers.writableNeverExecuted.isSet(in: paging.arm64.sctlr),
      !rights.isDisjoint(with: [.execute, .privilegedExecute])
    {
      // EL0 may execute what it may not access as data, and WXN leaves that alone.
      rights.remove(.privilegedExecute)
      if rights.contains(.user) { rights.remove(.execute) }
      remarks.append("SCTLR_EL1.WXN=1: what may be written is not executed")
    }
    if rights.isSuperset(of: [.user, .privilegedExecute]) {
      rights.remove(.privilegedExecute)
      remarks.append("EL1 does not execute what EL0 may write")
    }
  }
}
