/// The cyclic redundancy check of the Castagnoli polynomial, as the snappy framing format has it.
enum CRC32C {
  /// The polynomial 0x1edc6f41 with its bits reversed.
  private static let polynomial: UInt32 = 0x82f6_3b78

  /// For each byte in each of 8 places what it adds to the remainder.
  private static let table: [UInt32] = {
    var table = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var remainder = UInt32(byte)
      for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 0 ? 0 : polynomial) }
      table[byte] = remainder
    }
    for index in 256..<8 * 256 {
      let before = table[index - 256]
      table[index] = before >> 8 ^ table[Int(before & 0xff)]
    }
    return table
  }()

  /// The check value of `bytes`.
  static func checksum(_ bytes: RawSpan) -> UInt32 {
    let table = table.span
    var remainder = UInt32.max
    var offset = 0
    while bytes.byteCount - offset >= 8 {
      let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
      var rest = word.littleEndian ^ UInt64(remainder)
      remainder = 0
      for place in stride(from: 7 * 256, through: 0, by: -256) {
        remainder ^= table[place + Int(rest & 0xff)]
        rest >>= 8
      }
      offset += 8
    }
    while offset < bytes.byteCount {
      let byte = unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
      remainder = remainder >> 8 ^ table[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)]
      offset += 1
    }
    return ~remainder
  }

  /// The check value in the disguise of the framing format (its section "Checksum masking").
  static func masked(_ bytes: RawSpan) -> UInt32 {
    let checksum = checksum(bytes)
    return (checksum >> 15 | checksum << 17) &+ 0xa282_ead8
  }
}
