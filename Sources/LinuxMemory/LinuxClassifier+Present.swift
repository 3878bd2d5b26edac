import Paging
import PhysicalMemory

/// What the kernel does about a page that is in memory: do_wp_page, and hugetlb_fault.
extension LinuxClassifier {
  private static let hugetlbSource = "Linux mm/hugetlb.c"

  func presentPage(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea
  ) {
    let isRefusedWrite =
      question.access.isWrite
      && (question.refusal.contains(.readOnly) || question.abort?.fault == .permission)
    guard isRefusedWrite else {
      verdict.handler += atLevel(verdict, [], ["huge_pmd_set_accessed"])
      (verdict.cost, verdict.resolution) = (.soft, .tryAgain)
      let isFlag = question.abort?.fault == .accessFlag
      return verdict.note(
        isFlag
          ? "the page was not used since AF was cleared: AF is set"
          : "area and entry allow the access: it is tried again", Self.memorySource,
        isUncertain: !isFlag)
    }
    verdict.handler += atLevel(verdict, ["do_wp_page"], ["do_huge_pmd_wp_page"])
    let reading = verdict.finding.reading
    if reading?.isUserfaultWriteProtected == true, area.flags.contains(.userfaultWriteProtect) {
      return resolve(&verdict, .wait, in: area, for: .userfaultWriteProtect)
    }
    (verdict.cost, verdict.resolution) = (.soft, resolution(ofWrite: verdict, area))
    verdict.note(
      verdict.finding.state == .zeroPage
        ? "the page of zeros gives way to a page of its own"
        : Self.words(of: verdict.resolution, isShared: area.flags.contains(.shared)),
      Self.memorySource + ", do_wp_page")
  }

  private static func words(of resolution: LinuxResolution?, isShared: Bool) -> String {
    switch resolution {
    case .makeWritable where isShared:
      "the page is made writable; the file system may be told first (page_mkwrite)"
    case .makeWritable: "nobody else has the page: it is made writable"
    case .copyPage: "others have the page: it is copied"
    case .split: "others have the huge page: it is split, and the small page copied"
    default: "the page is copied, or made writable where nobody else has it"
    }
  }

  /// What a write to a page that is read-only comes to, by who else has it.
  private func resolution(
    ofWrite verdict: LinuxVerdict, _ area: MemoryArea
  ) -> LinuxResolution {
    let finding = verdict.finding
    if area.flags.contains(.shared), finding.state != .zeroPage { return .makeWritable }
    let copy: LinuxResolution = finding.level > 1 ? .split : .copyPage
    switch finding.state {
    case .zeroPage: return copy
    case .file where finding.rules.isEmpty: return copy
    default: break
    }
    guard let frame = finding.reading?.frame,
      let isAlone = frames.isAlone(frame.rawValue >> paging.pageShift(1))
    else { return .copyOrMakeWritable }
    return isAlone ? .makeWritable : copy
  }

  // MARK: - hugetlbfs

  func hugetlbFault(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea,
    _ state: LinuxEntryReading.State
  ) {
    verdict.handler.append("hugetlb_fault")
    verdict.cost = .soft
    switch state {
    case .marker: hugetlbMarker(&verdict, question, area)
    case .none: missingHugetlbPage(&verdict, question, area)
    case .migration:
      verdict.handler.append(names.hugetlbMigration)
      verdict.resolution = .wait
      verdict.note("the huge page is on its way: the program waits", Self.hugetlbSource)
    case .hwpoison: broken(&verdict)
    default:
      guard question.access.isWrite else {
        verdict.resolution = .tryAgain
        return verdict.note(
          "area and entry allow the access: it is tried again", Self.hugetlbSource,
          isUncertain: true)
      }
      verdict.handler.append(names.hugetlbWrite)
      verdict.resolution = .copyOrMakeWritable
      verdict.note(
        "the huge page is copied, or made writable where nobody else has it", Self.hugetlbSource)
    }
  }

  /// From 6.6 on a page can be marked as poisoned before it is there (UFFDIO_POISON).
  private func hugetlbMarker(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea
  ) {
    let markers = verdict.finding.reading?.markers ?? []
    if markers.contains(.poisoned), kernel.version >= LinuxVersion(6, 6) {
      return broken(&verdict)
    }
    if markers.contains(.guardRegion) {
      verdict.end(.mapError, in: names.badAddress)
      return verdict.note(
        "hugetlbfs has no guard regions: the kernel warns, and every access is a mistake",
        Self.hugetlbSource)
    }
    missingHugetlbPage(&verdict, question, area)
  }

  private func missingHugetlbPage(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ area: MemoryArea
  ) {
    verdict.handler.append("hugetlb_no_page")
    // Files of hugetlbfs have whole huge pages.
    if area.isPastEnd(question.address.rawValue, pageShift: paging.pageShift(1)) {
      verdict.end(.addressError, in: names.sigbus)
      return verdict.note("the page is past the end of the file", Self.hugetlbSource)
    }
    resolve(&verdict, .makeHugePage, in: area, for: .userfaultMissing)
    verdict.note(
      "a huge page is taken from the pool; where none was reserved and none is left it is SIGBUS",
      Self.hugetlbSource, isUncertain: true)
  }
}
