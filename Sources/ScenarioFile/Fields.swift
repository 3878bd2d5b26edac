/// The values of one mapping, by keys of its table.
struct Fields {
  let mark: SourceMark
  let table: KeyTable
  /// The keys that are in the table, each with its value; few enough to be looked through.
  private(set) var pairs: [YAMLValue.Pair] = []
  /// The keys that are not in the table.
  var strangers: [String] = []

  /// Whether an unknown key looks like one of these, which is then not missed as well.
  func isMeant(_ keys: [String]) -> Bool {
    strangers.contains { stranger in
      Suggestion.nearest(to: stranger, in: table.keys).map(keys.contains) == true
    }
  }

  /// Whether an unknown key may be one of these.
  func mayBeMeant(_ keys: [String]) -> Bool {
    strangers.contains { stranger in
      Suggestion.nearest(to: stranger, in: table.keys).map(keys.contains) != false
    }
  }

  init(mark: SourceMark, table: KeyTable) { (self.mark, self.table) = (mark, table) }

  mutating func add(_ pair: YAMLValue.Pair) { pairs.append(pair) }

  private func pair(_ key: String) -> YAMLValue.Pair? { pairs.first { $0.key.value == key } }

  /// The value of a key, nil if the mapping does not have it.
  subscript(_ key: String) -> YAMLValue? {
    assert(table.keys.contains(key), "`\(key)` is not declared in \(table.name)")
    return pair(key)?.value
  }

  /// Where a key is, nil if the mapping does not have it.
  func keyMark(_ key: String) -> SourceMark? {
    assert(table.keys.contains(key), "`\(key)` is not declared in \(table.name)")
    return pair(key)?.key.mark
  }
}
