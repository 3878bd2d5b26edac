public import Paging
public import PhysicalMemory

/// What the kernel makes of an access.
public struct WindowsVerdict: Hashable, Sendable {
  /// What an access costs.
  public typealias Cost = FaultCost

  /// What is known about the page.
  public let finding: PageFinding
  /// The IRQL at which the access is made.
  public let interruptLevel: InterruptLevel
  /// The functions of the kernel, in the order in which they are called.
  public internal(set) var handler: [String] = []
  /// The cost; nil where it could not be found out.
  public internal(set) var cost: Cost?
  /// The status; nil where there is none, or where it is not established.
  public internal(set) var status: NTStatus?
  /// The bug check that ends the system.
  public internal(set) var bugCheck: BugCheck?
  /// What would happen by what the image does not tell.
  public internal(set) var cases: [Case] = []
  /// The rules that led here, after those of the finding.
  public internal(set) var rules: [WindowsRule] = []

  /// What would happen under a condition; the functions are those of the verdict.
  public struct Case: Hashable, Sendable {
    /// The condition: `the page is the last guard of the thread's stack`.
    public let condition: String
    /// The cost.
    public let cost: Cost
    /// The status.
    public let status: NTStatus
  }

  /// Why the cost could not be found out; nil where it could.
  public var unknown: String? {
    guard cost == nil else { return nil }
    return rules.last?.text ?? finding.failure?.description
  }

  init(_ finding: PageFinding, at interruptLevel: InterruptLevel) {
    self.finding = finding
    self.interruptLevel = interruptLevel
  }

  mutating func end(_ cost: Cost, _ status: NTStatus?) {
    self.cost = cost
    self.status = status
  }

  mutating func call(_ function: FaultFunction) { handler.append(function.rawValue) }

  mutating func note(_ text: String, _ source: String, isUncertain: Bool = false) {
    rules.append(WindowsRule(text, source, isUncertain: isUncertain))
  }
}

/// An access, with what the kernel's verdict depends on.
struct FaultQuestion {
  let access: Access
  let result: AccessResult
  let state: PagingState
  let stack: ThreadStack?

  /// Whether instructions are told from data: else a fetch is a read.
  var refusesExecution: Bool { state.noExecute }
  var isUser: Bool { access.privilege == .user }
  var isFetch: Bool { access.kind == .execute }

  /// The rules of x86 that refused the access to a page that is mapped.
  var refusal: AccessRefusal {
    if case .pageFault(let fault) = result { fault.refusal } else { [] }
  }

  /// The rules of arm64 that refused the access to a page that is mapped.
  private var refusalOfARM64: ARM64Refusal {
    if case .abort(let abort) = result { abort.refusal } else { [] }
  }

  /// Whether the entries together do not let the page be written.
  var isReadOnly: Bool { refusal.contains(.readOnly) || refusalOfARM64.contains(.readOnly) }

  /// The name of what keeps the kernel from executing pages of user space; nil where nothing did.
  var preventionOfExecution: String? {
    if refusal.contains(.executionPrevention) { return "SMEP" }
    return refusalOfARM64.isDisjoint(with: [.privilegedExecuteNever, .userWritable]) ? nil : "PXN"
  }

  /// Whether nothing but the access flag of arm64 stood against the access.
  var isFirstUse: Bool {
    if case .abort(let abort) = result { abort.fault == .accessFlag } else { false }
  }

  /// Whether the page is not for user mode.
  var isSupervisorPage: Bool {
    refusal.contains(.supervisorPage) || refusalOfARM64.contains(.privilegedPage)
  }

  /// Whether something refused that is no right in an entry: SMAP, PAN, protection keys.
  var isOddlyRefused: Bool {
    refusalOfARM64.contains(.privilegedAccessNever)
      || !refusal.subtracting([.supervisorPage, .readOnly, .executeDisabled]).isEmpty
  }
}

extension PageClassifier {
  /// What the kernel makes of an access, after what the processor did.
  ///
  /// The rules are a model of published behaviour, not of a kernel's code; each says where it comes
  /// from, and which are not established.
  ///
  /// - Parameters:
  ///   - address: The linear address.
  ///   - access: The access.
  ///   - result: What the processor did with it.
  ///   - interruptLevel: The IRQL.
  /// - Returns: The verdict.
  public func verdict(
    on address: VirtualAddress, _ access: Access, _ result: AccessResult,
    interruptLevel: InterruptLevel = .passive
  ) -> WindowsVerdict {
    var verdict = WindowsVerdict(finding(of: address), at: interruptLevel)
    let question = FaultQuestion(
      access: access, result: result, state: search.state, stack: process?.stack)
    switch result {
    case .translated: verdict.cost = WindowsVerdict.Cost.none
    case .missing: break
    case .generalProtection: protect(&verdict, question)
    case .pageFault, .abort:
      verdict.call(.accessFault)
      if interruptLevel > .apc {
        elevated(&verdict, question)
      } else if !search.state.isCanonical(address) {
        gapFault(&verdict, question)
      } else if system.isSystem(address) {
        systemFault(&verdict, question)
      } else {
        userFault(&verdict, question)
      }
    }
    return verdict
  }

  private func protect(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) {
    verdict.call(.generalProtection)
    verdict.cost = .fatal
    guard verdict.finding.entry == nil else {
      return verdict.note(
        "the processor finds reserved bits as it loads CR3; what the kernel does is not established",
        "#GP, not #PF", isUncertain: true)
    }
    verdict.end(.fatal, .accessViolation)
    verdict.note(
      "the processor refuses the address before any page table is read; the exception says address -1",
      "#GP, not #PF")
    guard !question.isUser else { return }
    verdict.note(
      "in the kernel, the exception ends the system unless it is handled", "general knowledge",
      isUncertain: true)
  }

  /// The address is between the halves, for which arm64 has a translation fault like any other.
  private func gapFault(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) {
    let text = "the address is in neither half of the addresses: nothing is ever there"
    guard !question.isUser else { return refuse(&verdict, text, "MmAccessFault") }
    notBacked(&verdict, question, .notCanonical, text)
    verdict.note(
      "documentation has this type for every address that is not canonical and names no processor; no"
        + " such crash of arm64 is published", "\(Self.bugCheckReference): 0x50", isUncertain: true)
  }

  /// Whether the access is the first write to a page that is writable and clean.
  func isCleanWrite(_ finding: PageFinding, _ question: FaultQuestion) -> Bool {
    guard finding.isValid, question.access.isWrite, let entry = finding.entry
    else { return false }
    return search.decoder.writeRight(of: entry) == .writableWhenDirty
      && !(question.isUser && question.isSupervisorPage)
  }

  func makeDirty(_ verdict: inout WindowsVerdict) {
    verdict.end(.soft, .success)
    guard !search.state.isARM64 else {
      return verdict.note(
        "the page is writable to Windows and clean: the first write clears NotDirty, by which the"
          + " processor refuses writes; it is no violation",
        "_MMPTE_HARDWARE: Writable and NotDirty")
    }
    verdict.note(
      "the page is writable to Windows and clean: the first write sets the processor's bit and the"
        + " dirty bit; it is no violation", "_MMPTE_HARDWARE: Write, and Dirty1 or Writable")
  }

  /// The first use of a page whose access flag the processor does not set (arm64).
  func makeAccessed(_ verdict: inout WindowsVerdict) {
    verdict.end(.soft, .success)
    verdict.note(
      "the access flag of the page is clear and the processor leaves it to the kernel, which sets"
        + " Accessed; the access is tried again", "_MMPTE_HARDWARE: Accessed", isUncertain: true)
  }
}
