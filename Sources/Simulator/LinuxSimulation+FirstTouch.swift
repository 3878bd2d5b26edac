import LinuxMemory
import Paging
import PhysicalMemory

/// A fault on an anonymous page that nobody has touched, as the classifier found it, and what others have to
/// share with it to come to the same.
///
/// What becomes of such a page depends on its area and on the access, and on nothing else:
/// of millions of such faults the classifier is asked about the first. It is asked again once an area changes.
struct LinuxKnownFault {
  let access: Access
  let area: LinuxArea
  /// Whether the page of zeros is mapped; otherwise the page is the process's own.
  let isZero: Bool

  /// The place of the entry of a fault that is like this one; nil where it is another.
  func place(of address: UInt64, _ access: Access, _ result: AccessResult) -> UInt64? {
    guard area.start <= address, address < area.end, access == self.access,
      let stop = result.stopAtPage, stop.entry == 0
    else { return nil }
    return stop.entryAddress.rawValue
  }
}

/// Pages that are touched for the first time.
extension LinuxSimulation {
  /// Remembers what the classifier says of a fault, where it is one whose like come to the same.
  func remember(
    _ verdict: LinuxVerdict, _ address: UInt64, _ access: Access, _ result: AccessResult,
    _ process: LinuxProcessState
  ) {
    guard verdict.resolution == .makePage || verdict.resolution == .mapZeroPage,
      verdict.ending == nil, verdict.cost == .soft, case .found = verdict.finding.area,
      let stop = result.stopAtPage, stop.entry == 0,
      let area = process.area(of: address), area.isAnonymous
    else { return }
    process.knownFault = LinuxKnownFault(
      access: access, area: area,
      isZero: verdict.resolution == .mapZeroPage)
  }

  /// Resolves a fault like one before, whose entry is at `place`.
  func resolve(
    _ known: LinuxKnownFault, _ address: UInt64, at place: UInt64, _ process: LinuxProcessState
  ) throws(StepFailure) {
    let address = address / frameSize * frameSize
    if known.isZero {
      mapZero(address, at: place, known.area, process)
    } else {
      mapOwn(try takeFrame(), address, at: place, known.area, process)
    }
  }
}
