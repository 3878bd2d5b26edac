/// The names of the functions through which a kernel handles faults, which changed with time.
///
/// Linux arch/x86/mm/fault.c, arch/arm64/mm/fault.c, mm/memory.c, mm/huge_memory.c, mm/hugetlb.c.
struct LinuxFunctionNames: Sendable {
  private let version: LinuxVersion
  private let isARM64: Bool

  init(_ kernel: LinuxKernel) {
    version = kernel.version
    isARM64 = kernel.format == .arm64
  }

  private func since(_ major: Int, _ minor: Int) -> Bool { version >= LinuxVersion(major, minor) }

  /// What a fault on an address of processes goes through first.
  func userAddress(_ isTranslationFault: Bool) -> [String] {
    guard isARM64 else { return [x86Entry("do_user_addr_fault")] }
    return ["do_mem_abort"] + (isTranslationFault ? ["do_translation_fault"] : [])
      + ["do_page_fault"]
  }

  /// What a fault on an address of the kernel goes through first.
  func kernelAddress(_ isTranslationFault: Bool) -> [String] {
    guard isARM64 else { return [x86Entry("do_kern_addr_fault")] }
    return ["do_mem_abort"]
      + (isTranslationFault ? ["do_translation_fault", "do_bad_area"] : ["do_page_fault"])
  }

  private func x86Entry(_ name: String) -> String {
    // One function for all addresses was split in 4.20, and had been moved for tracing before.
    since(4, 20) ? name : since(3, 8) ? "__do_page_fault" : "do_page_fault"
  }

  var generalProtection: [String] {
    [since(5, 8) ? "exc_general_protection" : "do_general_protection"]
  }

  /// What delivers SEGV_MAPERR for an address of processes.
  var badArea: String? {
    // From 6.5 on the lock is given back where the stack could not grow (lock_mm_and_find_vma).
    isARM64 ? forceSignal : since(6, 5) ? "bad_area_nosemaphore" : "bad_area"
  }

  /// What lets a stack grow.
  var growStack: String { since(6, 5) ? "expand_stack_locked" : "expand_stack" }

  /// What delivers it for an address of the kernel.
  var badAddress: String? { isARM64 ? forceSignal : "bad_area_nosemaphore" }

  /// What delivers SEGV_ACCERR.
  var badAccess: String? { isARM64 ? forceSignal : "bad_area_access_error" }

  /// What delivers SIGBUS.
  var sigbus: String? { isARM64 ? forceSignal : "do_sigbus" }

  private var forceSignal: String { since(5, 0) ? "arm64_force_sig_fault" : "__do_user_fault" }

  /// What becomes of an access of the kernel that cannot be made.
  var kernelFailure: [String] {
    if isARM64 { return ["__do_kernel_fault"] }
    return [since(5, 12) ? "kernelmode_fixup_or_oops" : "no_context"]
  }

  /// What reports that an access of the kernel is forbidden whatever the instruction.
  var oops: [String] {
    if isARM64 { return ["die_kernel_fault"] }
    return since(5, 12) ? ["page_fault_oops"] : ["bad_area_nosemaphore", "no_context"]
  }

  /// Where a page without an entry is handled: from 6.4 on there is a function for it.
  var missingPage: [String] { since(6, 4) ? ["do_pte_missing"] : [] }

  var fileFault: String { since(4, 0) ? "do_fault" : "do_linear_fault" }

  /// Which kind of fault of a file it is; one function did all before 3.15.
  func fileFault(isWrite: Bool, isShared: Bool) -> String {
    guard since(3, 15) else { return "__do_fault" }
    guard isWrite else { return "do_read_fault" }
    return isShared ? "do_shared_fault" : "do_cow_fault"
  }

  /// A write to a huge page of hugetlbfs that is read-only.
  var hugetlbWrite: String { since(5, 19) ? "hugetlb_wp" : "hugetlb_cow" }

  /// What waits for a huge page of hugetlbfs on its way.
  var hugetlbMigration: String { "migration_entry_wait_huge" }
}
