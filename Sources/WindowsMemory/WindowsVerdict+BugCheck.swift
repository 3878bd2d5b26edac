import Paging
import PhysicalMemory

/// The bug checks that end the system, with their arguments as far as they are known.
extension PageClassifier {
  static let bugCheckReference = "Microsoft, bug check reference"

  /// What documentation calls the type of a bug check 0x50, its fourth argument.
  enum FaultType: UInt64 {
    /// NONPAGED_BUGCHECK_FREED_PTE: the entry is marked as free.
    case freedEntry = 0
    /// The protection allows no access.
    case noAccess = 1
    /// NONPAGED_BUGCHECK_NOT_PRESENT_PAGE_TABLE: there is no page table.
    case absentTable = 2
    /// NONPAGED_BUGCHECK_VA_NOT_CANONICAL: nothing can be at the address.
    case notCanonical = 4
  }

  /// Windows 10, from which on the second argument of 0x50 is the error code on x86.
  private static let firstBuildWithErrorCode = 10240
  /// The error codes that documentation names: of a read, a write, and a fetch from no page.
  private static let documentedErrorCodes: [UInt64] = [0, 2, 0x10]
  /// The kernels that are known to end with 0x50 where a large page refuses a fetch: one crash of 19041
  /// did, and the builds up to 19045 have its kernel.
  private static let buildsOfRefusedLargePage = 19041...19045

  // MARK: - 0x50

  /// A system address has no page.
  func notBacked(
    _ verdict: inout WindowsVerdict, _ question: FaultQuestion, _ type: FaultType?, _ text: String
  ) {
    let errorCode = errorCode(question)
    verdict.cost = .fatal
    verdict.bugCheck = BugCheck(
      "PAGE_FAULT_IN_NONPAGED_AREA", 0x50,
      [verdict.finding.address.rawValue, errorCode ?? question.recordedAccess, nil, type?.rawValue])
    verdict.note(text, "\(Self.bugCheckReference): 0x50")
    if let errorCode {
      noteErrorCode(&verdict, errorCode)
    } else if question.isKnownFetch, !search.state.isARM64 {
      verdict.note(
        "that the second argument of a fetch is 8 is known from a crash of build 9600; documentation"
          + " of releases before Windows 10 names reads and writes only", "a published crash",
        isUncertain: true)
    }
    verdict.note(
      "the fourth argument, the type, differs between releases", Self.bugCheckReference,
      isUncertain: true)
  }

  /// The error code, where the second argument of 0x50 is that; nil where it is not.
  private func errorCode(_ question: FaultQuestion) -> UInt64? {
    guard system.kernel.id.build >= Self.firstBuildWithErrorCode,
      case .pageFault(let fault) = question.result
    else { return nil }
    return UInt64(fault.errorCode.rawValue)
  }

  private func noteErrorCode(_ verdict: inout WindowsVerdict, _ code: UInt64) {
    let isDocumented = Self.documentedErrorCodes.contains(code)
    let documented = Self.documentedErrorCodes.map(\.hex).joined(separator: ", ")
    verdict.note(
      "the second argument is the processor's error code"
        + (isDocumented
          ? "" : ", as in a crash of build 19041 (0x11); documentation names \(documented) only"),
      isDocumented ? "\(Self.bugCheckReference): 0x50" : "a published crash",
      isUncertain: !isDocumented)
  }

  // MARK: - 0xBE and 0xFC

  static let readOnlyOfSystem = "a read-only page of the system is written"

  /// The kernel writes to a page that is read-only.
  func readOnly(
    _ verdict: inout WindowsVerdict, _ entry: UInt64, _ text: String = Self.readOnlyOfSystem
  ) {
    verdict.cost = .fatal
    verdict.bugCheck = BugCheck(
      "ATTEMPTED_WRITE_TO_READONLY_MEMORY", 0xbe,
      [verdict.finding.address.rawValue, entry, nil, nil])
    verdict.note(text, "\(Self.bugCheckReference): 0xBE")
    guard verdict.finding.state == .large else { return }
    verdict.note(
      "that a large page ends the system in this way too is not established",
      "fetches from large pages differ between releases", isUncertain: true)
  }

  /// A page of the system that is not executable is executed.
  func notExecutable(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) {
    let text = "a page of the system that is not executable is executed"
    guard verdict.finding.state == .large, !search.state.isARM64 else {
      return refuseFetch(&verdict, text)
    }
    if Self.buildsOfRefusedLargePage.contains(system.kernel.id.build) {
      notBacked(&verdict, question, .absentTable, "\(text), and a large page has no page table")
    } else {
      refuseFetch(&verdict, text)
    }
    verdict.note(
      "documentation has bug check 0xFC for this, and so have published crashes at pages of 2 MiB,"
        + " whose builds are not known; one of build 19041 had 0x50 with type 2",
      "published crashes", isUncertain: true)
  }

  /// The processor refuses a fetch by the kernel.
  func refuseFetch(_ verdict: inout WindowsVerdict, _ text: String) {
    verdict.cost = .fatal
    verdict.bugCheck = BugCheck(
      "ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY", 0xfc,
      [verdict.finding.address.rawValue, verdict.finding.entry, nil, nil])
    verdict.note(text, "\(Self.bugCheckReference): 0xFC")
  }

  // MARK: - 0x0A

  /// A page would have to be brought in at an IRQL at which none is.
  func tooHigh(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) {
    let level = UInt64(verdict.interruptLevel.rawValue)
    verdict.cost = .fatal
    verdict.bugCheck = BugCheck(
      "IRQL_NOT_LESS_OR_EQUAL", 0x0a,
      [verdict.finding.address.rawValue, level, question.recordedAccess, nil])
    verdict.note("at IRQL \(level) no page can be brought in", "\(Self.bugCheckReference): 0xA")
    verdict.note(
      "where the instruction is a driver's, it is 0xD1 with the same arguments; whose it is is not"
        + " known here", "\(Self.bugCheckReference): 0xD1", isUncertain: true)
  }
}

extension FaultQuestion {
  /// What an exception record says of the access: 0 of a read, 1 of a write, 8 of a fetch.
  fileprivate var recordedAccess: UInt64 { isKnownFetch ? 8 : access.isWrite ? 1 : 0 }

  /// Whether the kernel learns that it is a fetch: x86 says so only where execution can be refused.
  fileprivate var isKnownFetch: Bool {
    guard case .pageFault(let fault) = result else { return isFetch }
    return fault.errorCode.contains(.instruction)
  }
}
