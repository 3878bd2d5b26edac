import BitLayout
import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// What can be said against the statements of a scenario before anything is built.
struct StatementCheck {
  let state: PagingState
  let memory: InstalledMemory
  let collector: DiagnosticCollector

  /// Checks an item of `share:`; false also where the parser could not read all of it.
  func isRight(_ share: Scenario.Share) -> Bool {
    let isWrong = collector.finds {
      checkLevel(share.level)
      checkCanonical(share.va)
      checkCanonical(share.with)
    }
    return !isWrong && !collector.isDamaged(share.mark)
  }

  /// Checks an item of `entries:`; false also where the parser could not read all of it.
  func isRight(_ edit: Scenario.EntryEdit) -> Bool {
    !collector.finds { check(edit) } && !collector.isDamaged(edit.mark)
  }

  /// Checks where contents lie, as far as that can be said, and adds their bytes to those before;
  /// false also where the parser could not read all of the item.
  func isRight(_ content: Scenario.Content, after size: inout UInt64) -> Bool {
    !collector.finds { check(content, after: &size) } && !collector.isDamaged(content.mark)
  }

  /// Whether the level exists; any entry name of the mode does.
  private func checkLevel(_ name: Located<String>) {
    guard state.mode.level(named: name.value) == nil else { return }
    collector.report(
      Diagnostic(.unknownLevel, unknown: "level", name, choices: state.mode.entryNames))
  }

  private func checkCanonical(_ address: Located<UInt64>) {
    guard !state.isCanonical(VirtualAddress(address.value)) else { return }
    collector.report(state.notCanonical(address.value, at: address.mark))
  }

  private func check(_ edit: Scenario.EntryEdit) {
    let width: Int
    switch edit.place {
    case .entry(let va, let level):
      checkLevel(level)
      checkCanonical(va)
      width = state.entrySize
    case .word(let at, let wordWidth):
      width = wordWidth
      if at.value % UInt64(width) != 0 {
        collector.report(
          .misaligned, "\(at.value.hex) is not a multiple of \(width), the width of the word",
          at: at.mark)
      } else if at.value.range(count: UInt64(width)).map(memory.present.contains) != true {
        report(
          "the image does not hold the word at \(at.value.hex)", at: at.mark,
          isAbsent: memory.installed.contains(at.value))
      }
    }
    checkWidth(edit.change, width)
  }

  private func checkWidth(_ change: Scenario.EntryEdit.Change, _ width: Int) {
    guard width == 4 else { return }
    switch change {
    case .value(let value):
      guard value.value > UInt64(UInt32.max) else { return }
      collector.report(
        .doesNotFit, "\(value.value.hex) does not fit an entry of 4 bytes", at: value.mark)
    case .bits(_, let set, let clear):
      for bit in set + clear where bit.value > 31 {
        collector.report(
          .doesNotFit, "an entry of 4 bytes has no bit \(bit.value)", at: bit.mark)
      }
    }
  }

  private func check(_ content: Scenario.Content, after size: inout UInt64) {
    let count = content.data.value.byteCount
    switch content.place {
    case .virtual(let va, _): checkCanonical(va)
    case .physical(let start):
      let range = start.value.range(count: count)
      if count > 0, range.map(memory.present.contains) != true {
        report(
          "the contents do not lie in the image", at: start.mark,
          isAbsent: range.map(memory.installed.contains) == true)
      }
    }
    let (total, overflow) = size.addingReportingOverflow(count)
    size = overflow ? .max : total
    guard size > BuildLimit.frames * frameSize else { return }
    collector.report(
      .tooLarge, "contents of \(total.asSize) up to here", at: content.data.mark,
      notes: ["the bench builds \(BuildLimit.text) of tables and contents at most"])
  }

  private func report(_ message: String, at mark: SourceMark, isAbsent: Bool) {
    let notes = [memory.note] + (isAbsent ? ["`absent` takes it away, at least in part"] : [])
    collector.report(.outsideMemory, message, at: mark, notes: notes)
  }

  /// Whether a top table can be at a root.
  func checkRoot(_ root: Located<UInt64>) -> Bool {
    var state = state
    state.cr3 = root.value
    let bits = state.rootBits
    // Bits that say something else than where the table is may stand above the address.
    let other =
      state.isLongMode
      ? RegisterLayouts.userMasking57.mask | RegisterLayouts.userMasking48.mask
        | RegisterLayouts.noFlush.mask | state.attributeBits : 0
    guard state.isARM64 || (root.value & ~other) >> UInt64(bits) == 0 else {
      collector.report(
        .doesNotFit, "\(root.value.hex) does not fit CR3, which has \(bits) address bits",
        at: root.mark)
      return false
    }
    guard state.arm64.upperTableOffset == nil || state.root.rawValue % frameSize == 0 else {
      collector.report(
        .misaligned, "the page at \(state.root) with the top tables of both halves is not aligned",
        at: root.mark, notes: ["it begins at a multiple of 4 KiB"])
      return false
    }
    return checkTopTable(of: state, at: root.mark)
  }

  /// Whether the top table of the half in view lies in memory.
  func checkTopTable(of state: PagingState, at mark: SourceMark) -> Bool {
    let table = state.topTable
    // Of a list of facts the root may be a few words.
    let isThere =
      memory.facts == nil
      ? table.map(memory.installed.contains) : table.map(memory.installed.overlaps)
    guard isThere != true else { return true }
    let name = state.mode.tableName(state.topLevel)
    collector.report(
      .outsideMemory, "the \(name) at \(state.root) does not lie in memory", at: mark,
      notes: [memory.note])
    return false
  }
}
