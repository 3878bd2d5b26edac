import Paging
import PhysicalMemory

/// The map of an address space in as many bands as can be looked at: a run each, or where there are
/// more runs, neighbours together.
final class MapBands {
  /// A run, copies of a table, or several of them that are drawn as one.
  struct Band {
    var start: VirtualAddress
    var end: VirtualAddress
    /// What it is where it is one; nil where there are several.
    var piece: MapPiece?
    var runs: UInt64 = 0
    var copies: UInt64 = 0
    /// The pages by size, of several runs.
    private var joined: [UInt64: UInt64] = [:]
    /// What any of the pages may be used for.
    var rights: Rights = []
    /// Whether any of the pages may be both written and executed.
    private var hasWritableCode = false

    init(_ piece: MapPiece) {
      self.piece = piece
      switch piece {
      case .run(let run):
        (start, end, runs, rights) = (run.start, run.end, 1, run.rights)
        hasWritableCode = run.rights.isSuperset(of: [.write, .execute])
      case .copies(let first, let last, _, let count): (start, end, copies) = (first, last, count)
      }
    }

    /// The pages by size.
    var pages: [UInt64: UInt64] {
      switch piece {
      case .run(let run): [run.pageShift: run.pageCount]
      case .copies: [:]
      case nil: joined
      }
    }
    /// The size of the largest pages, as a power of 2.
    var pageShift: UInt64 { pages.keys.max() ?? 12 }
    var bytes: UInt64 { pages.reduce(0) { $0 &+ $1.value &<< $1.key } }
    /// The one run that it is.
    var run: MappingRun? { if case .run(let run) = piece { run } else { nil } }

    /// What several are, in words.
    var words: String {
      let sizes = pages.sorted { $0.key < $1.key }
        .map { "\($0.value) of \(Wording.size(1 << $0.key))" }
      return Wording.count(runs, "run")
        + (sizes.isEmpty ? "" : ", pages: \(sizes.joined(separator: ", "))")
        + (copies == 0 ? "" : ", and \(Wording.count(copies, "repeated table"))")
    }

    /// Whether some pages may be written and others executed, and none both.
    var isMixed: Bool { rights.isSuperset(of: [.write, .execute]) && !hasWritableCode }

    /// What is to be said of the rights of several runs.
    var most: String { isMixed ? "at most, and no page is both w and x" : "at most" }

    mutating func join(_ other: Band) {
      joined = pages
      switch other.piece {
      case .run(let run): joined[run.pageShift, default: 0] &+= run.pageCount
      case .copies: break
      case nil: joined.merge(other.joined) { $0 &+ $1 }
      }
      (end, piece) = (other.end, nil)
      runs &+= other.runs
      copies &+= other.copies
      rights.formUnion(other.rights)
      hasWritableCode = hasWritableCode || other.hasWritableCode
    }
  }

  /// More bands than this nobody looks at.
  static let limit = 320
  /// More pieces than this are not waited for.
  private static let pieceLimit = 1 << 24

  private(set) var list: [Band] = []
  let totals = MapTotals()
  private(set) var pieceCount = 0
  /// Where the pieces begin that are not looked at; nil where all are.
  private(set) var rest: VirtualAddress?

  /// Whether neighbours are drawn together.
  var isCoarse: Bool { list.contains { $0.piece == nil } }

  /// Adds the next piece; returns whether more are wanted.
  func add(_ piece: MapPiece) -> Bool {
    let band = Band(piece)
    guard pieceCount < Self.pieceLimit else {
      rest = band.start
      return false
    }
    pieceCount += 1
    totals.add(piece)
    list.append(band)
    if list.count > 8 * Self.limit { joinNearest() }
    return true
  }

  /// Joins what is too many for one look.
  func finish() {
    if list.count > Self.limit { joinNearest() }
  }

  /// Joins the neighbours with the least between them, of those the ones with the fewest runs.
  private func joinNearest() {
    let gaps = list.indices.dropLast().map { index in
      let (first, second) = (list[index], list[index + 1])
      return (
        gap: second.start.rawValue &- first.end.rawValue, runs: first.runs &+ second.runs,
        index: index
      )
    }.sorted { ($0.gap, $0.runs, $0.index) < ($1.gap, $1.runs, $1.index) }
    let joined = Set(gaps.prefix(list.count - Self.limit).map(\.index))
    var bands: [Band] = []
    for (index, band) in list.enumerated() {
      if joined.contains(index - 1) {
        bands[bands.count - 1].join(band)
      } else {
        bands.append(band)
      }
    }
    list = bands
  }
}
