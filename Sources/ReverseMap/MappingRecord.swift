import PhysicalMemory

/// A way to a page: who has the page, and at which virtual address.
struct Way: Hashable {
  /// Who has the page at the address.
  enum Sharing: UInt64 {
    /// Each address space with the top table `owner` for itself, in the lower half.
    case own
    /// All address spaces that have an upper half.
    case common
    /// Address spaces that walks find, in the upper half; `owner` is the top table of the first of them.
    case shared
    /// The address space `owner`, by the descriptor of a view alone: no entry of its tables leads there.
    case view
  }

  var sharing: Sharing
  /// The number of a top table among the roots of the machine; of a view, that of the address space.
  var owner: Int
  /// The first virtual address of the page.
  var start: UInt64
}

/// A mapping in a list.
struct MappingRecord: Hashable {
  /// The fields of a record, from the lowest bit on.
  enum Field: Int, CaseIterable {
    case frame
    /// The virtual page number, as a number with a sign.
    case address
    case owner, pageShift, sharing
  }

  /// The first address of the page.
  var page: UInt64
  var way: Way
  /// The size of the page as a power of 2.
  var pageShift: UInt64

  /// What a field of the record holds.
  func value(_ field: Field) -> UInt64 {
    switch field {
    case .frame: page >> frameShift
    case .address: Self.folded(Int64(bitPattern: way.start) >> frameShift)
    case .owner: UInt64(way.owner)
    case .pageShift: pageShift
    case .sharing: way.sharing.rawValue
    }
  }

  /// The record whose fields `value` gives; nil where there is none.
  init?(_ value: (Field) throws(ReverseMapError) -> UInt64) throws(ReverseMapError) {
    guard let sharing = Way.Sharing(rawValue: try value(.sharing)),
      let owner = Int(exactly: try value(.owner))
    else { return nil }
    let start = Self.unfolded(try value(.address)) << frameShift
    page = try value(.frame) << frameShift
    way = Way(sharing: sharing, owner: owner, start: UInt64(bitPattern: start))
    pageShift = try value(.pageShift)
  }

  init(page: UInt64, way: Way, pageShift: UInt64) {
    (self.page, self.way, self.pageShift) = (page, way, pageShift)
  }

  /// A number with a sign as one without, small for those near zero: the sign is the lowest bit.
  private static func folded(_ number: Int64) -> UInt64 {
    UInt64(bitPattern: number << 1 ^ number >> 63)
  }

  private static func unfolded(_ number: UInt64) -> Int64 {
    Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
  }
}

/// How many bits the fields of the records of a list have: each as many as its largest value needs.
struct RecordWidths: Hashable, Sendable {
  private var widths = [Int](repeating: 0, count: MappingRecord.Field.allCases.count)

  /// The number of bits of a record.
  var total: Int { widths.reduce(0, +) }

  init() {}

  /// Takes the widths from the header; nil where a field is wider than a word.
  init?(word: UInt64) {
    for field in MappingRecord.Field.allCases {
      widths[field.rawValue] = Int(IndexLayout.WidthFields.width(field).get(word))
    }
    guard widths.allSatisfy({ $0 <= UInt64.bitWidth }), self.word == word else { return nil }
  }

  /// The widths as the header has them.
  var word: UInt64 {
    MappingRecord.Field.allCases.reduce(0) { word, field in
      word | IndexLayout.WidthFields.width(field).put(UInt64(self[field]))
    }
  }

  subscript(field: MappingRecord.Field) -> Int { widths[field.rawValue] }

  /// The number of bits of a record before a field.
  func start(_ field: MappingRecord.Field) -> Int { widths[..<field.rawValue].reduce(0, +) }

  /// Makes room for a record.
  mutating func fit(_ record: MappingRecord) {
    for field in MappingRecord.Field.allCases {
      let bits = UInt64.bitWidth - record.value(field).leadingZeroBitCount
      widths[field.rawValue] = max(self[field], bits)
    }
  }
}
