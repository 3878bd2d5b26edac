import Paging
import PhysicalMemory

/// How a page that may be accessed gets into the page table.
extension PageClassifier {
  private static let flow = "flow of ReactOS, published reverse engineering"

  func resolve(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) {
    let finding = verdict.finding
    if isExactDemandZero(finding) {
      verdict.call(.resolveDemandZeroFault)
      return verdict.end(.soft, .demandZero)
    }
    dispatch(&verdict)
    guard question.access.isWrite, finding.isShared,
      finding.protection?.isCopyOnWrite == true
    else { return }
    switch verdict.cost {
    case .soft where finding.state != .demandZero:
      verdict.call(.copyOnWrite)
      verdict.status = .copyOnWrite
      verdict.note("the write gets a private copy of the page", Self.flow)
    case .hard:
      verdict.note(
        "the page is read first; the write faults again, for its private copy"
          + " (STATUS_PAGE_FAULT_COPY_ON_WRITE)", Self.flow)
    default: break
    }
  }

  /// The shortest way is for entries that say just this: filled with zeros, for reading and writing.
  private func isExactDemandZero(_ finding: PageFinding) -> Bool {
    guard finding.level == 1, let entry = finding.entry, finding.reading?.state == .demandZero,
      !system.isSystem(finding.address)
    else { return false }
    return search.decoder.withoutMask(entry) == plainDemandZero
  }

  private var plainDemandZero: UInt64? {
    guard let readWrite = MMProtection(base: "MM_READWRITE") else { return nil }
    return try? PTEEncoder(system.kernel).entry(.demandZero(readWrite))
  }

  /// Calls the function that resolves the state.
  func dispatch(_ verdict: inout WindowsVerdict) {
    let finding = verdict.finding
    verdict.call(.dispatchFault)
    if finding.isShared { verdict.call(.resolveProtoPteFault) }
    switch finding.state {
    case .demandZero:
      verdict.call(.resolveDemandZeroFault)
      verdict.end(.soft, .demandZero)
    case .transition:
      verdict.call(.resolveTransitionFault)
      verdict.end(.soft, .transition)
    case .pageFile:
      verdict.call(.resolvePageFileFault)
      verdict.end(.hard, .pagingFile)
    case .virtualStore:
      verdict.call(.resolvePageFileFault)
      verdict.cost = .soft
      verdict.note(
        "the page is decompressed from a store in memory: no status is established, transition and"
          + " paging file are both reported", "published analyses of the store", isUncertain: true)
    case .subsection:
      verdict.call(.resolveMappedFileFault)
      verdict.end(.hard, .pagingFile)
      if finding.content == .zeros {
        verdict.note("the page is beyond what the file has: it is filled with zeros", Self.flow)
      }
    case .valid, .large:
      verdict.end(.soft, .transition)
      verdict.note(
        (finding.isSharedData ? "the page is in memory" : "another process has the page")
          + ": the entry is filled in; that current kernels call it a transition is not established",
        Self.flow, isUncertain: true)
    case .prototype, .prototypeVAD:
      let why = finding.failure.map { "\($0)" } ?? "where it is is not known"
      verdict.note("the prototype entry decides, and it cannot be read: \(why)", Self.flow)
    case .zero, .noAccess, .decommitted, .freed, .ambiguous, nil: break
    }
  }
}
