public import Paging
public import PhysicalMemory

/// What the kernel makes of an access, up to where it looks at the page.
extension LinuxClassifier {
  static let x86Source = "Linux arch/x86/mm/fault.c"
  static let armSource = "Linux arch/arm64/mm/fault.c"
  var faultSource: String { paging.isARM64 ? Self.armSource : Self.x86Source }

  /// What the kernel makes of an access, after what the processor did.
  ///
  /// The rules are a model of the kernel's published source. Where the areas of the process are not
  /// known, each kind of area that there may be is a case of its own.
  ///
  /// - Parameters:
  ///   - address: The linear address.
  ///   - access: The access.
  ///   - result: What the processor did with it.
  /// - Returns: The verdict.
  public func verdict(
    on address: VirtualAddress, _ access: Access, _ result: AccessResult
  ) -> LinuxVerdict {
    var verdict = LinuxVerdict(finding(of: address))
    let question = LinuxFaultQuestion(
      address: address, access: access, result: result, state: paging)
    switch result {
    case .translated: verdict.cost = FaultCost.none
    case .missing: break
    case .generalProtection(let stop): protect(&verdict, question, stop)
    case .pageFault, .abort:
      if isKernelAddress(address) {
        kernelAddressFault(&verdict, question)
      } else {
        userAddressFault(&verdict, question)
      }
    }
    return verdict
  }

  /// Whether an address is the kernel's.
  public func isKernelAddress(_ address: VirtualAddress) -> Bool {
    paging.isARM64
      ? ARM64Half(of: address.rawValue) == .upper : address.rawValue > paging.lastUserAddress
  }

  /// The page of the obsolete vsyscalls, which the kernel emulates.
  private static let vsyscallPage: UInt64 = 0xffff_ffff_ff60_0000

  private func protect(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ stop: WalkStop
  ) {
    verdict.handler = names.generalProtection
    verdict.cost = .fatal
    guard stop.level == 0 else {
      return verdict.note(
        "the processor finds reserved bits as it loads CR3, which the kernel does itself", "#GP",
        isUncertain: true)
    }
    if question.isUser {
      verdict.end(.otherException, in: nil)
      verdict.note(
        "an address that is not canonical raises #GP, not a page fault: the signal names no address",
        "Linux arch/x86/kernel/traps.c")
    } else {
      verdict.oops = .unlessFixedUp
    }
  }

  private func kernelAddressFault(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion
  ) {
    let page = question.address.rawValue & ~(frameSize - 1)
    if kernel.format == .x64, question.isUser, question.isFetch, page == Self.vsyscallPage {
      verdict.handler = names.userAddress(false) + ["emulate_vsyscall"]
      verdict.cost = .soft
      return verdict.note(
        "a call of an obsolete vsyscall is emulated, unless vsyscall=none",
        "Linux arch/x86/entry/vsyscall/vsyscall_64.c", isUncertain: true)
    }
    verdict.handler = names.kernelAddress(question.abort.map { $0.fault == .translation } ?? true)
    if question.isUser {
      verdict.end(.mapError, in: names.badAddress)
      return verdict.note("programs have nothing at addresses of the kernel", faultSource)
    }
    verdict.handler += paging.isARM64 ? names.kernelFailure : [names.badAddress ?? ""]
    if !paging.isARM64 { verdict.handler += names.kernelFailure }
    (verdict.cost, verdict.oops) = (.fatal, .unlessFixedUp)
    verdict.note(
      "which instruction it was is not known: with an entry in the exception table, as reads of"
        + " foreign memory have one, it goes on there", faultSource, isUncertain: true)
    guard kernel.format != .arm64, verdict.finding.state == LinuxEntryReading.State.none,
      kernel.format != .x64 || kernel.version < LinuxVersion(5, 8)
    else { return }
    verdict.note(
      "in the vmalloc area the entry of the top table may have to be copied from init_mm"
        + " (vmalloc_fault); the access is then made", Self.x86Source, isUncertain: true)
  }

  private func userAddressFault(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion
  ) {
    verdict.handler = names.userAddress(question.abort?.fault == .translation)
    if let abort = question.abort, abort.fault == .addressSize {
      verdict.handler = ["do_mem_abort", "do_bad"]
      verdict.cost = .fatal
      return verdict.note(
        "the tables are broken; the program is killed (SIGKILL)", Self.armSource)
    }
    if question.errorCode.contains(.reserved) {
      verdict.handler.append("pgtable_bad")
      (verdict.cost, verdict.oops) = (.fatal, .certain)
      return verdict.note(
        "reserved bits: the kernel reports a corrupted page table and kills the program (SIGKILL)",
        Self.x86Source)
    }
    if !question.isUser, let why = refusesItself(question) {
      verdict.handler += names.oops
      (verdict.cost, verdict.oops) = (.fatal, .certain)
      return verdict.note(why, faultSource)
    }
    if verdict.finding.area == .unknown {
      considerAreas(&verdict, question)
    } else {
      areaFault(&verdict, question)
    }
    guard !question.isUser else { return }
    verdict.cases = verdict.cases.map(ofKernel)
    guard verdict.signal != nil else { return }
    let own = ofKernel(
      LinuxVerdict.Case(
        condition: "", handler: verdict.handler, cost: verdict.cost, signal: verdict.signal,
        oops: nil))
    (verdict.handler, verdict.signal, verdict.oops) = (own.handler, nil, own.oops)
    verdict.note(
      "where a program would get a signal, the kernel goes on at the exception table: EFAULT for"
        + " copy_from_user and the like, an oops for all else", faultSource, isUncertain: true)
  }

  /// Why the kernel may not even look for the page.
  private func refusesItself(_ question: LinuxFaultQuestion) -> String? {
    if question.refusal.contains(.accessPrevention) {
      return "the kernel touches a page of the program without having said so (SMAP)"
    }
    if question.isFetch { return "the kernel fetches from an address of the program" }
    if question.abort?.refusal.contains(.privilegedAccessNever) == true {
      return "the kernel touches a page of the program without having said so (PAN)"
    }
    return nil
  }

  /// The same case where the kernel makes the access.
  private func ofKernel(_ item: LinuxVerdict.Case) -> LinuxVerdict.Case {
    guard item.signal != nil else { return item }
    let handler = item.handler.filter { !signalSenders.contains($0) } + names.kernelFailure
    return LinuxVerdict.Case(
      condition: item.condition, handler: handler, cost: .fatal, signal: nil, oops: .unlessFixedUp)
  }

  private var signalSenders: [String] {
    [names.badArea, names.badAccess, names.sigbus].compactMap(\.self)
  }
}
