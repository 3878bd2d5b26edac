import Paging
import PhysicalMemory

/// Faults at an IRQL of 2 or more, at which no page can be brought in and none can be copied.
extension PageClassifier {
  func elevated(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) {
    let finding = verdict.finding
    if isCleanWrite(finding, question) { return makeDirty(&verdict) }
    guard finding.isValid, let entry = finding.entry else { return tooHigh(&verdict, question) }
    if isAllowed(finding, entry, question) {
      verdict.end(.soft, .success)
      return verdict.note(
        "every entry is valid and nothing in them stands against the access: it is tried again",
        "flow of ReactOS")
    }
    // Programs do not run here: what a page refuses to them is no matter of its entry.
    guard !question.isUser else { return tooHigh(&verdict, question) }
    elevatedViolation(&verdict, question, entry)
  }

  /// Whether neither the entries nor what is no right in them refuse an access to a valid page.
  private func isAllowed(
    _ finding: PageFinding, _ entry: UInt64, _ question: FaultQuestion
  ) -> Bool {
    guard !question.isUser || !question.isSupervisorPage, !question.isOddlyRefused else {
      return false
    }
    // The protection of a copy-on-write page allows the write, but only by way of a copy.
    if question.access.isWrite { return search.decoder.writeRight(of: entry) == .writable }
    return !question.isFetch || finding.protection?.allowsExecute == true
  }

  /// The page is there and refuses the kernel: nothing would have to be brought in.
  private func elevatedViolation(
    _ verdict: inout WindowsVerdict, _ question: FaultQuestion, _ entry: UInt64
  ) {
    let isSystem = system.isSystem(verdict.finding.address)
    if question.isFetch {
      if isSystem {
        notExecutable(&verdict, question)
      } else {
        refuseFetch(&verdict, "the kernel fetches from a page of user space")
      }
    } else {
      guard question.access.isWrite else { return oddRefusal(&verdict) }
      switch search.decoder.writeRight(of: entry) {
      case .copyOnWrite:
        verdict.note("the write needs a copy of the page, which needs a page", "CopyOnWrite is 1")
        return tooHigh(&verdict, question)
      case .writable, .writableWhenDirty: return oddRefusal(&verdict)
      case .readOnly:
        readOnly(
          &verdict, entry,
          isSystem ? Self.readOnlyOfSystem : "the kernel writes to a read-only page of user space")
      }
    }
    verdict.note(
      "published stacks of this (MiRaisedIrqlFault, MiCheckSystemNxFault) and ReactOS end so at a raised"
        + " IRQL, too; other descriptions of the kernel have bug check 0xA for every refusal there",
      "published crashes, flow of ReactOS", isUncertain: true)
  }
}
