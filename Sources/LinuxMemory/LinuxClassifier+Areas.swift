import Paging

/// What the areas of the process make of an access.
extension LinuxClassifier {
  /// The fault where an area is known, or known not to be.
  func areaFault(_ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion) {
    let area: MemoryArea
    switch verdict.finding.area {
    case .unknown: return
    case .none:
      verdict.end(.mapError, in: names.badArea)
      return verdict.note("no area holds the address", faultSource)
    case .found(let found): area = found
    case .growing(let stack):
      area = stack
      verdict.handler.append(names.growStack)
      verdict.note(
        "the stack grows down to the address, within RLIMIT_STACK, which is taken to be"
          + " \(stackLimit >> 20) MiB", "Linux mm/mmap.c, acct_stack_growth", isUncertain: true)
    }
    if let signal = refusal(by: area, question, &verdict) {
      return verdict.end(signal, in: names.badAccess)
    }
    verdict.handler.append("handle_mm_fault")
    pageFault(&verdict, question, area)
    faultAgain(&verdict, question, area)
  }

  /// The signal for an access that the area does not allow (x86 access_error).
  private func refusal(
    by area: MemoryArea, _ question: LinuxFaultQuestion, _ verdict: inout LinuxVerdict
  ) -> LinuxSignal? {
    if question.errorCode.contains(.protectionKey)
      || isRefusedByKey(area.protectionKey, question)
    {
      verdict.note("the protection key of the area refuses the access", Self.x86Source)
      return .protectionKey
    }
    if question.access.isWrite {
      guard !area.flags.contains(.write) else { return nil }
      verdict.note("the area may not be written", faultSource)
      return .accessError
    }
    if !paging.isARM64, question.errorCode.contains(.protection) {
      verdict.note(
        "the page is there and its entry refuses the access: no write, so nothing can be done",
        Self.x86Source)
      return .accessError
    }
    if paging.isARM64, question.isFetch {
      guard !area.flags.contains(.execute) else { return nil }
      verdict.note("the area may not be executed", faultSource)
      return .accessError
    }
    guard !area.isAccessible else { return nil }
    verdict.note("the area allows no access (PROT_NONE)", faultSource)
    return .accessError
  }

  /// Linux arch/x86/include/asm/mmu_context.h, arch_vma_access_permitted.
  private func isRefusedByKey(_ key: UInt64, _ question: LinuxFaultQuestion) -> Bool {
    guard kernel.format == .x64 else { return false }
    let rules = AccessRules(paging)
    return !rules.keyRefusal(of: question.access, isUserPage: true, key: key).isEmpty
  }

  /// x86 does not look at VM_EXEC while the page is not there: the fetch faults a second time.
  private func faultAgain(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea
  ) {
    guard !paging.isARM64, question.isFetch, !area.flags.contains(.execute),
      verdict.signal == nil, verdict.cost != nil, verdict.resolution != .wait
    else { return }
    guard paging.noExecute, paging.mode != .x86 else { return }
    guard !kernel.losesNoExecute else {
      return verdict.note(
        "with PAE this kernel loses XD in entries of user pages: vm_get_page_prot computes them in"
          + " 32 bits", "Linux arch/x86/mm/pgprot.c, 5.19 and later")
    }
    guard let first = verdict.cost else { return }
    verdict.secondFault = LinuxVerdict.SecondFault(
      firstCost: first, firstCount: verdict.handler.count,
      handler: names.userAddress(false) + [names.badAccess].compactMap(\.self),
      errorCode: question.errorCode.union(.protection))
    verdict.end(.accessError, in: names.badAccess)
    verdict.note(
      "the page is brought in first (\(first.rawValue)), for VM_EXEC is not looked at; the fetch then faults"
        + " with P=1", Self.x86Source + ", access_error")
  }
}

extension LinuxKernel {
  /// Whether entries of user pages never have XD, though the processor knows it.
  package var losesNoExecute: Bool { format == .pae && version >= LinuxVersion(5, 19) }
}
