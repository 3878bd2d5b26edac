import Paging
import PhysicalMemory

/// What the kernel does about a page, once an area allows the access: handle_mm_fault.
extension LinuxClassifier {
  static let memorySource = "Linux mm/memory.c"

  func pageFault(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea
  ) {
    guard let state = verdict.finding.state else { return }
    // Above the leaves, what is broken or marked is a page of hugetlbfs, whatever is known of the area.
    let isMarked = state == .hwpoison || state == .marker
    if area.flags.contains(.hugePages) || isMarked && verdict.finding.level > 1 {
      return hugetlbFault(&verdict, question, area, state)
    }
    // A table that is empty or absent is as good as one of empty entries.
    switch state {
    case .none where verdict.finding.level > 1 && makesHugePage(at: question.address, in: area):
      verdict.handler.append("do_huge_pmd_anonymous_page")
      resolve(&verdict, .makeHugePage, in: area, for: .userfaultMissing)
      verdict.note(
        "the area asks for huge pages (MADV_HUGEPAGE) and holds a whole one; with none free a small"
          + " page is taken", "Linux mm/huge_memory.c")
    case .none: missingPage(&verdict, question, area)
    case .swap, .migration, .hwpoison, .device, .marker:
      softwareEntry(&verdict, question, area, state)
    case .protnone, .numaHint:
      verdict.handler += atLevel(verdict, ["do_numa_page"], ["do_huge_pmd_numa_page"])
      (verdict.cost, verdict.resolution) = (.soft, .restoreRights)
      verdict.note(
        "the area allows the access and the entry does not: NUMA balancing asks where the page is"
          + " used; the rights are put back", Self.memorySource + ", do_numa_page")
    case .zeroPage, .file, .anonymous, .present, .invalidated, .table:
      presentPage(&verdict, question, area)
    }
  }

  /// What handles an entry of the lowest level, or one above for a huge page.
  func atLevel(
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

  /// The fault is resolved, after somebody else has been asked where userfaultfd says so.
  func resolve(
    _ verdict: inout LinuxVerdict, _ resolution: LinuxResolution, in area: MemoryArea,
    for flag: MemoryArea.Flags
  ) {
    (verdict.cost, verdict.resolution) = (.soft, resolution)
    guard area.flags.contains(flag) else { return }
    verdict.handler.append("handle_userfault")
    verdict.resolution = .wait
    verdict.note(
      "the program waits until whoever reads the userfaultfd has provided the page",
      "Linux fs/userfaultfd.c", isUncertain: true)
  }

  // MARK: - Pages without an entry

  private func missingPage(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea
  ) {
    verdict.handler += ["handle_pte_fault"] + names.missingPage
    guard area.isAnonymous else { return fileFault(&verdict, question, area) }
    let isWrite = question.access.isWrite
    verdict.handler.append("do_anonymous_page")
    resolve(&verdict, isWrite ? .makePage : .mapZeroPage, in: area, for: .userfaultMissing)
    verdict.note(
      isWrite
        ? "the page is taken from free memory and filled with zeros"
        : "the page of zeros that all share is mapped, read-only",
      Self.memorySource + ", do_anonymous_page")
  }

  func fileFault(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea
  ) {
    let isShared = area.flags.contains(.shared)
    let isWrite = question.access.isWrite
    verdict.handler += [names.fileFault, names.fileFault(isWrite: isWrite, isShared: isShared)]
    if area.flags.contains(.frameMap) {
      verdict.end(.addressError, in: names.sigbus)
      return verdict.note(
        "the frames of such an area (VM_PFNMAP) are mapped as it is made; most drivers bring in"
          + " none later", Self.memorySource, isUncertain: true)
    }
    if area.isPastEnd(question.address.rawValue, pageShift: paging.pageShift(1)) {
      verdict.end(.addressError, in: names.sigbus)
      return verdict.note("the page is past the end of the file", "Linux mm/filemap.c")
    }
    let resolution: LinuxResolution = isWrite && !isShared ? .copyFilePage : .mapFilePage
    if area.isSpecialMapping {
      return (verdict.cost, verdict.resolution) = (.soft, resolution)
    }
    guard area.deviceMajor != 0 || area.isBlockDevice else {
      return sharedMemoryFault(&verdict, question, area, resolution)
    }
    verdict.resolution = resolution
    if let isCached = caches.holds(area.filePage(at: question.address.rawValue)) {
      verdict.cost = isCached ? .soft : .hard
      verdict.note(
        isCached ? "the page is in the page cache" : "the page is read from the file",
        "Linux mm/filemap.c, filemap_fault")
    } else {
      (verdict.cost, verdict.costIfCached) = (.hard, .soft)
      verdict.note(
        "the page is read from the file, unless it is in the page cache, which tables do not show",
        "Linux mm/filemap.c, filemap_fault", isUncertain: true)
    }
    guard area.fileSize == nil else { return }
    verdict.note(
      "the size of the file is not known: past its end it is SIGBUS", "Linux mm/filemap.c",
      isUncertain: true)
  }

  /// A file system without a device: tmpfs, and memory that processes share.
  private func sharedMemoryFault(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea,
    _ resolution: LinuxResolution
  ) {
    let page = area.filePage(at: question.address.rawValue)
    let isInMemory = caches.holds(page)
    if isInMemory == false {
      (verdict.cost, verdict.resolution) = (.hard, resolution)
      return verdict.note(
        "the page of shared memory is read from swap", "Linux mm/shmem.c, shmem_swapin_folio")
    }
    if caches.cached.contains(page) {
      // Nobody has to provide what is there.
      (verdict.cost, verdict.resolution) = (.soft, resolution)
    } else {
      resolve(&verdict, resolution, in: area, for: .userfaultMissing)
    }
    guard isInMemory == nil else { return }
    verdict.note(
      "the file system has no device: shared memory is in memory unless it was swapped out, and"
        + " pages that nobody wrote are zeros", "Linux mm/shmem.c", isUncertain: true)
  }
}
