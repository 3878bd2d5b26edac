import BitLayout
import Paging
import PhysicalMemory

/// What a descriptor of arm64 says, for explanations.
struct ARM64Steps {
  let paging: PagingState
  let memory: MemoryImage

  private static func isTable(_ step: WalkStep, _ entry: UInt64) -> Bool {
    step.level > 1 && ARM64Layouts.type.isSet(in: entry)
  }

  /// The bits that take each right away, and the right in words.
  func rights(_ step: WalkStep, _ entry: UInt64) -> [(Rights, String, String)] {
    let isTable = Self.isTable(step, entry)
    return [
      (.write, isTable ? "APTable[1]=1" : "AP[2]=1", "writing"),
      (.user, isTable ? "APTable[0]=1" : "AP[1]=0", "data access by EL0"),
      (.execute, isTable ? "UXNTable=1" : "UXN=1", "execution by EL0"),
      (.privilegedExecute, isTable ? "PXNTable=1" : "PXN=1", "execution by EL1"),
    ]
  }

  /// What registers make of a descriptor's bits, and bits that look as if they counted.
  ///
  /// `before` are the rights that the tables above leave.
  func remarks(_ step: WalkStep, _ entry: UInt64, before: Rights) -> [String] {
    if Self.isTable(step, entry) { return remarks(ofTable: entry) }
    return remarks(ofPage: entry, before) + (groupRemark(step).map { [$0] } ?? [])
  }

  private func remarks(ofTable entry: UInt64) -> [String] {
    let fields = ARM64Layouts.self
    let isLower = paging.arm64.half == .lower
    let half = isLower ? ARM64RegisterLayouts.lower : ARM64RegisterLayouts.upper
    let attributes = [
      fields.accessTable, fields.userExecuteNeverTable, fields.privilegedExecuteNeverTable,
    ].filter { $0.isSet(in: entry) }.map { "\($0.name)=\($0.value(in: entry))" }
    guard half.hierarchyDisable.isSet(in: paging.tcr), !attributes.isEmpty else { return [] }
    return [
      "TCR_EL1.\(half.hierarchyDisable.name)=1 leaves \(Wording.list(attributes)) out of account"
    ]
  }

  private func remarks(ofPage entry: UInt64, _ before: Rights) -> [String] {
    let (fields, registers) = (ARM64Layouts.self, ARM64RegisterLayouts.self)
    var remarks: [String] = []
    if fields.dirtyModifier.isSet(in: entry), entry & fields.accessReadOnly != 0,
      before.contains(.write), registers.hardwareAccess.isSet(in: paging.tcr),
      registers.hardwareDirty.isSet(in: paging.tcr)
    {
      remarks.append("DBM=1 gives it back, the page is clean: a write clears AP[2]")
    }
    if !fields.accessFlag.isSet(in: entry) {
      remarks.append(
        registers.hardwareAccess.isSet(in: paging.tcr)
          ? "AF=0: the processor sets it with the first access"
          : "AF=0: an access raises an access flag fault")
    }
    return remarks
  }

  /// What the Contiguous bit promises of the neighbours, and whether they keep it.
  private func groupRemark(_ step: WalkStep) -> String? {
    guard let entry = step.entry, ARM64Layouts.contiguous.isSet(in: entry) else { return nil }
    let name = { (index: UInt64) in "\(paging.mode.entryName(step.level))[\(index.hex(digits: 3))]"
    }
    guard let group = ARM64ContiguousGroup(of: step, in: paging) else {
      return "Contiguous=1 means nothing in a block of this size (ARM ARM D8.7.1)"
    }
    let broken: String
    switch group.flaw(in: memory) {
    case nil:
      return
        "Contiguous=1 is a hint that its group of \(group.count) keeps, and no part of the answer"
    case .largerThanHalf: broken = "they translate more addresses than this half has"
    case .misaligned: broken = "their pages do not begin at a multiple of their size"
    case .withoutBit(let index): broken = "\(name(index)) has not the bit"
    case .elsewhere(let index, let page, let expected):
      broken = "\(name(index)) leads to \(page), not to \(expected)"
    case .otherAttributes(let index): broken = "\(name(index)) has other attributes"
    }
    return
      "Contiguous=1 promises what its group of \(group.count) does not keep: \(broken); a processor "
      + "may answer by another of them, or fault (ARM ARM D8.7.1.1)"
  }
}
