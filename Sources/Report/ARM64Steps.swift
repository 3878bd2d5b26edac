import BitLayout
import Paging
import PhysicalMemory

/// What a descriptor of arm64 says, for explanations.
struct ARM64Steps {
  let paging: PagingState

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
    Self.isTable(step, entry) ? remarks(ofTable: entry) : remarks(ofPage: entry, before)
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
    if fields.contiguous.isSet(in: entry) {
      remarks.append("Contiguous=1 is a hint, and no part of the answer")
    }
    return remarks
  }
}
