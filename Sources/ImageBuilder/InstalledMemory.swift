import PhysicalMemory
import Paging
import ScenarioFile

/// The physical memory of a built machine: what is installed, and what of it the image holds.
struct InstalledMemory {
  /// The addresses that memory answers.
  var installed = RangeList()
  /// Those of them that the image holds.
  var present = RangeList()
  /// The addresses that `absent:` names.
  var absent = RangeList()
  /// The known words, where memory consists of nothing else.
  var facts: Scenario.Facts?
  /// Whether `memory:` could be read and is right; all of physical memory is taken for it otherwise.
  private(set) var isKnown: Bool

  /// The number of bytes up to the last address.
  var size: UInt64 { installed.ranges.last.map { $0.upperBound &+ 1 } ?? 0 }

  init(_ machine: Scenario.Machine, _ state: PagingState, _ collector: DiagnosticCollector) {
    isKnown = !collector.omissions.contains(.memory)
    if isKnown {
      isKnown = !collector.finds { add(machine.memory, state, collector) }
      if isKnown, installed.isEmpty {
        collector.report(.outsideMemory, "the machine has no memory", at: machine.memory.mark)
        isKnown = false
      }
    }
    if !isKnown {
      installed = RangeList([0...(1 << UInt64(state.physicalBits) - 1)])
      facts = nil
    }
    absent = RangeList(machine.absent.map(\.value))
    for range in machine.absent where !installed.overlaps(range.value) {
      collector.report(
        .outsideMemory, "\(range.value.asText) is not memory that could be absent", at: range.mark,
        notes: [note])
    }
    present = installed.subtracting(absent)
  }

  private mutating func add(
    _ memory: Located<Scenario.Memory>, _ state: PagingState, _ collector: DiagnosticCollector
  ) {
    switch memory.value {
    case .size(let size):
      guard let whole = (0 as UInt64).range(count: size) else { break }
      add([Located(whole, at: memory.mark)], state, collector)
    case .ranges(let ranges): add(ranges, state, collector)
    case .facts(let facts):
      self.facts = facts
      add(facts, state, collector)
    case .dump: break
    }
  }

  /// What there is, for a message.
  var note: String {
    guard isKnown else { return "physical addresses go up to \((size &- 1).hex)" }
    let shown = installed.ranges.prefix(4).map(\.asText).joined(separator: ", ")
    return "memory is \(shown)\(installed.ranges.count > 4 ? ", ..." : "")"
  }

  private mutating func add(
    _ ranges: [Located<ClosedRange<UInt64>>], _ state: PagingState,
    _ collector: DiagnosticCollector
  ) {
    for range in ranges {
      if range.value.lowerBound % frameSize != 0 || range.value.upperBound % frameSize != 0xfff {
        collector.report(
          .misaligned, "\(range.value.asText) does not consist of whole 4-KiB frames",
          at: range.mark)
      }
      checkLimit(range, state, collector)
    }
    installed = RangeList(ranges.map(\.value))
    checkOverlaps(ranges, collector)
  }

  private mutating func add(
    _ facts: Scenario.Facts, _ state: PagingState, _ collector: DiagnosticCollector
  ) {
    let width = UInt64(facts.width)
    var words: [Located<ClosedRange<UInt64>>] = []
    for fact in facts.words {
      guard fact.address.value % width == 0, let range = fact.address.value.range(count: width)
      else {
        collector.report(
          .misaligned, "the address of a word of \(width) bytes is a multiple of \(width)",
          at: fact.address.mark)
        continue
      }
      let word = Located(range, at: fact.address.mark)
      checkLimit(word, state, collector)
      words.append(word)
    }
    installed = RangeList(words.map(\.value))
  }

  private func checkLimit(
    _ range: Located<ClosedRange<UInt64>>, _ state: PagingState, _ collector: DiagnosticCollector
  ) {
    guard range.value.upperBound >> UInt64(state.physicalBits) != 0 else { return }
    collector.report(
      .outsideMemory,
      "\(range.value.upperBound.hex) has more than \(state.physicalBits) bits", at: range.mark,
      notes: ["`physical-bits`, MAXPHYADDR, is \(state.physicalBits)"])
  }

  private func checkOverlaps(
    _ ranges: [Located<ClosedRange<UInt64>>], _ collector: DiagnosticCollector
  ) {
    let sorted = ranges.sorted {
      ($0.value.lowerBound, $0.mark) < ($1.value.lowerBound, $1.mark)
    }
    guard var widest = sorted.first else { return }
    for range in sorted.dropFirst() {
      if range.value.lowerBound <= widest.value.upperBound {
        let (first, second) = range.mark < widest.mark ? (range, widest) : (widest, range)
        collector.report(
          .overlap, "\(second.value.asText) is partly memory already", at: second.mark,
          notes: ["line \(first.mark.line) has \(first.value.asText)"])
      }
      if range.value.upperBound > widest.value.upperBound { widest = range }
    }
  }
}
