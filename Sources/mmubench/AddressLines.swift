import Glibc
import PhysicalMemory
import ScenarioFile

/// Reads addresses from a descriptor, one a line, block by block as they come.
///
/// Blank lines and what follows a `#` are no addresses and have no answer.
struct AddressLines {
  private let descriptor: Int32
  private let name: String
  private let lastAddress: UInt64
  private var block: [UInt8]
  /// The begin of a line whose end has not been read yet.
  private var rest: [UInt8] = []
  private var line = 0
  private var isAtEnd = false
  /// What is wrong with the line after the addresses that were given last.
  private var failure: (any Error)?

  private static let blockSize = 1 << 16
  /// No address is longer than this, whatever comment follows it.
  private static let lineLimit = 1 << 12

  /// Reads from `descriptor`; addresses above `lastAddress` are refused.
  init(descriptor: Int32, name: String, lastAddress: UInt64) {
    self.descriptor = descriptor
    self.name = name
    self.lastAddress = lastAddress
    block = [UInt8](repeating: 0, count: Self.blockSize)
  }

  /// The addresses of the next block, or nil at the end.
  ///
  /// The addresses before a malformed line are given first, so that they get their answers.
  mutating func next() throws -> [VirtualAddress]? {
    if let failure { throw failure }
    guard !isAtEnd else { return nil }
    let count = try read()
    var addresses: [VirtualAddress] = []
    addresses.reserveCapacity(count / 8)
    var start = 0
    do {
      while let end = block[start..<count].firstIndex(of: 0x0a) {
        try take(block[start..<end], into: &addresses)
        start = end + 1
      }
      rest.append(contentsOf: block[start..<count])
      if rest.count > Self.lineLimit { throw malformed("the line is too long", at: line + 1) }
      if count == 0 {
        isAtEnd = true
        if !rest.isEmpty { try take([], into: &addresses) }
      }
    } catch {
      failure = error
    }
    return addresses
  }

  /// Takes a line, the end of which is `bytes`.
  private mutating func take(
    _ bytes: ArraySlice<UInt8>, into addresses: inout [VirtualAddress]
  ) throws {
    line += 1
    var text = bytes
    if !rest.isEmpty {
      text = (rest + bytes)[...]
      rest = []
    }
    if let comment = text.firstIndex(of: 0x23) { text = text[..<comment] }
    while let last = text.last, Self.isBlank(last) { text.removeLast() }
    while let first = text.first, Self.isBlank(first) { text.removeFirst() }
    guard !text.isEmpty else { return }
    let address = try Self.plainHex(text) ?? number(text)
    guard address <= lastAddress else {
      throw Failure.usage("\(name):\(line): \(address.hex) has more than 32 bits")
    }
    addresses.append(VirtualAddress(address))
  }

  /// The number in the form that programs write, without the cost of the general one.
  private static func plainHex(_ text: ArraySlice<UInt8>) -> UInt64? {
    let start = text.startIndex
    guard (3...18).contains(text.count), text[start] == 0x30, text[start + 1] == 0x78 else {
      return nil
    }
    var value: UInt64 = 0
    for byte in text[(start + 2)...] {
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte &- 0x30
      case 0x61...0x66: digit = byte &- 0x57
      case 0x41...0x46: digit = byte &- 0x37
      default: return nil
      }
      value = value &<< 4 | UInt64(digit)
    }
    return value
  }

  private func number(_ text: ArraySlice<UInt8>) throws -> UInt64 {
    let text = String(decoding: text.prefix(80), as: UTF8.self)
    do throws(NumberText.Failure) { return try NumberText.number(text) } catch {
      throw malformed("`\(text)` \(error.explanation); \(error.suggestion)", at: line)
    }
  }

  private func malformed(_ message: String, at line: Int) -> Failure {
    .malformed("\(name):\(line): \(message)")
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0d
  }

  private mutating func read() throws(SystemError) -> Int {
    while true {
      let descriptor = descriptor
      let count = unsafe block.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      }
      if count >= 0 { return count }
      guard errno == EINTR else { throw SystemError("read", name, code: errno) }
    }
  }
}
