import Paging
import PhysicalMemory
import WindowsMemory

/// A fault that brought in a page of zeros, as the classifier found it, and what others have to share with it
/// to come to the same.
///
/// What becomes of a private page that nobody has touched depends on its entry and on the descriptor of its
/// range and on the access, and on nothing else: of millions of such faults the classifier is asked about the
/// first. It is asked again once a descriptor changes.
struct KnownFault {
  let access: Access
  /// The entry, which says that the page is zeros, or leaves it to the descriptor.
  let entry: UInt64
  /// The pages of the range.
  let pages: ClosedRange<UInt64>
  let protection: MMProtection
  /// The entry that is put back when the page leaves memory.
  let original: UInt64
  /// How the fault ends.
  let status: String

  /// The place of the entry of a fault that is like this one; nil where it is another.
  func place(of address: UInt64, _ access: Access, _ result: AccessResult) -> UInt64? {
    guard pages.contains(address / frameSize), access == self.access,
      let stop = result.stopAtPage, stop.entry == entry
    else { return nil }
    return stop.entryAddress.rawValue
  }
}

extension AccessResult {
  /// The end of a walk that found a page table and no page in it; nil of any other.
  var stopAtPage: WalkStop? {
    let walk: WalkResult
    switch self {
    case .pageFault(let fault): walk = fault.walk
    case .abort(let abort): walk = abort.walk
    case .translated, .generalProtection, .missing: return nil
    }
    guard case .stopped(let stop) = walk, stop.cause == .notPresent, stop.level == 1 else {
      return nil
    }
    return stop
  }
}

/// Pages that are touched for the first time.
extension WindowsSimulation {
  /// Remembers what the classifier says of a fault, where it is one whose like come to the same.
  func remember(
    _ verdict: WindowsVerdict, _ address: UInt64, _ access: Access, _ result: AccessResult,
    _ process: WindowsProcessState
  ) throws(StepFailure) {
    let finding = verdict.finding
    guard verdict.status == .demandZero, finding.content == .zeros, !finding.isShared,
      let stop = result.stopAtPage,
      stop.entry == finding.entry, finding.level == 1,
      let range = process.rangeIndex(of: address / frameSize)
    else { return }
    let protection = finding.protection ?? Self.readWrite
    process.knownFault = KnownFault(
      access: access, entry: stop.entry,
      pages: process.ranges[range].pages, protection: protection,
      original: try softwareEntry(protection), status: NTStatus.demandZero.name)
  }

  /// A page of zeros begins, at the first access to it.
  func makeZeroed(
    _ address: UInt64, at place: UInt64, _ protection: MMProtection, original: UInt64,
    _ process: WindowsProcessState
  ) throws(StepFailure) {
    let frame = try takeFrame(isZeroed: true)
    try makePrivate(
      frame, at: page(of: address), place: place, protection, isDirty: false, original: original,
      isModified: true, process)
  }
}
