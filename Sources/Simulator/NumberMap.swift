/// Where the values of 64 numbers that follow each other are kept, by the first of them.
///
/// Frames, pages and entries mostly come in rows, and a timeline asks for millions of them: one search
/// finds the place of 64, and the search is a multiplication and a look at one word.
private struct RowIndex {
  private static let empty = UInt64.max
  private var keys = [UInt64](repeating: empty, count: 16)
  private var places = [Int32](repeating: 0, count: 16)
  private(set) var count = 0

  /// Where the search for a row begins: the upper bits of a product spread rows that follow each other.
  @inline(__always)
  private func start(of row: UInt64) -> Int {
    let product = row &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: product &>> UInt64(64 - keys.count.trailingZeroBitCount))
  }

  /// The place of a row; nil where there is none.
  @inline(__always)
  func place(of row: UInt64) -> Int? {
    var slot = start(of: row)
    while true {
      let key = keys[slot]
      if key == row { return Int(places[slot]) }
      if key == Self.empty { return nil }
      slot = (slot + 1) & (keys.count - 1)
    }
  }

  /// The place of a row, the next free one where it has none yet.
  @inline(__always)
  mutating func makePlace(of row: UInt64) -> Int {
    if let place = place(of: row) { return place }
    if count * 2 >= keys.count { grow() }
    insert(row, Int32(count))
    count += 1
    return count - 1
  }

  private mutating func insert(_ row: UInt64, _ place: Int32) {
    var slot = start(of: row)
    while keys[slot] != Self.empty { slot = (slot + 1) & (keys.count - 1) }
    (keys[slot], places[slot]) = (row, place)
  }

  private mutating func grow() {
    let (oldKeys, oldPlaces) = (keys, places)
    keys = [UInt64](repeating: Self.empty, count: oldKeys.count * 2)
    places = [Int32](repeating: 0, count: oldKeys.count * 2)
    for (key, place) in zip(oldKeys, oldPlaces) where key != Self.empty { insert(key, place) }
  }

  /// The rows with their places, ascending.
  var rows: [(row: UInt64, place: Int)] {
    zip(keys, places).filter { $0.0 != Self.empty }.map { ($0.0, Int($0.1)) }
      .sorted { $0.0 < $1.0 }
  }
}

/// The numbers of a row that there are, as bits.
private typealias RowBits = UInt64

/// The row of a number, and its bit.
@inline(__always)
private func split(_ number: UInt64) -> (row: UInt64, bit: Int) {
  (number &>> 6, Int(truncatingIfNeeded: number & 63))
}

/// Values by the number of a frame or of a page; only rows of 64 that have any cost memory.
struct NumberMap<Value> {
  private var index = RowIndex()
  private var present: [RowBits] = []
  private var values: [Value] = []
  /// What a number has before somebody gives it a value.
  private let filler: Value
  /// How many numbers have a value.
  private(set) var count = 0

  init(filler: Value) { self.filler = filler }

  @inline(__always)
  private func slot(of number: UInt64) -> Int? {
    let (row, bit) = split(number)
    guard let place = index.place(of: row), present[place] & (1 &<< RowBits(bit)) != 0 else {
      return nil
    }
    return place &* 64 &+ bit
  }

  /// The place of a number's value, which is the filler where there was none.
  @inline(__always)
  private mutating func makeSlot(of number: UInt64) -> Int {
    let (row, bit) = split(number)
    let place = index.makePlace(of: row)
    if place == present.count {
      present.append(0)
      values.append(contentsOf: repeatElement(filler, count: 64))
    }
    let mask: RowBits = 1 &<< RowBits(bit)
    if present[place] & mask == 0 {
      present[place] |= mask
      count += 1
    }
    return place &* 64 &+ bit
  }

  func contains(_ number: UInt64) -> Bool { slot(of: number) != nil }

  /// The value of a number; setting nil takes it away.
  subscript(number: UInt64) -> Value? {
    @inline(__always) get { slot(of: number).map { values[$0] } }
    set { set(newValue, at: slot(of: number), number) }
    _modify {
      let slot = slot(of: number)
      var value: Value?
      // While it is changed it is nowhere else, so that nothing in it has to be copied.
      if let slot {
        value = values[slot]
        values[slot] = filler
      }
      defer { set(value, at: slot, number) }
      yield &value
    }
  }

  private mutating func set(_ value: Value?, at slot: Int?, _ number: UInt64) {
    if let value {
      values[slot ?? makeSlot(of: number)] = value
    } else if let slot {
      present[slot / 64] &= ~(1 &<< RowBits(slot % 64))
      values[slot] = filler
      count -= 1
    }
  }

  /// The value of a number, to be changed; one that it does not have yet is the filler.
  subscript(filled number: UInt64) -> Value {
    // A coroutine here would keep a copy of the map, and of whatever holds it, for each look.
    @inline(__always) get {
      guard let slot = slot(of: number) else { return filler }
      return values[slot]
    }
    @inline(__always) _modify {
      let slot = makeSlot(of: number)
      yield &values[slot]
    }
  }

  /// The numbers that have a value, ascending, with it.
  var all: some Sequence<(key: UInt64, value: Value)> {
    index.rows.lazy.flatMap { [self] row, place in
      (row * 64..<row * 64 + 64).lazy.compactMap { number in
        self[number].map { (key: number, value: $0) }
      }
    }
  }
}

/// Numbers, each once, in the order in which they came.
struct NumberSet {
  private var index = RowIndex()
  private var present: [RowBits] = []
  /// The numbers.
  private(set) var numbers: [UInt64] = []

  var isEmpty: Bool { numbers.isEmpty }
  var count: Int { numbers.count }

  func contains(_ number: UInt64) -> Bool {
    let (row, bit) = split(number)
    return index.place(of: row).map { present[$0] & (1 &<< RowBits(bit)) != 0 } ?? false
  }

  /// Adds a number; false where it is there already.
  @inline(__always) @discardableResult
  mutating func insert(_ number: UInt64) -> Bool {
    let (row, bit) = split(number)
    let place = index.makePlace(of: row)
    if place == present.count { present.append(0) }
    let mask: RowBits = 1 &<< RowBits(bit)
    guard present[place] & mask == 0 else { return false }
    present[place] |= mask
    numbers.append(number)
    return true
  }

  /// The numbers so far; the set is empty then.
  mutating func takeAll() -> [UInt64] {
    guard !numbers.isEmpty else { return [] }
    let all = numbers
    removeAll()
    return all
  }

  /// Takes all numbers out; what a few cost to find again is kept.
  mutating func removeAll() {
    guard !numbers.isEmpty else { return }
    guard index.count <= Self.keptRows else { return self = NumberSet() }
    if numbers.count < present.count {
      for number in numbers { index.place(of: split(number).row).map { present[$0] = 0 } }
    } else {
      for place in present.indices { present[place] = 0 }
    }
    numbers.removeAll(keepingCapacity: true)
  }

  /// More rows than this are not kept for the next use.
  private static let keptRows = 1024
}
