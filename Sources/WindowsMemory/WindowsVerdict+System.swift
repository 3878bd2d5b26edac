import Paging
import PhysicalMemory

/// Faults on system addresses.
extension PageClassifier {
  private static let reference = "Microsoft, bug check reference"

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
      notBacked(&verdict, question, .zeroProtection, "the entry says that there is no page")
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
        "\(Self.reference): 0xBE")
    } else if question.isFetch, question.refusesExecution, !protection.allowsExecute {
      verdict.note(
        "the access is tried again, and the valid entry refuses the fetch (bug check 0xFC)",
        "\(Self.reference): 0xFC")
    }
  }

  private func systemViolation(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) {
    let finding = verdict.finding
    verdict.cost = .fatal
    if question.access.isWrite, let entry = finding.entry {
      switch search.decoder.writeRight(of: entry) {
      case .writableWhenDirty: return makeDirty(&verdict)
      case .copyOnWrite:
        verdict.handler.append("MiCopyOnWrite")
        verdict.end(.soft, .copyOnWrite)
        return verdict.note(
          "a shared page of session space: the session gets a copy", "flow of ReactOS",
          isUncertain: true)
      case .writable, .readOnly:
        verdict.bugCheck = BugCheck(
          "ATTEMPTED_WRITE_TO_READONLY_MEMORY", 0xbe,
          [finding.address.rawValue, entry, nil, nil])
        return verdict.note(
          "a read-only page of the system is written", "\(Self.reference): 0xBE")
      }
    }
    if question.isFetch {
      verdict.bugCheck = noExecuteCheck(finding)
      return verdict.note(
        "a page of the system that is not executable is executed", "\(Self.reference): 0xFC")
    }
    verdict.note(
      "what the kernel does about this refusal is not established", "flow of ReactOS",
      isUncertain: true)
  }

  func noExecuteCheck(_ finding: PageFinding) -> BugCheck {
    BugCheck(
      "ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY", 0xfc,
      [finding.address.rawValue, finding.entry, nil, nil])
  }

  /// The kinds that the fourth argument of bug check 0x50 told apart.
  private enum Kind: UInt64 {
    case zeroProtection = 0
    case noAccess = 1
    case absentTable = 2
  }

  /// From Windows 10 on a write is 2.
  private static let firstBuildOfWrite2 = 10240

  private func notBacked(
    _ verdict: inout WindowsVerdict, _ question: FaultQuestion, _ kind: Kind?, _ text: String
  ) {
    let write: UInt64 = system.kernel.id.build >= Self.firstBuildOfWrite2 ? 2 : 1
    let access: UInt64 = question.isFetch ? 0x10 : question.access.isWrite ? write : 0
    verdict.cost = .fatal
    verdict.bugCheck = BugCheck(
      "PAGE_FAULT_IN_NONPAGED_AREA", 0x50,
      [verdict.finding.address.rawValue, access, nil, kind?.rawValue])
    verdict.note(text, "\(Self.reference): 0x50")
    verdict.note(
      "which number stands for a write, and the fourth argument, differ between releases",
      Self.reference, isUncertain: true)
  }
}
