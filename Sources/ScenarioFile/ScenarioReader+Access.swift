/// The accesses of a timeline.
extension ScenarioReader {
  /// The most accesses that one step may make.
  private static let mostAccesses: UInt64 = 1 << 32

  func access(_ kind: Scenario.AccessKind, _ fields: Fields) -> Scenario.Operation? {
    let verb = fields.table.name
    let range = extent(fields[verb], "`\(verb)`")
    let privilege: Located<Scenario.Privilege>? = word(fields["as"], "`as`")
    let stride = size(fields["stride"], "`stride`")
    let count = number(fields["count"], "`count`", in: 1...Self.mostAccesses)
    let seed = number(fields["seed"], "`seed`")
    let filter: Located<ViolationWord>? = word(fields["on-violation"], "`on-violation`")
    var statement = range.map {
      Scenario.AccessStatement(
        kind, $0, as: privilege?.value ?? .user, stride: stride?.value ?? 4096,
        count: count?.value, seed: seed?.value, commitsOnViolation: filter != nil)
    }
    if kind == .write {
      statement?.data = data(fields)
      statement?.fill = number(fields["fill"], "`fill`", in: 0...255).map { UInt8($0.value) }
    }
    return statement.map { .access($0) }
  }

  /// What an exception filter does about a violation.
  private enum ViolationWord: String, CaseIterable, Sendable { case commit }

  private func data(_ fields: Fields) -> [UInt8]? {
    if fields["text"] != nil, let mark = fields.keyMark("bytes") {
      report(.keysDisagree, "`text` and `bytes` are two ways to say what is written", at: mark)
      return nil
    }
    if let text = scalar(fields["text"], "`text`", "text") { return Array(text.value.utf8) }
    return bytes(fields["bytes"], NumberText.bytes)?.value
  }

  /// One address, or a range of them.
  private func extent(_ value: YAMLValue?, _ title: String) -> ClosedRange<UInt64>? {
    guard let value else { return nil }
    if case .scalar(let text, _) = value.kind, NumberText.looksLikeRange(text) {
      return range(value, title)?.value
    }
    return number(value, title).map { $0.value...$0.value }
  }

  // MARK: - Expectations of moments

  func pfn(_ fields: Fields) -> Scenario.PfnExpectation? {
    let location: Located<Scenario.PageLocation>? = word(fields["location"], "`location`")
    let expectation = Scenario.PfnExpectation(
      number: number(fields["pfn"], "`pfn`") ?? Located(0, at: fields.mark), location: location,
      shareCount: number(fields["share-count"], "`share-count`"),
      referenceCount: number(fields["reference-count"], "`reference-count`"),
      pteAddress: number(fields["pte-address"], "`pte-address`"),
      originalPte: number(fields["original-pte"], "`original-pte`"),
      pteFrame: number(fields["pte-frame"], "`pte-frame`"),
      isPrototype: bool(fields["prototype"], "`prototype`"),
      flags: words(fields["flags"], "`flags`"),
      mapCount: number(fields["map-count"], "`map-count`"))
    return fields["pfn"] == nil ? nil : expectation
  }

  /// `lists:`, how many frames each list has.
  func lists(_ fields: Fields) -> [Scenario.ListExpectation]? {
    guard let value = fields["lists"], let pairs = pairs(of: value, "`lists`") else { return nil }
    if pairs.isEmpty { report(.empty, "`lists` names no list", at: value.mark) }
    return pairs.compactMap { pair in
      guard let list = Scenario.FrameList(rawValue: pair.key.value) else {
        report(
          Diagnostic(
            .unknownWord, unknown: "list", pair.key,
            choices: Scenario.FrameList.allCases.map(\.rawValue)))
        return nil
      }
      return number(pair.value, "`\(pair.key.value)`").map { .init(list: list, count: $0) }
    }
  }

