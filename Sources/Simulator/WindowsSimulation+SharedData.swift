import PhysicalMemory
import ScenarioFile
import WindowsMemory

/// The page that the kernel shares with every program.
extension WindowsSimulation {
  /// Where that page is.
  struct SharedPage {
    var frame: UInt64
    /// The address of the prototype entry by which processes get it.
    var prototype: UInt64
  }

  /// The page of the kernel's own address for it.
  var sharedDataAlias: UInt64 { SharedUserData.kernelAddress(kernel.format) / frameSize }

  /// Makes the page before the first step that touches it; that it comes only now is nothing that the step does,
  /// for Windows has it from its beginning on.
  func makeSharedData(for operation: Scenario.Operation) throws(StepFailure) {
    guard sharedData == nil, let range = operation.touched else { return }
    let pages = pages(of: range)
    guard pages.contains(WindowsProcessState.sharedDataPage) || pages.contains(sharedDataAlias)
    else { return }
    let wasReported = isReported
    isReported = false
    defer { isReported = wasReported }
    let frame = try takeKernelFrame()
    try mapKernel(sharedDataAlias, to: frame)
    storeKernel(
      SharedUserData.version(kernel, build: UInt64(kernel.id.build)),
      of: sharedDataAlias * frameSize)
    let prototype = try takePrototypes(structures.entrySize)
    store(
      try softwareEntry(SharedUserData.protection), at: kernelPlace(prototype), level: 1,
      address: prototype, process: nil, isPrototype: true)
    try makeShared(frame, prototype: prototype, SharedUserData.protection, isModified: false)
    // The kernel's own entry keeps it in memory.
    frames.update(frame) { $0.shareCount = 1 }
    sharedData = SharedPage(frame: frame, prototype: prototype)
  }

  /// Maps the page for a process that touches it.
  func mapSharedData(_ address: UInt64, _ process: WindowsProcessState) throws(StepFailure) {
    guard let sharedData else { return }
    let (place, _) = try makePlace(of: address, root: process.root, process: process)
    try mapShared(
      sharedData.frame, at: page(of: address), place: place, SharedUserData.protection,
      isDirty: false, process)
  }

  /// A process that ends has the page no more.
  func releaseSharedData(of process: WindowsProcessState) throws(StepFailure) {
    let address = SharedUserData.userAddress
    guard let place = place(of: address, root: process.root) else { return }
    try delete(address, place: place, of: process)
    releaseEmptyTables(above: address, process)
  }
}

extension Scenario.Operation {
  /// The addresses at which the step accesses memory.
  fileprivate var touched: ClosedRange<UInt64>? {
    switch self {
    case .access(let statement): statement.range
    case .lock(let range, isLocked: true): range
    default: nil
    }
  }
}
