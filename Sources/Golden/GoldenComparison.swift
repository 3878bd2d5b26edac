public import Machine
import Paging
import PhysicalMemory

/// A golden file's text against the answers of today.
public enum GoldenComparison {
  /// The first line that differs.
  public struct Difference: Hashable, Sendable {
    /// The line number, from 1.
    public var line: Int
    /// What the golden has there; nil past its end.
    public var expected: String?
    /// What the machine answers; nil past the end.
    public var got: String?
    /// The first entry that differs, where the lines are about mappings.
    public var entry: String?
  }

  /// The first difference between two texts, or nil where they are equal.
  ///
  /// Where it concerns mappings, the first entry that differs is named by its way from the root.
  public static func firstDifference(
    expected: [String], got: [String], machine: Machine
  ) -> Difference? {
    guard let line = firstDifferentLine(expected: expected, got: got) else { return nil }
    return Difference(
      line: line + 1, expected: expected[checked: line], got: got[checked: line],
      entry: entry(at: line, expected, got, machine))
  }

  /// The index of the first line that differs, or nil where the texts are equal.
  public static func firstDifferentLine(expected: [String], got: [String]) -> Int? {
    (0..<max(expected.count, got.count)).first { expected[checked: $0] != got[checked: $0] }
  }

  /// Names the entry behind a difference in a section about an address space.
  private static func entry(
    at line: Int, _ expected: [String], _ got: [String], _ machine: Machine
  ) -> String? {
    guard let start = (0...line).last(where: { got[checked: $0]?.hasPrefix("space ") ?? false }),
      expected[checked: start] == got[checked: start]
    else { return nil }
    let (linesA, linesB) = (section(expected, start), section(got, start))
    let (runsA, runsB) = (runs(of: linesA), runs(of: linesB))
    if let address = firstDifference(runsA, runsB) {
      let (a, b) = (answer(runsA, address), answer(runsB, address))
      return EntryChange(address: address, from: a, to: b).description(
        in: machine.paging.half(of: VirtualAddress(address)))
    }
    if let register = register(of: got[start]),
      let change = singleChange(linesA, linesB, register, machine)
    {
      return change
    }
    return table(linesA, linesB)
  }

  /// The lines of a section, without its first.
  private static func section(_ lines: [String], _ start: Int) -> [String] {
    Array(lines.dropFirst(start + 1).prefix { $0.hasPrefix("  ") })
  }

  private static func register(of line: String) -> UInt64? {
    let words = line.split(separator: " ")
    return words.count > 1 ? UInt64(words[1].dropFirst("root=0x".count), radix: 16) : nil
  }

  /// The one entry that changed, where a map is too large to be shown and only one did.
  private static func singleChange(
    _ expected: [String], _ got: [String], _ register: UInt64, _ machine: Machine
  ) -> String? {
    func locator(_ lines: [String]) -> Locator? {
      let prefix = "  locator "
      return lines.first { $0.hasPrefix(prefix) }.flatMap { Locator($0.dropFirst(prefix.count)) }
    }
    guard let old = locator(expected), let new = locator(got),
      let change = new.change(since: old)
    else { return nil }
    var state = machine.paging
    state.cr3 = register
    guard let now = state.slot(ofPage: change.page, in: machine.memory),
      let before = SlotWord(
        rawValue: Prime.add(now.rawValue, Prime.negate(change.difference))),
      let level = now.level ?? before.level, (1...state.mode.levelCount).contains(level),
      change.page & ((1 << (state.pageShift(level) - 12)) - 1) == 0
    else { return nil }
    let address = state.address(ofPage: change.page)
    return EntryChange(address: address, level: level, from: before, to: now)
      .description(in: state.half(of: VirtualAddress(address)))
  }

  private static func runs(of lines: [String]) -> [MappingRun] {
    lines.compactMap { SpaceGolden.run(ofLine: $0.drop { $0 == " " }) }
  }

  /// The lowest address that two lists of runs translate differently.
  private static func firstDifference(_ a: [MappingRun], _ b: [MappingRun]) -> UInt64? {
    let edges = (a + b).flatMap { [$0.start.rawValue, $0.end.rawValue &+ 1] }
    return Set(edges).sorted().first { answer(a, $0) != answer(b, $0) }
  }

  private static func answer(_ runs: [MappingRun], _ address: UInt64) -> MappingRun? {
    guard
      let run = runs.first(where: { ($0.start.rawValue...$0.end.rawValue).contains(address) })
    else { return nil }
    let last = address | (run.pageSize - 1)
    return MappingRun(
      start: VirtualAddress(address), end: VirtualAddress(last),
      address: run.address.advanced(by: address - run.start.rawValue), pageShift: run.pageShift,
      rights: run.rights)
  }

  /// The deepest table line that differs first, where more than one entry changed.
  private static func table(_ expected: [String], _ got: [String]) -> String? {
    let known = Set(expected)
    let changed = got.filter { $0.hasPrefix("  table ") && !known.contains($0) }
      .map { $0.split(separator: " ")[1] }
    guard let first = changed.first else { return nil }
    let deepest = changed.prefix { $0 == first || $0.hasPrefix(first + "→") }.last ?? first
    return deepest.replacing("→", with: " → ") + ": what is under this entry differs"
  }
}

extension Array {
  fileprivate subscript(checked index: Int) -> Element? {
    indices.contains(index) ? self[index] : nil
  }
}
