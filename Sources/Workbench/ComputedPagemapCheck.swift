import BitLayout
import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// Compares the word that `/proc/PID/pagemap` would give for a page with what a scenario expects.
///
/// Whose a page is, and how often it is mapped, is counted over the areas of all processes.
struct ComputedPagemapCheck {
  private let expected: UInt64
  private let address: UInt64
  /// The word; nil where there are no areas, or no Linux.
  private let word: PagemapEntry?

  /// Nil where the expectation is about words that were read.
  init?(_ expected: Scenario.PagemapExpectation, _ machine: Machine, _ space: AddressSpace?) {
    guard let entry = expected.entry else { return nil }
    self.expected = entry.value
    address = expected.va.value
    let space = space ?? machine.addressSpaces.first
    word = space.flatMap { Self.word(at: expected.va.value, machine, $0) }
      .map { expected.isPrivileged?.value == false ? $0.withoutFrame : $0 }
  }

  private static func word(
    at address: UInt64, _ machine: Machine, _ space: AddressSpace
  ) -> PagemapEntry? {
    guard let system = machine.system.linux, let areas = machine.areas(in: space)?.list else {
      return nil
    }
    let state = machine.paging(of: space)
    let shift = state.pageShift(1)
    let first = (address >> shift) << shift
    // Outside of areas pagemap has nothing.
    guard var area = areas.area(holding: address) else { return PagemapEntry(rawValue: 0) }
    area.fileOffset &+= first - area.start
    (area.start, area.end) = (first, first + (1 << shift))
    let pagemap = ComputedPagemap(
      machine.memory, state, system.kernel, areas: areas,
      facts: system.facts.isKnown ? system.facts : FrameCensus.facts(of: machine, system))
    var entry: PagemapEntry?
    pagemap.read(area) { piece in
      entry = piece.run.entry
      return false
    }
    return entry
  }

  /// What does not hold.
  var differences: [Difference] {
    guard let word else {
      return [(expected.hex, "nothing: no `vmas` are known, or a table is absent")]
    }
    guard word.rawValue != expected else { return [] }
    return [(PagemapEntry(rawValue: expected).summary, word.summary)]
  }

  /// The line of a golden.
  var goldenLine: String {
    "pagemap \(VirtualAddress(address)) \(word?.summary ?? "unknown")"
  }
}

extension PagemapEntry {
  /// What a reader without CAP_SYS_ADMIN gets (since 4.2): the frame number is 0, the flags stay.
  ///
  /// Of a page in swap, type and offset are withheld with it, for they are in the same bits.
  fileprivate var withoutFrame: PagemapEntry {
    PagemapEntry(rawValue: rawValue & ~Self.frame.mask)
  }
}

/// What the areas of all processes say of frames: whose they are and how often they are mapped.
private struct FrameCensus: AreaVisitor {
  private let classifier: LinuxClassifier
  private let pageShift: UInt64
  private var coverage = CoverageCount()
  /// Frames of pages of a process's own.
  private var own: [UInt64: UInt64] = [:]

  static func facts(of machine: Machine, _ system: LinuxSystem) -> FrameFacts {
    var facts = FrameFacts()
    var coverage = CoverageCount()
    var flags: [UInt64: UInt64] = [:]
    var seen: Set<PhysicalAddress> = []
    for space in machine.addressSpaces {
      let state = machine.paging(of: space)
      guard let areas = machine.areas(in: space)?.list, seen.insert(state.root).inserted,
        let classifier = machine.linuxClassifier(in: space)
      else { continue }
      var census = FrameCensus(classifier: classifier, pageShift: state.pageShift(1))
      (census.coverage, census.own) = (coverage, flags)
      let decoder = LinuxEntryDecoder(system.kernel, state)
      var scan = AreaScan(areas.areas, decoder, state, census)
      census = state.perform(&scan, on: machine.memory)
      (coverage, flags) = (census.coverage, census.own)
    }
    facts.mapCounts = coverage.table()
    var table = RunTable<UInt64>()
    for (frame, flag) in flags.sorted(by: { $0.key < $1.key }) {
      _ = table.append(from: frame, to: frame + 1, flag)
    }
    facts.flags = table
    return facts
  }

  private init(classifier: LinuxClassifier, pageShift: UInt64) {
    self.classifier = classifier
    self.pageShift = pageShift
  }

  mutating func visit(_ piece: AreaPiece) -> Bool {
    guard let reading = piece.reading, !piece.area.flags.contains(.frameMap) else { return true }
    if let frame = reading.swapFrame {
      let first = frame &+ piece.pagesBefore
      if reading.state == .device { coverage.add(first, count: piece.pageCount) }
      if isOwn(reading.swap, in: piece.area) { add(first, piece.pageCount) }
      return true
    }
    guard reading.isPresent, !reading.isSpecial, let page = reading.frame else { return true }
    let first = (page.rawValue >> pageShift) + piece.pagesBefore
    coverage.add(first, count: piece.pageCount)
    let state = classifier.finding(of: VirtualAddress(piece.address)).state
    let isOwn =
      state == .anonymous || state == .numaHint || state == .protnone && !piece.area.hasFile
    if isOwn { add(first, piece.pageCount) }
    return true
  }

  private mutating func add(_ first: UInt64, _ count: UInt64) {
    for frame in first..<(first &+ count) { own[frame] = FrameFacts.Flags.anonymous.mask }
  }

  /// Whether a page on its way, or of a device, is the process's own.
  private func isOwn(_ meaning: SwapTypes.Meaning?, in area: MemoryArea) -> Bool {
    guard area.hasFile else { return true }
    switch meaning {
    case .migration(.write), .migration(.readExclusive): return !area.flags.contains(.shared)
    default: return false
    }
  }
}
