public import Paging
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
    expected: [String], got: [String], state: PagingState
  ) -> Difference? {
    let lines = max(expected.count, got.count)
    guard
      let line = (0..<lines).first(where: {
        expected[checked: $0] != got[checked: $0]
      })
    else { return nil }
    return Difference(
      line: line + 1, expected: expected[checked: line], got: got[checked: line],
      entry: entry(at: line, expected, got, state))
  }

  /// Names the entry behind a difference in a section about an address space.
  private static func entry(
    at line: Int, _ expected: [String], _ got: [String], _ state: PagingState
  ) -> String? {
    guard let start = (0...line).last(where: { got[checked: $0]?.hasPrefix("space ") ?? false }),
      expected[checked: start] == got[checked: start]
    else { return nil }
    let runsA = runs(of: expected, from: start + 1)
    let runsB = runs(of: got, from: start + 1)
    if let address = firstDifference(runsA, runsB) {
      return describe(address, answer(runsA, address), answer(runsB, address), state)
    }
    return table(at: start + 1, expected, got)
  }

  private static func runs(of lines: [String], from start: Int) -> [MappingRun] {
    lines.dropFirst(start).prefix { $0.hasPrefix("  ") }
      .compactMap { SpaceGolden.run(ofLine: $0.drop { $0 == " " }) }
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
    let last = address + (run.pageSize - 1)
    return MappingRun(
      start: VirtualAddress(address), end: VirtualAddress(last),
      address: run.address.advanced(by: address - run.start.rawValue), pageShift: run.pageShift,
      rights: run.rights)
  }

  private static func describe(
    _ address: UInt64, _ a: MappingRun?, _ b: MappingRun?, _ state: PagingState
  ) -> String {
    let shift = (a ?? b)?.pageShift ?? 12
    let leaf = (1...state.mode.levelCount).first { state.pageShift($0) == shift } ?? 1
    let path = (leaf...state.mode.levelCount).reversed().map { level in
      let index = state.index(of: VirtualAddress(address), level: level)
      return "\(state.mode.entryName(level))[\(index.hex)]"
    }
    return path.joined(separator: " → ") + ": " + changes(a, b).joined(separator: ", ")
  }

  private static func changes(_ a: MappingRun?, _ b: MappingRun?) -> [String] {
    guard let a, let b else { return ["\(text(a))→\(text(b))"] }
    var changes: [String] = []
    if a.address != b.address { changes.append("frame \(a.address)→\(b.address)") }
    if a.pageShift != b.pageShift {
      changes.append("page \(sizeText(a.pageShift))→\(sizeText(b.pageShift))")
    }
    for (right, name) in [(Rights.write, "write"), (.user, "user"), (.execute, "execute")]
    where a.rights.contains(right) != b.rights.contains(right) {
      changes.append(a.rights.contains(right) ? "\(name) 1→0" : "\(name) 0→1")
    }
    return changes
  }

  private static func text(_ page: MappingRun?) -> String {
    page.map { "\($0.address) \(sizeText($0.pageShift)) \($0.rights)" } ?? "not present"
  }

  /// The deepest table line that differs first, where a map is too large to be shown.
  private static func table(at start: Int, _ expected: [String], _ got: [String]) -> String? {
    func tables(_ lines: [String]) -> [String] {
      lines.dropFirst(start).prefix { $0.hasPrefix("  ") }.filter { $0.hasPrefix("  table ") }
    }
    let known = Set(tables(expected))
    let changed = tables(got).filter { !known.contains($0) }.map { $0.split(separator: " ")[1] }
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
