import BitLayout
import Testing

@Suite struct BitFieldTests {
  /// Every range of bits that a word of 64 bits has.
  static let ranges: [(high: UInt8, low: UInt8)] = (0..<64).flatMap { low in
    (low..<64).map { (UInt8($0), UInt8(low)) }
  }

  @Test func maskHoldsExactlyTheBitsOfTheField() {
    for (high, low) in Self.ranges {
      let field = BitField("F", high, low, .value, "a field")
      let bits = (0..<64).filter { field.mask >> UInt64($0) & 1 == 1 }
      #expect(bits == Array(Int(low)...Int(high)))
      #expect(field.high == high)
      #expect(field.low == low)
      #expect(field.width == Int(high - low) + 1)
    }
  }

  @Test func whatIsSetIsReadBackAndNothingElseChanges() {
    for (high, low) in Self.ranges {
      let field = BitField("F", high, low, .value, "a field")
      let largest = UInt64.max >> UInt64(63 - (high - low))
      for word in [0, UInt64.max, 0x0123_4567_89ab_cdef] {
        for value in [0, 1, largest / 3, largest] {
          guard let changed = field.setting(value, in: word) else {
            Issue.record("\(field) refused \(value)")
            continue
          }
          #expect(field.value(in: changed) == value)
          #expect(changed & ~field.mask == word & ~field.mask)
          #expect(field.isSet(in: changed) == (value != 0))
        }
      }
    }
  }

  @Test func aValueThatDoesNotFitIsRefused() {
    for (high, low) in Self.ranges where high - low < 63 {
      let field = BitField("F", high, low, .value, "a field")
      let tooLarge = (UInt64.max >> UInt64(63 - (high - low))) + 1
      #expect(field.setting(tooLarge, in: 0) == nil)
      #expect(field.setting(UInt64.max, in: 0) == nil)
    }
  }

  @Test func aFieldSaysItsBitsAsTheManualsDo() {
    #expect(BitField("XD", 63, .value, "execute-disable").description == "XD (63)")
    #expect(BitField("PK", 62, 59, .value, "protection key").description == "PK (62:59)")
  }
}
