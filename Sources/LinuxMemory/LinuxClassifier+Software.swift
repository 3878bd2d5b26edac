import Paging

/// What the kernel does about a page that is elsewhere: do_swap_page.
extension LinuxClassifier {
  func softwareEntry(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea,
    _ state: LinuxEntryReading.State
  ) {
    guard let reading = verdict.finding.reading else { return }
    if verdict.finding.level > 1 {
      verdict.handler.append("pmd_migration_entry_wait")
      return wait(&verdict, "a huge page on its way: the program waits", "Linux mm/huge_memory.c")
    }
    verdict.handler += ["handle_pte_fault", "do_swap_page"]
    switch (state, reading.swap) {
    case (.hwpoison, _): broken(&verdict)
    case (.migration, _):
      verdict.handler.append("migration_entry_wait")
      wait(
        &verdict, "the page is on its way to another frame: the program waits", Self.memorySource)
    case (.device, .deviceExclusive?):
      verdict.handler.append("remove_device_exclusive_entry")
      wait(&verdict, "the device gives up its exclusive use", Self.memorySource)
    case (.device, _):
      wait(
        &verdict, "the driver moves the page back to memory (migrate_to_ram)", Self.memorySource,
        isUncertain: true)
    case (.marker, .swapInError?):
      verdict.end(.addressError, in: names.sigbus)
      verdict.note("the page could not be read from swap once", Self.memorySource)
    case (.marker, _): marker(&verdict, question, area, reading)
    default: swapIn(&verdict, question, area, reading)
    }
  }

  private func wait(
    _ verdict: inout LinuxVerdict, _ text: String, _ source: String, isUncertain: Bool = false
  ) {
    (verdict.cost, verdict.resolution) = (.soft, .wait)
    verdict.note(text, source, isUncertain: isUncertain)
  }

  private func swapIn(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea,
    _ reading: LinuxEntryReading
  ) {
    (verdict.cost, verdict.resolution) = (.hard, .swapIn)
    guard let type = reading.swapType, let offset = reading.swapOffset else { return }
    let place = PageCaches.SwapPlace(type: type, offset: offset)
    switch caches.holds(place) {
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
    guard question.access.isWrite else { return }
    let isAlone = reading.isExclusive ? true : caches.isAlone(place)
    writeAfterSwapIn(&verdict, area, reading, isAlone: isAlone)
  }

  /// A write that do_swap_page does not make possible by itself goes on in do_wp_page, in the same fault.
  private func writeAfterSwapIn(
    _ verdict: inout LinuxVerdict, _ area: MemoryArea, _ reading: LinuxEntryReading, isAlone: Bool?
  ) {
    let isProtected =
      reading.isUserfaultWriteProtected && area.flags.contains(.userfaultWriteProtect)
    // Before 6.11 a page that nobody else has counted as written; whoever reads the userfaultfd was
    // asked in the fault after this one.
    if isProtected, isAlone == false || kernel.version >= LinuxVersion(6, 11) {
      verdict.handler += ["do_wp_page", "handle_userfault"]
      verdict.resolution = .swapInAndWait
      return verdict.note(
        "the page is mapped as it was, and the program waits until whoever reads the userfaultfd has"
          + " lifted the protection", "Linux fs/userfaultfd.c", isUncertain: true)
    }
    switch isAlone {
    case true?: break
    case false?:
      verdict.handler.append("do_wp_page")
      verdict.resolution = .swapInAndCopy
      verdict.note(
        "others have the page too: the same fault copies it", Self.memorySource + ", do_swap_page")
    case nil:
      verdict.note(
        "where others have the page too, the same fault copies it (do_wp_page)",
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
    guard area.isAnonymous else { return fileFault(&verdict, question, area) }
    (verdict.cost, verdict.resolution) =
      (.soft, question.access.isWrite ? .makePage : .mapZeroPage)
    verdict.note(
      "the page is brought in write-protected, as userfaultfd asked", Self.memorySource)
  }

  func broken(_ verdict: inout LinuxVerdict) {
    verdict.end(.memoryError, in: names.sigbus)
    verdict.note(
      "the memory of the page is broken (hwpoison); its content is lost",
      Self.memorySource + ", VM_FAULT_HWPOISON")
  }
}
