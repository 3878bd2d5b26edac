public import Machine
public import Paging
import PhysicalMemory

/// The canonical answer about one address space: its digest, and its map or what of it is readable.
public struct SpaceGolden: Hashable, Sendable {
  /// The most pieces that a golden shows; a larger map shows the digests of its upper tables.
  public static let pieceLimit = 200

  /// What is shown beside the digest.
  public enum Content: Hashable, Sendable {
    /// All pieces of the map.
    case pieces([MapPiece])
    /// The digests of the tables under the upper levels, with the way there, and the two numbers
    /// by which a single changed entry can be found.
    case tables([Table], locator: String)
  }

  /// A table that a golden names by the way to it.
  public struct Table: Hashable, Sendable {
    /// The indexes from the root, as text.
    public var path: String
    /// What is under the table.
    public var digest: TranslationDigest
  }

  /// The root, and whose it is.
  public var space: AddressSpace
  /// The digest of everything.
  public var digest: TranslationDigest
  /// What is shown beside it.
  public var content: Content

  /// Asks `machine` about one of its address spaces.
  public init(_ space: AddressSpace, of machine: Machine, digester: inout Digester) {
    self.space = space
    let state = machine.paging(of: space)
    digest = digester.digest(root: space.register)
    var pieces: [MapPiece] = []
    state.map(machine.memory) { piece in
      pieces.append(piece)
      return pieces.count <= Self.pieceLimit
    }
    content =
      pieces.count <= Self.pieceLimit
      ? .pieces(pieces)
      : .tables(
        Self.upperTables(state, machine, digester),
        locator: state.locator(in: machine.memory).description)
  }

  /// The tables one level below the root, and those two levels below where they are few.
  private static func upperTables(
    _ state: PagingState, _ machine: Machine, _ digester: Digester
  ) -> [Table] {
    let tables = state.halves.flatMap { upperTables(half: $0, machine, digester) }
    return tables.count <= 4 * pieceLimit
      ? tables : tables.filter { !$0.path.contains("→") }
  }

  private static func upperTables(
    half state: PagingState, _ machine: Machine, _ digester: Digester
  ) -> [Table] {
    var tables: [Table] = []
    let top = state.topLevel
    let start = state.isARM64 && state.arm64.half == .upper ? "TTBR1:" : ""
    func list(_ table: PhysicalAddress, level: Int, rights: Rights, path: String) {
      for index in 0..<state.entryCount(level) {
        guard let entry = state.entry(of: table, at: index, in: machine.memory),
          case .table(let next) = state.meaning(of: entry, level: level)
        else { continue }
        let left = rights.intersection(state.rights(of: entry, level: level))
        let key = state.tableKey(next, level: level - 1, rights: left)
        guard let digest = digester.digest(of: key), digest.digest != .nothing else { continue }
        let here =
          path + (path == start ? "" : "→") + "\(state.mode.entryName(level))[\(index.hex)]"
        tables.append(Table(path: here, digest: digest))
        if level == top, top > 2 { list(next, level: level - 1, rights: left, path: here) }
      }
    }
    list(state.root, level: top, rights: state.allRights, path: start)
    return tables
  }

  /// The lines of a golden file.
  public var lines: [String] {
    var lines = ["space root=\(space.register.hex)" + (space.owner.map { " \($0)" } ?? "")]
    lines.append(
      "  digest \(digest.digest) mappings=\(digest.mappings) bytes=\(digest.bytes.hex)")
    switch content {
    case .pieces(let pieces): lines += pieces.map { "  " + Self.line(of: $0) }
    case .tables(let tables, let locator):
      lines.append("  locator \(locator)")
      lines += tables.map { table in
        "  table \(table.path) \(table.digest.digest) mappings=\(table.digest.mappings)"
      }
    }
    return lines
  }

  private static func line(of piece: MapPiece) -> String {
    switch piece {
    case .run(let run):
      "map \(run.start)..\(run.end) \(run.address) \(sizeText(run.pageShift)) \(run.rights)"
    case .copies(let start, let end, let stride, let count):
      "copies \(start)..\(end) stride=\(stride.hex) count=\(count)"
    }
  }

  /// Reads a `map` line back; nil for any other line, and for one that somebody damaged.
  static func run(ofLine line: some StringProtocol) -> MappingRun? {
    let words = line.split(separator: " ")
    guard words.count == 5, words[0] == "map", let dots = words[1].firstRange(of: ".."),
      let start = number(words[1][..<dots.lowerBound]),
      let end = number(words[1][dots.upperBound...]), start <= end,
      let address = number(words[2]), let shift = shift(ofSizeText: words[3])
    else { return nil }
    var rights: Rights = []
    if words[4].contains("w") { rights.insert(.write) }
    if words[4].contains("u") { rights.insert(.user) }
    if words[4].contains("x") { rights.insert(.execute) }
    return MappingRun(
      start: VirtualAddress(start), end: VirtualAddress(end), address: PhysicalAddress(address),
      pageShift: shift, rights: rights)
  }

  private static func number(_ text: some StringProtocol) -> UInt64? {
    text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : nil
  }

  private static func shift(ofSizeText text: some StringProtocol) -> UInt64? {
    (12...UInt64(52)).first { sizeText($0) == text }
  }
}
