import ScenarioFile
import Testing

@Suite struct NumberTextTests {
  @Test(
    arguments: [
      ("0", 0), ("42", 42), ("0x0", 0), ("0xFf", 255), ("0X10", 16), ("1_000", 1000),
      ("0x0040_0000", 0x40_0000), ("18446744073709551615", UInt64.max),
      ("0xffff_ffff_ffff_ffff", .max), ("0x0000000000000000001", 1),
      ("fffff800`12345678", 0xffff_f800_1234_5678), ("0`00000001", 1), ("0x1`00000000", 1 << 32),
      ("00", 0),
    ] as [(String, UInt64)])
  func numbersAreRead(text: String, value: UInt64) throws {
    #expect(try NumberText.number(text) == value)
  }

  @Test(
    arguments: [
      ("0x1000", 0x1000), ("12K", 0x3000), ("4G", 1 << 32), ("2 MiB", 2 << 20),
      ("fffff800`12345678", 0xffff_f800_1234_5678),
    ] as [(String, UInt64)])
  func addressesMayHaveUnits(text: String, value: UInt64) throws {
    #expect(try NumberText.address(text) == value)
    #expect(try NumberText.range("\(text)..\(text)", hasUnits: true) == value...value)
  }

  @Test func addressesThatAreNoneAreWrongNumbers() {
    #expect(throws: NumberText.Failure.tooLarge) { try NumberText.address("99999999999T") }
    for text in ["4GB", "K", "", "fffff800", "1 2"] {
      #expect(throws: NumberText.Failure.self) { try NumberText.address(text) }
    }
    #expect(throws: NumberText.Failure.self) { try NumberText.range("4K..8K") }
  }

  /// Every notation that the command line takes is the same number.
  @Test(arguments: [0, 1, 0x5123, 0x40_0123, 0x8000_0000_69fc_8867, .max] as [UInt64])
  func notationsOfANumberAgree(number: UInt64) throws {
    let hex = String(number, radix: 16)
    let padded = String(repeating: "0", count: 16 - hex.count) + hex
    let (high, low) = (padded.prefix(8), padded.suffix(8))
    let parts = stride(from: 0, to: 16, by: 4).map { padded.dropFirst($0).prefix(4) }
    for text in [
      "0x\(hex)", "0X\(hex.uppercased())", "0x\(padded)", "\(number)",
      "0x" + parts.joined(separator: "_"), "\(high)`\(low)",
      "\(high.uppercased())`\(low.uppercased())", "0x\(high)`\(low)",
    ] {
      #expect(try NumberText.number(text) == number, "\(text)")
    }
  }

  @Test(arguments: [
    "", " ", "x", "0x", "0xg", "-1", "+1", "1.5", "_1", "1_", "1__0", "0x_1", "0x1_", "fff", "010",
    "1`2", "`12345678", "fffff8001`12345678", "1`1234567", "1`123456789", "1`1234`5678", "1 ",
    "1e3",
    "0o17", "١",
  ])
  func otherTextIsNotANumber(text: String) {
    #expect {
      try NumberText.number(text)
    } throws: { error in
      if case .notANumber = error as? NumberText.Failure { true } else { false }
    }
  }

  @Test(arguments: [
    "18446744073709551616", "0x1_0000_0000_0000_0000", "99999999999999999999999999999999999999",
  ])
  func numbersBeyond64BitsAreRefused(text: String) {
    #expect(throws: NumberText.Failure.tooLarge) { try NumberText.number(text) }
  }

  @Test func forgottenPrefixIsSuggested() {
    #expect(
      throws: NumberText.Failure.notANumber(suggestion: "write `0xdeadbeef` for hexadecimal")
    ) { try NumberText.number("deadbeef") }
  }

  @Test(
    arguments: [
      ("0", 0), ("4096", 4096), ("0x1000", 4096), ("4K", 4096), ("4k", 4096), ("2M", 2 << 20),
      ("1G", 1 << 30), ("4KiB", 4096), ("4 KiB", 4096), ("16 MiB", 16 << 20), ("1T", 1 << 40),
      ("0x10 KiB", 0x4000), ("1_024 KiB", 1 << 20), ("16777215T", 16_777_215 << 40),
      ("0x1f", 0x1f), ("0xbT", 0xb << 40),
    ] as [(String, UInt64)])
  func sizesAreRead(text: String, value: UInt64) throws {
    #expect(try NumberText.size(text) == value)
  }

  @Test(arguments: ["", "K", "KiB", "4 KB", "4X", "4 K K", "4.5K", "-4K", "4Ki", "four", "4\tK"])
  func otherTextIsNotASize(text: String) {
    #expect {
      try NumberText.size(text)
    } throws: { error in
      if case .notASize = error as? NumberText.Failure { true } else { false }
    }
  }

  @Test(arguments: ["16777216T", "18446744073709551615K", "18446744073709551616"])
  func sizesBeyond64BitsAreRefused(text: String) {
    #expect(throws: NumberText.Failure.tooLarge) { try NumberText.size(text) }
  }

  @Test(
    arguments: [
      ("0..0", 0...0), ("0x1000..0x1fff", 0x1000...0x1fff), ("1 .. 2", 1...2),
      ("0..0xffff_ffff_ffff_ffff", 0...UInt64.max),
      ("fffff800`00000000..fffff800`00000fff", 0xffff_f800_0000_0000...0xffff_f800_0000_0fff),
    ] as [(String, ClosedRange<UInt64>)])
  func rangesIncludeBothEnds(text: String, value: ClosedRange<UInt64>) throws {
    #expect(try NumberText.range(text) == value)
  }

  @Test(arguments: ["", "1", "..", "1..", "..2", "1...2", "1-2", "a..b", "1..2..3"])
  func otherTextIsNotARange(text: String) {
    #expect {
      try NumberText.range(text)
    } throws: { error in
      if case .notARange = error as? NumberText.Failure { true } else { false }
    }
  }

  @Test func rangeThatEndsBeforeItStartsIsRefused() {
    #expect(throws: NumberText.Failure.reversed) { try NumberText.range("2..1") }
    #expect(throws: NumberText.Failure.tooLarge) { try NumberText.range("0..0x10000000000000000") }
  }

  @Test(
    arguments: [
      ("de ad be ef", [0xde, 0xad, 0xbe, 0xef]), ("deadBEEF", [0xde, 0xad, 0xbe, 0xef]), ("", []),
      ("00\n01", [0, 1]),
    ] as [(String, [UInt8])])
  func bytesAreRead(text: String, value: [UInt8]) {
    #expect(NumberText.bytes(text) == value)
  }

  @Test(arguments: ["d", "de a", "d e", "0xde", "zz", "de,ad"])
  func otherTextIsNotBytes(text: String) {
    #expect(NumberText.bytes(text) == nil)
  }

  @Test(
    arguments: [
      ("de ?? 0f", [0xde, nil, 0x0f]), ("????", [nil, nil]), ("12", [0x12]), ("", []),
    ] as [(String, [UInt8?])])
  func bytesMayHaveGaps(text: String, value: [UInt8?]) {
    #expect(NumberText.bytesOrGaps(text) == value)
  }

  @Test(arguments: ["?", "1?", "?1", "? ?", "1 2", "xx", "???"])
  func otherTextIsNoBytesWithGaps(text: String) {
    #expect(NumberText.bytesOrGaps(text) == nil)
    #expect(NumberText.bytes(text) == nil)
  }
}
