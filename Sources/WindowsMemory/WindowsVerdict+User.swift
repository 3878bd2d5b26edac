import Paging
import PhysicalMemory

/// Faults on user addresses.
extension PageClassifier {
  private static let flow = "flow of ReactOS, published reverse engineering"

  func userFault(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) {
    let finding = verdict.finding
    if finding.isValid { return userViolation(&verdict, question) }
    if finding.isTableAbsent { return tableFault(&verdict) }
    if finding.isLeftToVAD {
      verdict.call(.checkVirtualAddress)
      switch finding.vad {
      case .none: return refuse(&verdict, "no VAD has the address", "MiCheckVirtualAddress")
      case .unknown(let why):
        return verdict.note(
          "the VAD of the address decides, and it is not known: \(why)", "MiCheckVirtualAddress")
      case .notAsked, .found: break
      }
    }
    guard !isRefused(&verdict, question) else { return }
    if finding.protection?.modifier == .guardPage { return touchGuard(&verdict, question) }
    guard allows(finding, question) else {
      return refuse(&verdict, "the protection does not allow this access", "MiAccessCheck")
    }
    resolve(&verdict, question)
  }

  /// The program gets STATUS_ACCESS_VIOLATION.
  func refuse(_ verdict: inout WindowsVerdict, _ text: String, _ source: String) {
    verdict.end(.fatal, .accessViolation)
    verdict.note(text, source)
  }

  /// States that refuse every access.
  private func isRefused(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) -> Bool {
    let finding = verdict.finding
    switch finding.state {
    case .noAccess: refuse(&verdict, "the protection allows no access", "MiAccessCheck")
    case .decommitted:
      refuse(&verdict, "the page was committed and given back (MM_DECOMMIT)", "MiAccessCheck")
    case .zero where finding.prototype != nil:
      // Where the range is a view, what its prototype entry says is found out last.
      verdict.call(.dispatchFault)
      verdict.call(.resolveProtoPteFault)
      refuse(&verdict, "the page of the section is not committed", Self.flow)
    case .zero: refuse(&verdict, "the address is reserved, not committed", Self.flow)
    case .freed, .ambiguous:
      refuse(&verdict, "an entry with protection 0 allows no access", Self.flow)
      verdict.rules.append(
        WindowsRule("such an entry is not expected in user space", Self.flow, isUncertain: true))
    case nil:
      if finding.failure?.reason == .malformed {
        verdict.cost = .fatal
        verdict.note(
          "what the kernel does about reserved bits is not established", Self.flow,
          isUncertain: true)
      }
      return true
    default: return finding.protection?.refusesAccess == true && refuseByProtection(&verdict)
    }
    return true
  }

  private func refuseByProtection(_ verdict: inout WindowsVerdict) -> Bool {
    refuse(&verdict, "the protection allows no access, wherever the page is", "MiAccessCheck")
    return true
  }

  /// A write to a copy counts as one; without NX every page that is readable is executable.
  private func allows(_ finding: PageFinding, _ question: FaultQuestion) -> Bool {
    guard let protection = finding.protection else { return true }
    if question.access.isWrite { return protection.allowsWrite }
    return !question.isFetch || !question.refusesExecution || protection.allowsExecute
  }

  /// A table of the page tables is not in memory: it is brought in first.
  private func tableFault(_ verdict: inout WindowsVerdict) {
    let level = search.state.mode.tableName(verdict.finding.level - 1)
    switch verdict.finding.state {
    case .transition, .pageFile, .virtualStore: break
    default:
      verdict.cost = .fatal
      return verdict.note(
        "the entry for the \(level) is malformed: tables are in use, in transition, in a page file or"
          + " filled with zeros, and nothing else; what the kernel does about it is not established",
        "memory forensics practice: software entries at upper levels", isUncertain: true)
    }
    verdict.note(
      "the \(level) is not in memory: it is brought in first, and the access faults again by what"
        + " its entry says", Self.flow)
    dispatch(&verdict)
  }

  private func userViolation(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) {
    if question.isUser, question.isSupervisorPage {
      return refuse(&verdict, "the page is not for user mode", "the processor's entry")
    }
    if question.isFirstUse { return makeAccessed(&verdict) }
    if question.access.isWrite { return writeFault(&verdict, question) }
    if question.isFetch { return fetchFault(&verdict, question) }
    guard !question.isOddlyRefused else { return oddRefusal(&verdict) }
    verdict.end(.soft, .success)
    verdict.note("nothing stands against the access: it is tried again", Self.flow)
  }

  private func writeFault(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) {
    guard let entry = verdict.finding.entry else { return }
    switch search.decoder.writeRight(of: entry) {
    case .copyOnWrite:
      verdict.call(.copyOnWrite)
      verdict.end(.soft, .copyOnWrite)
      verdict.note(
        "the page is shared until it is written: the process gets a copy", "CopyOnWrite is 1")
    case .writableWhenDirty: makeDirty(&verdict)
    case .readOnly: refuse(&verdict, "the page is read-only", "Write and CopyOnWrite are 0")
    case .writable:
      if question.isReadOnly { refusedAbove(&verdict) } else { oddRefusal(&verdict) }
    }
  }

  private func fetchFault(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) {
    if let name = question.preventionOfExecution {
      return refuseFetch(&verdict, "the kernel fetches from a page of user space (\(name))")
    }
    guard verdict.finding.protection?.allowsExecute == true else {
      return refuse(&verdict, "the page is not executable (DEP)", "NX of the last entry")
    }
    guard !search.state.isARM64 else { return refusedAbove(&verdict) }
    shadowed(&verdict, question)
  }

  private func refusedAbove(_ verdict: inout WindowsVerdict) {
    verdict.note(
      "an entry above refuses what the last one allows; Windows makes no such tables", Self.flow,
      isUncertain: true)
    verdict.end(.fatal, .accessViolation)
  }

  /// The last entry allows the fetch and one above does not: kernel roots do that to user space.
  private func shadowed(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) {
    verdict.note(
      "the last entry allows the fetch; the kernel's root refuses it for all of user space, where"
        + " kernel addresses are shadowed (KVA shadow)",
      "published analysis of KVA shadow and software SMEP")
    guard question.isUser else {
      return refuseFetch(&verdict, "the kernel fetches from a page of user space")
    }
    verdict.handler = []
    verdict.cost = WindowsVerdict.Cost.none
    let root = process?.userDirectoryTableBase.map { " (\($0.hex))" } ?? ""
    verdict.note("user mode runs by its own root\(root), which allows the fetch", "_KPROCESS")
  }

  func oddRefusal(_ verdict: inout WindowsVerdict) {
    verdict.cost = .fatal
    verdict.note(
      "what the kernel does about this refusal (SMAP, PAN, protection keys) is not established",
      Self.flow,
      isUncertain: true)
  }
}
