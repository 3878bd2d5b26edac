import Paging
import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// Control areas, subsections and prototype arrays.
extension KernelWriter {
  func write(_ section: SectionPlan, fileObject: UInt64) throws(Diagnostic) {
    guard let area = structures.controlArea, let subsection = structures.subsection else { return }
    set(
      area.values(
        isImage: section.kind == .image,
        fileObject: section.kind == .pageFile ? nil : fileObject), of: section.controlArea)
    for (index, part) in section.parts.enumerated() {
      let next = index + 1 < section.parts.count ? section.parts[index + 1].address : 0
      set(
        subsection.values(
          controlArea: section.controlArea, base: part.base, next: next,
          entryCount: part.pageCount, startingSector: part.startingSector,
          fullSectors: part.fullSectors, protection: part.protection), of: part.address)
      for run in part.runs { try write(run, of: part) }
    }
  }

  private func write(_ run: SectionPlan.Run, of part: SectionPlan.Part) throws(Diagnostic) {
    guard let base = part.base else { return }
    let size = structures.entrySize
    for index in 0..<run.count {
      guard let entry = run.entry(index) else {
        throw Diagnostic(
          .doesNotFit, "an entry for page \(run.first + index) cannot point where it should",
          at: run.mark)
      }
      store(entry, at: base + (run.first + index) * size, size: Int(size))
    }
  }
}

extension SectionPlan.Run {
  /// The prototype entry of a page of the run.
  func entry(_ index: UInt64) -> UInt64? {
    switch entries {
    case .software(let rule):
      let target = rule.targets.map { $0[index] } ?? frames[index] >> 12
      return rule.series.entry(target)
    case .valid(let encoder, let bits):
      return encoder.entry(to: PhysicalAddress(frames[index])).map { $0 | bits }
    }
  }

  /// The frame of a page of the run that is in memory, and whether its entry is valid.
  func frame(_ index: UInt64) -> (number: UInt64, isValid: Bool)? {
    switch entries {
    case .software(let rule):
      return rule.state == .windows(.transition) ? (frames[index] >> 12, false) : nil
    case .valid: return (frames[index] >> 12, true)
    }
  }
}
