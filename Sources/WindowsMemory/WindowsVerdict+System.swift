import Paging
import PhysicalMemory

/// Faults on system addresses.
extension PageClassifier {
  func systemFault(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) {
    guard !question.isUser else {
      return refuse(&verdict, "user mode has no access to system addresses", "MmAccessFault")
    }
    let finding = verdict.finding
    if finding.isValid {
      return systemViolation(&verdict, question)
    }
    if finding.level > 1, finding.state == .zero || finding.state == .ambiguous {
      return notBacked(&verdict, question, .absentTable, "no page table has the address")
    }
    switch finding.state {
    case .zero, .freed, .ambiguous, .decommitted:
      notBacked(&verdict, question, .freedEntry, "the entry says that there is no page")
    case .noAccess:
      notBacked(&verdict, question, .noAccess, "the protection allows no access")
    case nil:
      guard finding.failure?.reason == .malformed else { return }
      notBacked(&verdict, question, nil, "an entry has reserved bits set")
    default: resolveSystem(&verdict, question)
    }
  }

  private func resolveSystem(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) {
    guard let protection = verdict.finding.protection else { return dispatch(&verdict) }
    if protection.refusesAccess {
      notBacked(&verdict, question, .noAccess, "the protection allows no access")
    } else if protection.modifier == .guardPage {
      notBacked(&verdict, question, nil, "a guard page at a system address")
    } else {
      resolve(&verdict, question)
      noteRefusal(&verdict, question, protection)
    }
  }

  /// System pages are brought in first; the entry that then is valid may refuse the access.
  private func noteRefusal(
    _ verdict: inout WindowsVerdict, _ question: FaultQuestion, _ protection: MMProtection
  ) {
    if question.access.isWrite, !protection.allowsWrite {
      verdict.note(
        "the access is tried again, and the valid entry refuses the write (bug check 0xBE)",
        "\(Self.bugCheckReference): 0xBE")
    } else if question.isFetch, question.refusesExecution, !protection.allowsExecute {
      verdict.note(
        "the access is tried again, and the valid entry refuses the fetch (bug check 0xFC)",
        "\(Self.bugCheckReference): 0xFC")
    }
  }

  private func systemViolation(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) {
    let finding = verdict.finding
    if question.isFirstUse { return makeAccessed(&verdict) }
    verdict.cost = .fatal
    if question.access.isWrite, let entry = finding.entry {
      switch search.decoder.writeRight(of: entry) {
      case .writableWhenDirty: return makeDirty(&verdict)
      case .copyOnWrite:
        verdict.call(.copyOnWrite)
        verdict.end(.soft, .copyOnWrite)
        return verdict.note(
          "a shared page of session space: the session gets a copy", "flow of ReactOS",
          isUncertain: true)
      case .writable, .readOnly: return readOnly(&verdict, entry)
      }
    }
    guard !question.isFetch else { return notExecutable(&verdict, question) }
    verdict.note(
      "what the kernel does about this refusal is not established", "flow of ReactOS",
      isUncertain: true)
  }
}
