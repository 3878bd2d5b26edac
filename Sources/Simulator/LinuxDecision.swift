import LinuxMemory
import Paging
import PhysicalMemory

/// What the kernel makes of an access.
struct LinuxDecision {
  /// What becomes of the page.
  var state: LinuxEntryReading.State
  /// The functions of the kernel.
  var handler: [String]
  /// Whether something has to be read.
  var isMajor = false
  /// The signal that the program gets, with its code.
  var signal: String?
  var signalCode: String?

  /// The cost by the words of the command line.
  var cost: String { signal != nil ? "fatal" : isMajor ? "hard" : "soft" }
}

extension LinuxSimulation {
  /// What the kernel makes of an access (Linux arch/x86/mm/fault.c, mm/memory.c).
  func decide(
    _ address: UInt64, _ access: Access, _ result: AccessResult, _ process: LinuxProcessState
  ) -> LinuxDecision {
    let (entry, level) = entry(of: address, process)
    let reading = entries.decoder.reading(of: entry, level: level)
    var decision = LinuxDecision(state: reading.state, handler: ["exc_page_fault"])
    func end(_ signal: String, _ code: String, _ function: String) -> LinuxDecision {
      decision.handler.append(function)
      (decision.signal, decision.signalCode) = (signal, code)
      return decision
    }
    guard case .pageFault(let fault) = result else {
      decision.handler = ["exc_general_protection"]
      (decision.signal, decision.signalCode) = ("SIGSEGV", "SI_KERNEL")
      return decision
    }
    decision.handler.append("do_user_addr_fault")
    let area: LinuxArea
    if let found = process.area(of: address) {
      area = found
    } else if let index = growing(address, process) {
      area = process.areas[index]
      decision.handler.append("expand_stack")
    } else {
      return end("SIGSEGV", "SEGV_MAPERR", "bad_area_nosemaphore")
    }
    let isRefused =
      access.isWrite
      ? !area.canWrite
      : fault.errorCode.contains(.protection) || !area.isAccessible
    if isRefused { return end("SIGSEGV", "SEGV_ACCERR", "bad_area_access_error") }
    decision.handler.append("handle_mm_fault")
    if reading.state == .protnone { decision.state = .numaHint }
    if reading.state == .present {
      decision.state =
        reading.isSpecial || frame(of: entry, level: level) == hugeZeroFrame
        ? .zeroPage
        : frame(of: entry, level: level).flatMap { pages[$0]?.file } != nil ? .file : .anonymous
    }
    look(at: address, access, area, reading, level, &decision)
    // VM_EXEC is not looked at while the page is not there: the fetch faults a second time.
    if access.kind == .execute, !area.canExecute, state.noExecute, decision.signal == nil {
      return end("SIGSEGV", "SEGV_ACCERR", "bad_area_access_error")
    }
    return decision
  }

  private func look(
    at address: UInt64, _ access: Access, _ area: LinuxArea, _ reading: LinuxEntryReading,
    _ level: Int, _ decision: inout LinuxDecision
  ) {
    switch decision.state {
    case .none: lookAtMissing(address, access, area, &decision)
    case .swap:
      decision.handler += ["handle_pte_fault", "do_swap_page"]
      decision.isMajor = reading.swapOffset.flatMap { swap?.slots[$0] }?.frame == nil
    case .marker:
      decision.handler += ["handle_pte_fault", "do_swap_page", "handle_pte_marker"]
      if reading.markers.contains(.guardRegion) {
        (decision.signal, decision.signalCode) = ("SIGSEGV", "SEGV_MAPERR")
      }
    case .protnone, .numaHint:
      decision.handler +=
        level == 2 ? ["do_huge_pmd_numa_page"] : ["handle_pte_fault", "do_numa_page"]
    default:
      guard access.isWrite else { return }
      decision.handler += level == 2 ? ["do_huge_pmd_wp_page"] : ["handle_pte_fault", "do_wp_page"]
      if reading.isUserfaultWriteProtected, area.isProtectNoted {
        decision.handler.append("handle_userfault")
      }
    }
  }

  private func lookAtMissing(
    _ address: UInt64, _ access: Access, _ area: LinuxArea, _ decision: inout LinuxDecision
  ) {
    let start = address / Self.hugeSize * Self.hugeSize
    let isHuge =
      area.isAnonymous && area.isHugeAdvised && start >= area.start
      && start + Self.hugeSize <= area.end
    if isHuge {
      decision.handler.append("do_huge_pmd_anonymous_page")
    } else {
      decision.handler += ["handle_pte_fault", area.isAnonymous ? "do_anonymous_page" : "do_fault"]
    }
    if let file = area.file {
      decision.handler.append(
        !access.isWrite ? "do_read_fault" : area.isShared ? "do_shared_fault" : "do_cow_fault")
      let page = area.filePage(of: address)
      if page * frameSize >= file.size {
        decision.handler.append("do_sigbus")
        (decision.signal, decision.signalCode) = ("SIGBUS", "BUS_ADRERR")
        return
      }
      decision.isMajor =
        file.cache[page] == nil && (!file.isMemory || file.swapped[page] != nil)
    }
    if area.isMissingNoted { decision.handler.append("handle_userfault") }
  }
}
