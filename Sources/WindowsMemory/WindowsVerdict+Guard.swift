import Paging
import PhysicalMemory

/// Faults on guard pages.
extension PageClassifier {
  private static let flow = "flow of ReactOS, published reverse engineering"

  /// The guard is taken away first; then the stack of the thread decides what the program is told.
  func touchGuard(_ verdict: inout WindowsVerdict, _ question: FaultQuestion) {
    verdict.call(.checkForUserStackOverflow)
    if let stack = question.stack, stack.contains(verdict.finding.address) {
      return grow(&verdict, stack)
    }
    verdict.end(.fatal, .guardPageViolation)
    verdict.note(
      "the guard is taken away by this access, whether or not the protection allows it; the next"
        + " access meets the page without it", Self.flow)
    if question.stack == nil { considerStack(&verdict) }
  }

  /// The thread is not known: the page may be the guard of its stack, which only private memory can be.
  private func considerStack(_ verdict: inout WindowsVerdict) {
    var failure: KernelReadFailure?
    let address = verdict.finding.address
    var stack: ThreadStack?
    if case .found(let vad) = vadAnswer(of: address, failure: &failure) {
      guard vad.isPrivate else { return }
      stack = ThreadStack(allocationBase: vad.start, base: vad.last.advanced(by: 1))
    }
    let hasRoom = stack.map { $0.nextGuard(below: address) != nil }
    let all: [(Bool?, WindowsVerdict.Case)] = [
      (
        hasRoom,
        .init(
          condition: "it is in the stack of the thread"
            + (hasRoom == nil ? ", with room below it" : ""), cost: .soft, status: .guardPage)
      ),
      (
        hasRoom.map { !$0 },
        .init(
          condition: "it is in the stack of the thread"
            + (hasRoom == nil ? ", without room below it" : ""), cost: .fatal,
          status: .stackOverflow)
      ),
      (true, .init(condition: "it is not", cost: .fatal, status: .guardPageViolation)),
    ]
    verdict.cases = all.filter { $0.0 != false }.map(\.1)
    verdict.note(
      "whether the page is in the stack of the thread decides, and the thread is not known here",
      Self.flow, isUncertain: true)
  }

  /// The guard page of the thread's stack was touched.
  private func grow(_ verdict: inout WindowsVerdict, _ stack: ThreadStack) {
    guard let next = stack.nextGuard(below: verdict.finding.address) else {
      verdict.end(.fatal, .stackOverflow)
      return verdict.note(
        "the stack of the thread has no page left for another guard; this one is taken away all the"
          + " same, and the next access meets an ordinary page", Self.flow)
    }
    verdict.end(.soft, .guardPage)
    verdict.note(
      "the stack of the thread grows: \(next) becomes the guard, and the access is tried again",
      Self.flow)
  }
}
