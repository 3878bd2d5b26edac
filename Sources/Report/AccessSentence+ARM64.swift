import BitLayout
import Machine
import Paging
import PhysicalMemory

extension ARM64Abort {
  /// The kind and the level, as the manual names them: `permission fault, level 3`.
  var kindText: String {
    let kind =
      switch fault {
      case .translation: "translation fault"
      case .addressSize: "address size fault"
      case .accessFlag: "access flag fault"
      case .permission: "permission fault"
      }
    return "\(kind), level \(level)"
  }
}

extension ARM64Abort {
  /// The article that goes before the kind.
  var indefinite: String { fault == .accessFlag || fault == .addressSize ? "an" : "a" }
}

extension AccessSentence {
  /// Why arm64 refuses an access, a sentence a line.
  func reasons(of abort: ARM64Abort) -> [String] {
    switch abort.fault {
    case .permission:
      return ARM64Refusal.rules.filter { abort.refusal.contains($0.refusal) }
        .map { "refused: \($0.meaning): \(cause(of: $0.refusal)) (\($0.citation))" }
    case .accessFlag:
      return ["AF=0 in the descriptor, and TCR_EL1.HA=0 leaves it to software (ARM ARM D8.5.4)"]
    case .translation where abort.walk != walk.result:
      let isLower = ARM64Half(of: answer.pointer.rawValue) == .lower
      let half = isLower ? ARM64RegisterLayouts.lower : ARM64RegisterLayouts.upper
      let keepsOut = abort.access.privilege == .user && half.userDisable.isSet(in: paging.tcr)
      if keepsOut {
        return ["TCR_EL1.\(half.userDisable.name)=1 keeps EL0 out of this half (ARM ARM D8.2.4.1)"]
      }
      return [
        half.topByteOfDataOnly.isSet(in: paging.tcr)
          ? "TCR_EL1.\(half.topByteOfDataOnly.name)=1 leaves fetches no tag (ARM ARM D8.8)"
          : "TCR_EL1.\(half.memoryTag.name)=1 is for data, fetches have no memory tag (ARM ARM D8.8)"
      ]
    case .translation, .addressSize:
      return WalkSentence(paging: paging, walk: walk).lines
    }
  }

  /// What in the descriptors and registers a rule of arm64 refused for.
  private func cause(of refusal: ARM64Refusal) -> String {
    let fields = ARM64Layouts.self
    switch refusal {
    case .privilegedPage:
      return names(leaf: { $0 & fields.accessUser == 0 }, table: fields.accessTableNoUser)
    case .readOnly:
      return names(leaf: { $0 & fields.accessReadOnly != 0 }, table: fields.accessTableReadOnly)
    case .userExecuteNever:
      return names(
        leaf: fields.userExecuteNever.isSet(in:), table: fields.userExecuteNeverTable.mask)
    case .privilegedExecuteNever:
      return names(
        leaf: fields.privilegedExecuteNever.isSet(in:),
        table: fields.privilegedExecuteNeverTable.mask)
    case .userWritable: return "AP[1]=1, and \(writability)"
    case .writableNeverExecuted: return writability
    case .privilegedAccessNever:
      let isUserPage = walk.result.translation?.rights.contains(.user) == true
      return isUserPage ? "AP[1]=1" : "SCTLR_EL1.EPAN=1, and UXN=0"
    default: return refusal.rawValue.hex
    }
  }

  /// What makes the page writable.
  private var writability: String {
    let entry = walk.steps.last?.entry ?? 0
    return entry & ARM64Layouts.accessReadOnly == 0
      ? "AP[2]=0" : "DBM=1 makes it writable, though AP[2]=1"
  }

  /// The descriptors that take the right away: `L1 and L3`.
  private func names(leaf: (UInt64) -> Bool, table: UInt64) -> String {
    let last = walk.steps.count - 1
    let names = walk.steps.enumerated().compactMap { index, step -> String? in
      guard let entry = step.entry, index == last ? leaf(entry) : entry & table != 0 else {
        return nil
      }
      return walk.mode.entryName(step.level)
    }
    return "it is \(Wording.list(names))"
  }
}

extension EntryUpdate {
  /// What the processor does to the entry: `sets A D`, `sets AF and clears AP[2]`.
  func changes(in paging: PagingState) -> String {
    var set = EntryText(paging: paging, level: level, entry: after & ~before).flags
    // The manual's PDPTE has no accessed bit; emulators that walk to it write one.
    if set.isEmpty, !paging.isARM64, X86Fields.accessed.isSet(in: after & ~before) {
      set = ["\(X86Fields.accessed.name)"]
    }
    var parts = set.isEmpty ? [] : ["sets \(set.joined(separator: " "))"]
    if before & ~after != 0 { parts.append("clears AP[2]") }
    return parts.joined(separator: " and ")
  }
}
