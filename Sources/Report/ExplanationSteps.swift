import BitLayout
import Paging
import PhysicalMemory

/// What a walk read, and what each entry means.
struct ExplanationSteps {
  /// What is explained, and the explanation.
  typealias Line = (subject: String, text: String)

  let paging: PagingState
  let memory: MemoryImage
  let address: VirtualAddress
  let result: WalkResult
  let steps: [WalkStep]

  /// A line for the root, for each entry, and for the offset.
  var lines: [Line] {
    guard let first = steps.first else { return [] }
    var lines = [root(first)]
    let before = [paging.allRights] + steps.rightsLeft(in: paging)
    for (step, before) in zip(steps, before) {
      lines.append((name(step), meaning(of: step, before: before)))
    }
    if let translation = result.translation { lines.append(offset(translation)) }
    return lines
  }

  private func name(_ step: WalkStep) -> String {
    "\(paging.mode.entryName(step.level))[\(step.index.hex(digits: 3))]"
  }

  private func root(_ step: WalkStep) -> Line {
    let ignored = paging.ignoredRootBits
    let isUpper = paging.isARM64 && paging.arm64.half == .upper
    let register = paging.isARM64 ? isUpper ? "TTBR1_EL1" : "TTBR0_EL1" : "CR3"
    return (
      "root",
      "\(register) \((isUpper ? paging.ttbr1 : paging.cr3).hex) holds the address of the \(paging.mode.tableName(step.level)), "
        + paging.root.description
        + (ignored == 0 ? "" : "; \(Wording.bits(ignored)) of it \(Self.are(ignored)) no address")
    )
  }

  private static func are(_ bits: UInt64) -> String { bits.nonzeroBitCount == 1 ? "is" : "are" }

  private func meaning(of step: WalkStep, before: Rights) -> String {
    let low = paging.pageShift(step.level)
    let width = UInt64(paging.entryCount(step.level).trailingZeroBitCount)
    let index = "address bits \(low + width - 1):\(low) are \(step.index.hex)"
    guard let entry = step.entry else {
      return "\(index); the image does not hold the entry at \(step.entryAddress)"
    }
    let words = EntryText(paging: paging, level: step.level, entry: entry)
    let citation = words.layout.map { " (\($0.citation))" } ?? ""
    return "\(index): \(content(step, entry, words, before: before))\(citation)"
  }

  private func content(
    _ step: WalkStep, _ entry: UInt64, _ words: EntryText, before: Rights
  ) -> String {
    switch paging.meaning(of: entry, level: step.level) {
    case .notPresent where paging.isARM64:
      "\(entry.hex) \(ARM64Sentence.reason(entry, step.level, paging.mode)), the walk ends"
    case .reserved(let bits) where paging.isARM64:
      "\(entry.hex) has address bits beyond the output size: \(bits.hex); the walk ends"
    case .notPresent where entry == 0: "the entry is 0, there is nothing: P=0"
    case .notPresent: "\(entry.hex) has P=0: the other bits are software's, the walk ends"
    case .reserved(let bits):
      "\(entry.hex) has P=1, and \(words.offence(of: bits)) set: \(bits.hex); the walk ends"
    case .table(let table):
      "\(entry.hex) leads to the \(paging.mode.tableName(step.level - 1)) at \(table)"
        + "; \(loss(step, entry, before))"
    case .page(let page):
      "\(entry.hex) maps the \(Wording.size(1 << paging.pageShift(step.level))) page at \(page)"
        + (step.level > 1 ? paging.isARM64 ? ", a block" : ", for PS=1" : "")
        + "; \(loss(step, entry, before))"
    }
  }

  /// Which rights the entry takes away, and by which bits.
  private func loss(_ step: WalkStep, _ entry: UInt64, _ before: Rights) -> String {
    let own = paging.rights(of: entry, level: step.level)
    let rights: [(Rights, String, String)] =
      paging.isARM64
      ? ARM64Steps(paging: paging, memory: memory).rights(step, entry)
      : [
        (.write, "RW=0", "writing"), (.user, "US=0", "use by user mode"),
        (.execute, "XD=1", "execution"),
      ]
    let lost = rights.filter { before.contains($0.0) && !own.contains($0.0) }
    let gone = rights.filter { !before.contains($0.0) && !own.contains($0.0) }
    var parts = lost.map { "\($0.1) takes \($0.2) away" }
    if !gone.isEmpty {
      parts.append("\(Wording.list(gone.map(\.1))) takes nothing away that was there still")
    }
    let words = parts.isEmpty ? "it takes no right away" : Wording.list(parts)
    return paging.isARM64
      ? ARM64Steps(paging: paging, memory: memory).remarks(step, entry, before: before).reduce(
        words
      ) {
        $0 + "; " + $1
      } : words + (isShadowStack(step, entry, before) ? Self.shadowStack : "")
  }

  /// Whether the entry maps a page of a shadow stack (SDM 3A, 4.6.1).
  private func isShadowStack(_ step: WalkStep, _ entry: UInt64, _ before: Rights) -> Bool {
    guard case .page = paging.meaning(of: entry, level: step.level) else { return false }
    return RegisterLayouts.controlFlowEnforcement.isSet(in: paging.cr4) && before.contains(.write)
      && !X86Fields.writable.isSet(in: entry) && X86Fields.dirty.isSet(in: entry)
  }

  private static let shadowStack = "; with D=1 beside it the page is one of a shadow stack"

  private func offset(_ translation: Translation) -> Line {
    let bits = address.rawValue & (translation.pageSize - 1)
    return (
      "offset",
      "address bits \(translation.pageShift - 1):0 are \(bits.hex): the byte is at "
        + translation.address.description
    )
  }
}

extension [WalkStep] {
  /// The rights that are left after each entry, with execution by EL0 and by EL1 apart, which the
  /// steps of arm64 have folded into one.
  func rightsLeft(in paging: PagingState) -> [Rights] {
    var rights = paging.allRights
    return map { step in
      if let entry = step.entry {
        rights.formIntersection(paging.rights(of: entry, level: step.level))
      }
      return rights
    }
  }
}
