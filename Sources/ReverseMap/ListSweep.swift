import PhysicalMemory

/// Goes through the mappings of a list in the order of their pages.
struct ListSweep {
  private let index: ReverseIndex
  private var number: Int

  init(_ index: ReverseIndex, from page: UInt64) throws(ReverseMapError) {
    self.index = index
    number = try (0..<Int(index.shape.records)).partitioningIndex {
      number throws(ReverseMapError) in
      try index.record(number).page >= page
    }
  }

  /// The next mapping.
  mutating func next() throws(ReverseMapError) -> MappingRecord? {
    guard number < index.shape.records else { return nil }
    defer { number += 1 }
    return try index.record(number)
  }
}

extension ReverseIndex {
  /// A record of the list.
  fileprivate func record(_ number: Int) throws(ReverseMapError) -> MappingRecord {
    let widths = shape.widths
    let record = try MappingRecord { field throws(ReverseMapError) in
      try bits(.list, at: number * widths.total + widths.start(field), count: widths[field])
    }
    guard let record else { throw inconsistent }
    return record
  }

  /// `count` bits of a section, at most a word, wherever they begin.
  private func bits(
    _ section: IndexLayout.Section, at start: Int, count: Int
  ) throws(ReverseMapError) -> UInt64 {
    guard count > 0 else { return 0 }
    let (number, low) = start.quotientAndRemainder(dividingBy: UInt64.bitWidth)
    var bits = try word(section, number) >> low
    if low + count > UInt64.bitWidth {
      bits |= try word(section, number + 1) << (UInt64.bitWidth - low)
    }
    return bits & .max >> (UInt64.bitWidth - count)
  }
}

/// Puts fields of any width one after the other into words that are zero.
@safe struct BitWriter {
  private let words: UnsafeMutablePointer<UInt64>
  private var position = 0

  init(_ words: UnsafeMutablePointer<UInt64>) { unsafe self.words = words }

  /// Puts the lowest `count` bits of a value, which has no others.
  mutating func put(_ value: UInt64, count: Int) {
    guard count > 0 else { return }
    let (number, low) = position.quotientAndRemainder(dividingBy: UInt64.bitWidth)
    unsafe words[number] |= value << low
    if low + count > UInt64.bitWidth {
      unsafe words[number + 1] |= value >> (UInt64.bitWidth - low)
    }
    position += count
  }
}
