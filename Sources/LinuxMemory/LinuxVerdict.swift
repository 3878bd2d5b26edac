public import Paging
import PhysicalMemory

/// What a Linux kernel makes of an access.
public struct LinuxVerdict: Hashable, Sendable {
  /// What becomes of the kernel when its own access cannot be made.
  public enum Oops: String, Hashable, Sendable, CaseIterable {
    /// It reports an oops, whatever the instruction.
    case certain = "oops"
    /// It reports an oops, unless the instruction has an entry in the exception table.
    case unlessFixedUp = "oops-unless-fixed-up"
  }

  /// What would happen under a condition that the image does not tell.
  public struct Case: Hashable, Sendable {
    /// The condition, in words: "no area holds the address".
    public internal(set) var condition: String
    /// The functions of the kernel, in the order in which they are called.
    public let handler: [String]
    /// The cost; nil where it depends on still more.
    public let cost: FaultCost?
    /// The signal that the program gets.
    public let signal: LinuxSignal?
    /// What becomes of the kernel.
    public let oops: Oops?

    func isLike(_ other: Case) -> Bool {
      handler == other.handler && cost == other.cost && signal == other.signal && oops == other.oops
    }
  }

  /// A fault of an access that was made again after a first fault was resolved.
  public struct SecondFault: Hashable, Sendable {
    /// What resolving the first fault costs.
    public let firstCost: FaultCost
    /// How many functions of the verdict belong to the first fault.
    public let firstCount: Int
    /// The functions of the kernel from the second fault on, in the order in which they are called.
    public let handler: [String]
    /// What the processor pushes the second time.
    public let errorCode: PageFaultErrorCode
  }

  /// What is known about the page.
  public internal(set) var finding: LinuxFinding
  /// The functions of the kernel, in the order in which they are called; of a second fault, those that
  /// it does not begin with like the first.
  public internal(set) var handler: [String] = []
  /// The fault that follows on a first one; nil where the access is made, or refused, at once.
  public internal(set) var secondFault: SecondFault?
  /// The cost; nil where it depends on what is not known.
  public internal(set) var cost: FaultCost?
  /// The cost if the page is in the page cache or the swap cache, which is not known.
  public internal(set) var costIfCached: FaultCost?
  /// What the kernel does about the page; nil where it does nothing, or where that is not known.
  public internal(set) var resolution: LinuxResolution?
  /// The signal that the program gets, after the resolution where there is one.
  public internal(set) var signal: LinuxSignal?
  /// What becomes of the kernel.
  public internal(set) var oops: Oops?
  /// What would happen by what is not known; empty where that makes no difference.
  public internal(set) var cases: [Case] = []
  /// The rules that led here, after those of the finding.
  public internal(set) var rules: [VerdictRule] = []

  /// What the first of two faults comes to by itself: it is resolved, and the access is made again; the
  /// verdict as it is where no second fault follows.
  public var firstFault: LinuxVerdict {
    guard let secondFault else { return self }
    var first = self
    first.handler = Array(handler.prefix(secondFault.firstCount))
    (first.cost, first.signal, first.secondFault) = (secondFault.firstCost, nil, nil)
    return first
  }

  init(_ finding: LinuxFinding) { self.finding = finding }

  mutating func note(_ text: String, _ source: String, isUncertain: Bool = false) {
    rules.append(VerdictRule(text, source, isUncertain: isUncertain))
  }

  mutating func end(_ signal: LinuxSignal, in function: String?) {
    if let function { handler.append(function) }
    (cost, costIfCached, self.signal) = (.fatal, nil, signal)
  }
}

/// An access, with what the kernel's verdict depends on.
struct LinuxFaultQuestion {
  let address: VirtualAddress
  let access: Access
  let result: AccessResult
  let state: PagingState

  var isUser: Bool { access.privilege == .user }
  var isFetch: Bool { access.kind == .execute }
  var isARM64: Bool { state.isARM64 }

  /// The error code of x86; empty for an abort.
  var errorCode: PageFaultErrorCode {
    if case .pageFault(let fault) = result { fault.errorCode } else { [] }
  }

  /// The rules of x86 that refused the access to a page that is mapped.
  var refusal: AccessRefusal {
    if case .pageFault(let fault) = result { fault.refusal } else { [] }
  }

  var abort: ARM64Abort? {
    if case .abort(let abort) = result { abort } else { nil }
  }
}