  func pagemapAt(_ fields: Fields) -> Scenario.MomentPagemap? {
    let names = ["present", "swapped", "soft-dirty", "exclusive", "uffd-wp", "file", "guard"]
    let flags = names.compactMap { name in
      bool(fields[name], "`\(name)`").map { (name: name, isSet: $0) }
    }
    return number(fields["pagemap-at"], "`pagemap-at`").map {
      Scenario.MomentPagemap(va: $0, flags: flags, value: number(fields["value"], "`value`"))
    }
  }
}

extension Scenario {
  /// The list that a frame is on, as the PFN database says it.
  public enum PageLocation: String, CaseIterable, Sendable {
    /// Free and filled with zeros.
    case zeroed
    /// Free.
    case free
    /// In transition, with a copy elsewhere.
    case standby
    /// In transition, to be written.
    case modified
    /// In transition, not to be written yet.
    case modifiedNoWrite = "modified-no-write"
    /// Broken.
    case bad
    /// In use.
    case active
    /// Being read or written.
    case transition
  }

  /// The frames that a timeline counts: by the lists of Windows, and by what Linux uses pages for.
  public enum FrameList: String, CaseIterable, Sendable {
    /// Of both, free; of Windows, not filled with zeros.
    case free
    /// Of Windows, free and filled with zeros.
    case zeroed
    /// Of Windows, in transition, with a copy elsewhere.
    case standby
    /// Of Windows, in transition, to be written.
    case modified
    /// Of Windows, in use.
    case active
    /// Of Linux, mapped pages of no file.
    case anonymous
    /// Of Linux, pages of files.
    case file
    /// Of Linux, pages that have a place in swap too.
    case swapCache = "swap cache"
    /// Of Linux, places in swap that are taken.
    case swap
  }

  /// What Linux says of a frame in its `struct page`: the flags whose numbers are in VMCOREINFO, and the kinds
  /// that other words of it tell.
  public enum FrameFlag: String, CaseIterable, Sendable {
    /// PG_lru, on a list of pages by their last use.
    case lru
    /// PG_private, with data of the file system.
    case `private`
    /// PG_swapcache, with a place in swap.
    case swapcache
    /// PG_swapbacked, of no file, so that only swap can take it.
    case swapbacked
    /// PG_slab, small objects of the kernel.
    case slab
    /// PG_hwpoison, broken.
    case hwpoison
    /// The first page of a larger one.
    case head
    /// Another page of a larger one.
    case tail
    /// The first page of a free block.
    case buddy
    /// Taken away from the guest.
    case offline
  }

  /// `pfn:` with what the system's record of the frame must say; nil is not compared.
  public struct PfnExpectation: Sendable {
    /// `pfn:`, the number of the frame.
    public var number: Located<UInt64>
    /// `location:`.
    public var location: Located<PageLocation>?
    /// `share-count:`.
    public var shareCount: Located<UInt64>?
    /// `reference-count:`.
    public var referenceCount: Located<UInt64>?
    /// `pte-address:`.
    public var pteAddress: Located<UInt64>?
    /// `original-pte:`.
    public var originalPte: Located<UInt64>?
    /// `pte-frame:`, the frame of the table or array with the entry.
    public var pteFrame: Located<UInt64>?
    /// `prototype:`, whether the entry is a prototype.
    public var isPrototype: Located<Bool>?
    /// `flags:` of Linux, all that are set.
    public var flags: Set<FrameFlag>?
    /// `map-count:` of Linux.
    public var mapCount: Located<UInt64>?
  }

  /// One item of `lists:`.
  public struct ListExpectation: Sendable {
    /// The list.
    public var list: FrameList
    /// How many frames are on it.
    public var count: Located<UInt64>
  }

  /// `pagemap-at:` with what the kernel says of the page.
  public struct MomentPagemap: Sendable {
    /// `pagemap-at:`, an address in the page.
    public var va: Located<UInt64>
    /// The flags that are compared, by their keys.
    public var flags: [(name: String, isSet: Located<Bool>)]
    /// `value:`, the whole word.
    public var value: Located<UInt64>?
  }
}
