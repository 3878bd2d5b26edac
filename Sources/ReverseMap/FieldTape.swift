import PhysicalMemory

/// Fields one after another, which are written to bytes or read from them.
///
/// Whoever has fields names each of them once, for both: so what is read is what was written.
package struct FieldTape {
  /// The bytes end early, or a field says what it cannot say.
  package struct Unreadable: Error {}

  private(set) var bytes: [UInt8]
  private let isReading: Bool
  private var place = 0

  /// Begins an empty tape, to be written.
  init() {
    bytes = []
    isReading = false
  }

  /// Takes a tape that was written.
  init(reading bytes: [UInt8]) {
    self.bytes = bytes
    isReading = true
  }

  /// Whether every byte was read.
  var isAtEnd: Bool { place == bytes.count }

  /// A number, in eight bytes.
  mutating func number<Number: FixedWidthInteger>(_ value: inout Number) throws(Unreadable) {
    guard isReading else {
      let word = UInt64(truncatingIfNeeded: value)
      for shift in stride(from: 0, to: UInt64.bitWidth, by: UInt8.bitWidth) {
        bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
      }
      return
    }
    guard bytes.count - place >= 8 else { throw Unreadable() }
    var word: UInt64 = 0
    for index in (place..<place + 8).reversed() { word = word << 8 | UInt64(bytes[index]) }
    place += 8
    value = Number(truncatingIfNeeded: word)
    // A number of fewer bits must come back as it went.
    guard UInt64(truncatingIfNeeded: value) == word else { throw Unreadable() }
  }

  /// A yes or no.
  mutating func flag(_ value: inout Bool) throws(Unreadable) {
    var number: UInt8 = value ? 1 : 0
    try self.number(&number)
    guard number <= 1 else { throw Unreadable() }
    value = number == 1
  }

  /// A text.
  mutating func text(_ value: inout String) throws(Unreadable) {
    var count = value.utf8.count
    try number(&count)
    guard isReading else {
      bytes += value.utf8
      return
    }
    guard count >= 0, count <= bytes.count - place,
      let text = String(validating: bytes[place..<place + count], as: UTF8.self)
    else { throw Unreadable() }
    place += count
    value = text
  }

  /// A field that may be missing; `empty` is what one begins as that is read.
  mutating func optional<Value>(
    _ value: inout Value?, _ empty: @autoclosure () -> Value,
    _ field: (inout FieldTape, inout Value) throws(Unreadable) -> Void
  ) throws(Unreadable) {
    var isThere = value != nil
    try flag(&isThere)
    guard isThere else {
      value = nil
      return
    }
    var present = value ?? empty()
    try field(&self, &present)
    value = present
  }

  /// A number that may be missing.
  mutating func number<Number: FixedWidthInteger>(_ value: inout Number?) throws(Unreadable) {
    try optional(&value, 0) { tape, value throws(Unreadable) in try tape.number(&value) }
  }

  /// A text that may be missing.
  mutating func text(_ value: inout String?) throws(Unreadable) {
    try optional(&value, "") { tape, value throws(Unreadable) in try tape.text(&value) }
  }

  /// One of several values that have names.
  mutating func choice<Value: RawRepresentable<String>>(_ value: inout Value) throws(Unreadable) {
    var name = value.rawValue
    try text(&name)
    guard let named = Value(rawValue: name) else { throw Unreadable() }
    value = named
  }

  /// Several of a kind; `empty` is what one begins as that is read.
  mutating func list<Value>(
    _ values: inout [Value], _ empty: Value,
    _ field: (inout FieldTape, inout Value) throws(Unreadable) -> Void
  ) throws(Unreadable) {
    var count = values.count
    try number(&count)
    guard isReading else {
      for value in values {
        var value = value
        try field(&self, &value)
      }
      return
    }
    // Each takes a word at least: a wild count asks for no room.
    guard count >= 0, count <= (bytes.count - place) / 8 else { throw Unreadable() }
    values = []
    for _ in 0..<count {
      var value = empty
      try field(&self, &value)
      values.append(value)
    }
  }
}
