import PhysicalMemory
import WindowsMemory

/// What only a skeleton has of the kernel's structures.
extension KernelPlan {
  /// The size of a record, which readers want to read more of than some kernels have.
  func recordSize(_ size: UInt64) -> UInt64 {
    skeleton == nil ? size : max(size, SkeletonPlan.recordSize)
  }

  /// What records lead to that only a skeleton has.
  mutating func planRecognition(
    of spaces: [SpaceStatement], _ collector: DiagnosticCollector
  ) -> SkeletonPlan? {
    guard var plan = skeleton, let structure = structures.process else { return nil }
    let tableSize = windows.kernel.size(of: "_HANDLE_TABLE") ?? frameSize
    for (index, space) in spaces.enumerated() {
      let hasRecord = records[index] != nil
      plan.handleTables.append(hasRecord ? take(tableSize, for: .handleTable, collector) : nil)
      plan.imageNames.append(
        plan.imageName(of: space, index).map {
          take(SkeletonPlan.imageNameHeader + UInt64($0.count + 1) * 2, collector)
        })
    }
    let listed = spaces.indices.count { records[$0] != nil && spaces[$0].isListed }
    for _ in 0..<max(0, SkeletonPlan.tooFewProcesses + 1 - listed) {
      plan.ended.append(take(recordSize(structure.size), for: .process, collector))
    }
    return plan
  }
}
