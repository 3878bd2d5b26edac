import BitLayout
import Paging
import PhysicalMemory
import ScenarioFile

/// The pages that hold the kernel's structures.
extension MappingPlanner {
  /// The plan of kernel memory in automatic frames, for nobody but the kernel.
  func plan(kernelPages region: KernelRegion, at mark: SourceMark) -> MappingPlan? {
    let last = region.start + (region.pages * frameSize - 1)
    let item = Scenario.Mapping(
      mark: mark, va: Located(.range(region.start...last), at: mark),
      to: Located(.automatic, at: mark),
      // 32-bit paging has no pages that cannot be executed.
      rights: Scenario.Rights(
        write: region.isWritable, user: false,
        execute: region.isExecutable || state.mode == .x86))
    guard let plan = planWhole(item) else { return nil }
    // Readers that know no kernel tell its half by entries that are for it alone at every level.
    guard kernel?.skeleton != nil else { return plan }
    return plan.withUpper(
      (2...state.topLevel).map {
        MappingPlan.UpperBits(level: $0, mask: X86Fields.user.mask, bits: 0, mark: mark)
      })
  }
}

extension MappingPlan {
  fileprivate func withUpper(_ upper: [UpperBits]) -> MappingPlan {
    MappingPlan(
      rule: rule, state: state, level: level, leafBits: leafBits, encoder: encoder, upper: upper,
      needsFrames: needsFrames, tableBound: tableBound)
  }
}
