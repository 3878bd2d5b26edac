import Paging
import PhysicalMemory
import ScenarioFile

/// The pages that hold the kernel's structures.
extension MappingPlanner {
  /// The plan of kernel memory in automatic frames, for nobody but the kernel.
  func plan(
    kernelPages region: (start: UInt64, pages: UInt64), at mark: SourceMark
  ) -> MappingPlan? {
    let last = region.start + (region.pages * frameSize - 1)
    let item = Scenario.Mapping(
      mark: mark, va: Located(.range(region.start...last), at: mark),
      to: Located(.automatic, at: mark),
      // 32-bit paging has no pages that cannot be executed.
      rights: Scenario.Rights(user: false, execute: state.mode == .x86))
    return planWhole(item)
  }
}
