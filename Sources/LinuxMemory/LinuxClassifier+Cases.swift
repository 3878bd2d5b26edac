import Paging
import PhysicalMemory

/// Verdicts where the areas of the process are not known.
extension LinuxClassifier {
  /// Asks what would happen with each kind of area that may hold the address.
  ///
  /// An entry that says something shows that there is an area; where it is about a page elsewhere,
  /// the area is taken to allow the access.
  func considerAreas(_ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion) {
    guard let reading = verdict.finding.reading else { return }
    let areas = supposedAreas(question, isEmpty: reading.state == .none)
    var cases: [LinuxVerdict.Case] = []
    for (condition, answer) in areas {
      var supposed = verdict
      supposed.finding.area = answer
      refine(&supposed.finding)
      areaFault(&supposed, question)
      let item = LinuxVerdict.Case(
        condition: condition, handler: supposed.handler, cost: supposed.cost,
        signal: supposed.signal, oops: nil)
      if let last = cases.last, last.isLike(item) {
        // What makes no difference is not told apart.
        cases[cases.count - 1].condition = "an area that allows it"
      } else {
        cases.append(item)
      }
    }
    switch reading.state {
    case .swap, .migration, .hwpoison, .device, .marker:
      takeFirst(&verdict, question, cases)
    default: break
    }
    verdict.cases = cases
    verdict.note(
      "the areas of the process are not known; they decide", "Linux mm/memory.c",
      isUncertain: true)
  }

  private func takeFirst(
    _ verdict: inout LinuxVerdict, _ question: LinuxFaultQuestion, _ cases: [LinuxVerdict.Case]
  ) {
    var supposed = verdict
    supposed.finding.area = .found(Self.area(around: question.address, [.read, .write, .execute]))
    refine(&supposed.finding)
    areaFault(&supposed, question)
    (verdict.handler, verdict.cost) = (supposed.handler, supposed.cost)
    (verdict.costIfCached, verdict.signal) = (supposed.costIfCached, supposed.signal)
    verdict.resolution = supposed.resolution
    verdict.rules += supposed.rules
  }

  private func supposedAreas(
    _ question: LinuxFaultQuestion, isEmpty: Bool
  ) -> [(condition: String, answer: LinuxFinding.AreaAnswer)] {
    let everything: MemoryArea.Flags = [.read, .write, .execute]
    let own = Self.area(around: question.address, everything)
    var ofFile = own
    (ofFile.inode, ofFile.deviceMajor, ofFile.path) = (1, 8, "a file")
    let allowed: MemoryArea.Flags =
      question.access.isWrite || question.isARM64 && question.isFetch ? [.read] : []
    let refusing = Self.area(around: question.address, allowed)
    return [
      ("an anonymous area that allows it", .found(own)),
      ("a file's area that allows it", .found(ofFile)),
      ("an area that does not allow it", .found(refusing)),
    ] + (isEmpty ? [("no area", .none)] : [])
  }

  private static func area(
    around address: VirtualAddress, _ flags: MemoryArea.Flags
  ) -> MemoryArea {
    let page = address.rawValue & ~(frameSize - 1)
    return MemoryArea(start: page, end: page &+ frameSize, flags: flags)
  }
}
