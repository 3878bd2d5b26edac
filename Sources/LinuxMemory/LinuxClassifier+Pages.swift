import Paging
import PhysicalMemory

/// What the kernel does about a page, once an area allows the access: handle_mm_fault.
extension LinuxClassifier {
  private static let memorySource = "Linux mm/memory.c"
  private static let hugetlbSource = "Linux mm/hugetlb.c"

  func pageFault(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea
  ) {
    guard let state = verdict.finding.state else { return }
    if area.flags.contains(.hugePages) { return hugetlbFault(&verdict, question, area, state) }
    // A table that is empty or absent is as good as one of empty entries.
    switch state {
    case .none where verdict.finding.level > 1 && makesHugePage(at: question.address, in: area):
      verdict.handler.append("do_huge_pmd_anonymous_page")
      wait(&verdict, question, area, for: .userfaultMissing)
      verdict.note(
        "the area asks for huge pages (MADV_HUGEPAGE) and holds a whole one; with none free a small"
          + " page is taken", "Linux mm/huge_memory.c")
    case .none: missingPage(&verdict, question, area)
    case .swap, .migration, .hwpoison, .device, .marker:
      softwareEntry(&verdict, question, area, state)
    case .protnone, .numaHint:
      verdict.handler += atLevel(verdict, ["do_numa_page"], ["do_huge_pmd_numa_page"])
      verdict.cost = .soft
      verdict.note(
        "the area allows the access and the entry does not: NUMA balancing asks where the page is"
          + " used; the rights are put back", Self.memorySource + ", do_numa_page")
    case .zeroPage, .file, .anonymous, .present, .invalidated, .table:
      presentPage(&verdict, question, area)
    }
  }

  /// What handles an entry of the lowest level, or one above for a huge page.
  private func atLevel(
    _ verdict: LinuxVerdict, _ small: [String], _ huge: [String]
  ) -> [String] {
    verdict.finding.level > 1 ? huge : ["handle_pte_fault"] + small
  }

  private func makesHugePage(at address: VirtualAddress, in area: MemoryArea) -> Bool {
    guard area.isAnonymous, area.flags.contains(.hugeAdvised) else { return false }
    let size: UInt64 = 1 << paging.pageShift(2)
    let first = address.rawValue & ~(size - 1)
    return first >= area.start && area.end - first >= size
  }

  // MARK: - Pages without an entry

  private func missingPage(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea
  ) {
    verdict.handler += ["handle_pte_fault"] + names.missingPage
    guard !area.isAnonymous else {
      verdict.handler.append("do_anonymous_page")
      wait(&verdict, question, area, for: .userfaultMissing)
      return verdict.note(
        question.access.isWrite
          ? "the page is taken from free memory and filled with zeros"
          : "the page of zeros that all share is mapped, read-only",
        Self.memorySource + ", do_anonymous_page")
    }
    fileFault(&verdict, question, area)
  }

  private func fileFault(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea
  ) {
    verdict.handler += [
      names.fileFault,
      names.fileFault(isWrite: question.access.isWrite, isShared: area.flags.contains(.shared)),
    ]
    if area.flags.contains(.frameMap) {
      verdict.end(.addressError, in: names.sigbus)
      return verdict.note(
        "the frames of such an area (VM_PFNMAP) are mapped as it is made; most drivers bring in"
          + " none later", Self.memorySource, isUncertain: true)
    }
    if area.isPastEnd(question.address.rawValue) {
      verdict.end(.addressError, in: names.sigbus)
      return verdict.note("the page is past the end of the file", "Linux mm/filemap.c")
    }
    guard !area.isSpecialMapping, area.deviceMajor != 0 || area.isBlockDevice else {
      wait(&verdict, question, area, for: .userfaultMissing)
      guard !area.isSpecialMapping else { return }
      return verdict.note(
        "the file system has no device: shared memory is in memory unless it was swapped out, and"
          + " pages that nobody wrote are zeros", "Linux mm/shmem.c", isUncertain: true)
    }
    (verdict.cost, verdict.costIfCached) = (.hard, .soft)
    verdict.note(
      "the page is read from the file, unless it is in the page cache, which tables do not show",
      "Linux mm/filemap.c, filemap_fault", isUncertain: true)
    guard area.fileSize == nil else { return }
    verdict.note(
      "the size of the file is not known: past its end it is SIGBUS", "Linux mm/filemap.c",
      isUncertain: true)
  }

  /// The fault is resolved, after somebody else has been asked where userfaultfd says so.
  private func wait(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea,
    for flag: MemoryArea.Flags
  ) {
    verdict.cost = .soft
    guard area.flags.contains(flag) else { return }
    verdict.handler.append("handle_userfault")
    verdict.note(
      "the program waits until whoever reads the userfaultfd has provided the page",
      "Linux fs/userfaultfd.c", isUncertain: true)
  }

  // MARK: - Pages elsewhere

