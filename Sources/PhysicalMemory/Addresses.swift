/// An address on the memory bus: what a page table holds and what a dump is indexed by.
@frozen public struct PhysicalAddress: RawRepresentable, Hashable, Comparable, Sendable {
  /// The address in bytes.
  public var rawValue: UInt64

  /// Wraps an address in bytes.
  @inlinable
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Wraps an address in bytes.
  @inlinable
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// The number of the 4-KiB frame that holds the address.
  @inlinable public var frame: UInt64 { rawValue &>> frameShift }

  /// The address `offset` bytes further on, wrapping at the end of the 64-bit space.
  @inlinable
  public func advanced(by offset: UInt64) -> Self { Self(rawValue &+ offset) }

  /// Orders addresses by value.
  @inlinable
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// A linear (virtual) address, before translation.
@frozen public struct VirtualAddress: RawRepresentable, Hashable, Comparable, Sendable {
  /// The address in bytes.
  public var rawValue: UInt64

  /// Wraps an address in bytes; it need not be canonical.
  @inlinable
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Wraps an address in bytes; it need not be canonical.
  @inlinable
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// The address `offset` bytes further on, wrapping at the end of the 64-bit space.
  @inlinable
  public func advanced(by offset: UInt64) -> Self { Self(rawValue &+ offset) }

  /// The address of an element of an array that begins here.
  ///
  /// - Parameters:
  ///   - index: which element, the first is 0.
  ///   - size: the bytes of an element.
  ///   - last: the highest address that there is.
  /// - Returns: the address; nil where the element would be beyond `last`, even in part.
  public func element(_ index: UInt64, size: UInt64, within last: UInt64) -> Self? {
    let (offset, isFar) = index.multipliedReportingOverflow(by: size)
    let (address, wraps) = rawValue.addingReportingOverflow(offset)
    guard !isFar, !wraps, address <= last, size <= 1 || last - address >= size - 1 else {
      return nil
    }
    return Self(address)
  }

  /// Orders addresses by value, as unsigned numbers.
  @inlinable
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// The size of a 4-KiB frame in bytes, the unit in which dumps hold or lack memory.
public let frameSize: UInt64 = 4096

/// The size of a 4-KiB frame as a power of 2: the number of bits of an address within a frame.
@inlinable public var frameShift: UInt64 { 12 }

extension FixedWidthInteger {
  /// The number in hexadecimal with `0x` and no leading zeros, as JSON output has it.
  public var hex: String { "0x" + String(self, radix: 16) }

  /// The number in hexadecimal with `0x`, padded with zeros to `digits` digits.
  public func hex(digits: Int) -> String {
    let text = String(self, radix: 16)
    return "0x" + String(repeating: "0", count: Swift.max(0, digits - text.count)) + text
  }
}

extension PhysicalAddress: CustomStringConvertible {
  /// The address in hexadecimal.
  public var description: String { rawValue.hex }
}

extension VirtualAddress: CustomStringConvertible {
  /// The address in hexadecimal.
  public var description: String { rawValue.hex }
}
