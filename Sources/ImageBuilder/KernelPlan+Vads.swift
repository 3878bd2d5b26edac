import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// The virtual address descriptors of a process.
extension KernelPlan {
  /// A descriptor and its address.
  struct VadPlan {
    let statement: Scenario.Vad
    let address: UInt64
    let words: VADWords
  }

  mutating func planVads(
    of space: SpaceStatement, _ collector: DiagnosticCollector
  ) -> [VadPlan] {
    guard let first = space.layout.vads.first else { return [] }
    guard let structure = structures.vad else {
      collector.report(missing("_MMVAD", at: first.mark))
      return []
    }
    var plans: [VadPlan] = []
    for vad in space.layout.vads.sorted(by: { $0.va.value.lowerBound < $1.va.value.lowerBound }) {
      guard check(vad, after: plans.last?.statement, collector),
        let words = words(of: vad, collector)
      else { continue }
      let isView = vad.kind.value.isView
      let size = isView ? structure.size : structure.shortSize
      let address = take(size, for: isView ? .vad : .shortVad, collector)
      plans.append(VadPlan(statement: vad, address: address, words: words))
    }
    return plans
  }

  private func check(
    _ vad: Scenario.Vad, after before: Scenario.Vad?, _ collector: DiagnosticCollector
  ) -> Bool {
    let range = vad.va.value
    guard range.lowerBound % frameSize == 0, range.upperBound % frameSize == frameSize - 1 else {
      collector.report(
        .misaligned, "\(range.asText) does not consist of whole pages", at: vad.va.mark,
        notes: [
          "both ends belong to it; the last byte would be "
            + (range.upperBound | (frameSize - 1)).hex
        ])
      return false
    }
    if let before, before.va.value.upperBound >= range.lowerBound {
      collector.report(
        .overlap, "\(range.asText) is partly described already", at: vad.va.mark,
        notes: ["line \(before.mark.line) describes \(before.va.value.asText)"])
      return false
    }
    guard let name = vad.section else { return true }
    guard let section = section(named: name.value) else {
      collector.report(
        Diagnostic(.unknownWord, unknown: "section", name, choices: sections.map(\.name)))
      return false
    }
    let page = vad.page?.value ?? 0
    guard page < section.pageCount else {
      collector.report(
        .outOfBounds, "the section has the pages 0 to \(section.pageCount - 1)",
        at: vad.page?.mark ?? name.mark)
      return false
    }
    return true
  }

  private func words(of vad: Scenario.Vad, _ collector: DiagnosticCollector) -> VADWords? {
    let kind: VADWords.Kind =
      switch vad.kind.value {
      case .private, .mapped: .none
      case .image: .image
      case .physical: .devicePhysicalMemory
      case .awe: .awe
      case .writeWatch: .writeWatch
      case .largePages: .largePages
      case .rotate: .rotatePhysical
      case .largePageSection: .largePageSection
      }
    let range = vad.va.value
    let pages = range.upperBound / frameSize - range.lowerBound / frameSize + 1
    let words = VADWords(
      windows.kernel, kind, vad.protection?.value.protection ?? .zeroAccess,
      isPrivate: !vad.kind.value.isView,
      committedPages: vad.isCommitted?.value == true ? pages : nil)
    if words == nil {
      collector.report(
        .notForSystem,
        "VADs of \(windows.kernel.id) have no way to say `\(vad.kind.value.rawValue)`",
        at: vad.kind.mark)
    }
    return words
  }
}