  private func softwareEntry(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea,
    _ state: LinuxEntryReading.State
  ) {
    guard let reading = verdict.finding.reading else { return }
    if verdict.finding.level > 1 {
      verdict.handler.append("pmd_migration_entry_wait")
      verdict.cost = .soft
      return verdict.note("a huge page on its way: the program waits", "Linux mm/huge_memory.c")
    }
    verdict.handler += ["handle_pte_fault", "do_swap_page"]
    switch (state, reading.swap) {
    case (.hwpoison, _): broken(&verdict)
    case (.migration, _):
      verdict.handler.append("migration_entry_wait")
      verdict.cost = .soft
      verdict.note("the page is on its way to another frame: the program waits", Self.memorySource)
    case (.device, .deviceExclusive?):
      verdict.handler.append("remove_device_exclusive_entry")
      verdict.cost = .soft
      verdict.note("the device gives up its exclusive use", Self.memorySource)
    case (.device, _):
      verdict.cost = .soft
      verdict.note(
        "the driver moves the page back to memory (migrate_to_ram)", Self.memorySource,
        isUncertain: true)
    case (.marker, .swapInError?):
      verdict.end(.addressError, in: names.sigbus)
      verdict.note("the page could not be read from swap once", Self.memorySource)
    case (.marker, _): marker(&verdict, question, area, reading)
    default: swapIn(&verdict, reading)
    }
  }

  private func swapIn(_ verdict: inout LinuxVerdict, _ reading: LinuxEntryReading) {
    verdict.cost = .hard
    guard let type = reading.swapType, let offset = reading.swapOffset else { return }
    switch caches.holds(PageCaches.SwapPlace(type: type, offset: offset)) {
    case true?:
      verdict.cost = .soft
      verdict.note("the page is in the swap cache", Self.memorySource + ", do_swap_page")
    case false?:
      verdict.note("the page is read from swap", Self.memorySource + ", do_swap_page")
    case nil:
      verdict.costIfCached = .soft
      verdict.note(
        "the page is read from swap, unless it is in the swap cache, which tables do not show",
        Self.memorySource + ", do_swap_page", isUncertain: true)
    }
  }

  private func marker(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea,
    _ reading: LinuxEntryReading
  ) {
    verdict.handler.append("handle_pte_marker")
    let markers = reading.markers
    if markers.contains(.poisoned) {
      guard kernel.version >= LinuxVersion(6, 6) else {
        verdict.end(.addressError, in: names.sigbus)
        return verdict.note("the page could not be read from swap once", Self.memorySource)
      }
      return broken(&verdict)
    }
    if markers.contains(.guardRegion) {
      verdict.end(.mapError, in: names.badAddress)
      return verdict.note(
        "a guard region (MADV_GUARD_INSTALL): every access is a mistake", Self.memorySource)
    }
    verdict.handler.append("pte_marker_handle_uffd_wp")
    guard !area.isAnonymous else {
      verdict.cost = .soft
      return verdict.note(
        "the page is brought in write-protected, as userfaultfd asked", Self.memorySource)
    }
    fileFault(&verdict, question, area)
  }

  private func broken(_ verdict: inout LinuxVerdict) {
    verdict.end(.memoryError, in: names.sigbus)
    verdict.note(
      "the memory of the page is broken (hwpoison); its content is lost",
      Self.memorySource + ", VM_FAULT_HWPOISON")
  }

  // MARK: - Pages in memory

  private func presentPage(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea
  ) {
    let isRefusedWrite =
      question.access.isWrite
      && (question.refusal.contains(.readOnly) || question.abort?.fault == .permission)
    guard isRefusedWrite else {
      verdict.handler += atLevel(verdict, [], ["huge_pmd_set_accessed"])
      verdict.cost = .soft
      let isFlag = question.abort?.fault == .accessFlag
      return verdict.note(
        isFlag
          ? "the page was not used since AF was cleared: AF is set"
          : "area and entry allow the access: it is tried again", Self.memorySource,
        isUncertain: !isFlag)
    }
    verdict.handler += atLevel(verdict, ["do_wp_page"], ["do_huge_pmd_wp_page"])
    let reading = verdict.finding.reading
    if reading?.isUserfaultWriteProtected == true {
      wait(&verdict, question, area, for: .userfaultWriteProtect)
      guard !area.flags.contains(.userfaultWriteProtect) else { return }
    }
    verdict.cost = .soft
    verdict.note(
      verdict.finding.state == .zeroPage
        ? "the page of zeros gives way to a page of its own"
        : area.flags.contains(.shared)
          ? "the page is made writable; the file system may be told first (page_mkwrite)"
          : "the page is copied, or made writable where nobody else has it",
      Self.memorySource + ", do_wp_page")
  }

  // MARK: - hugetlbfs

  private func hugetlbFault(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea,
    _ state: LinuxEntryReading.State
  ) {
    verdict.handler.append("hugetlb_fault")
    verdict.cost = .soft
    switch state {
    case .none, .marker:
      verdict.handler.append("hugetlb_no_page")
      if area.isPastEnd(question.address.rawValue) {
        verdict.end(.addressError, in: names.sigbus)
        return verdict.note("the page is past the end of the file", Self.hugetlbSource)
      }
      wait(&verdict, question, area, for: .userfaultMissing)
      verdict.note(
        "a huge page is taken from the pool; where none was reserved and none is left it is SIGBUS",
        Self.hugetlbSource, isUncertain: true)
    case .migration:
      verdict.handler.append(names.hugetlbMigration)
      verdict.note("the huge page is on its way: the program waits", Self.hugetlbSource)
    case .hwpoison: broken(&verdict)
    default:
      guard question.access.isWrite else {
        return verdict.note(
          "area and entry allow the access: it is tried again", Self.hugetlbSource,
          isUncertain: true)
      }
      verdict.handler.append(names.hugetlbWrite)
      verdict.note(
        "the huge page is copied, or made writable where nobody else has it", Self.hugetlbSource)
    }
  }
}
