import BitLayout

/// The types of a kernel, in the format that it keeps them in its own memory.
///
/// BPF Type Format, Linux Documentation/bpf/btf.rst: a header, records of types one after the other,
/// and names.
struct BTF {
  /// Why bytes are no types.
  struct Problem: Error, Hashable, CustomStringConvertible {
    let description: String
  }

  /// The 8 bytes that little-endian types begin with: magic 0xeb9f, version 1, no flags, 24 bytes of
  /// header.
  static let beginning: [UInt8] = [0x9f, 0xeb, 0x01, 0x00, 0x18, 0x00, 0x00, 0x00]
  static let headerSize = 24
  /// The most bytes of types and names; kernels have about 5 MB.
  static let sizeLimit = 64 << 20

  private let bytes: [UInt8]
  /// Where in `bytes` the names are.
  private let names: Range<Int>
  /// Where in `bytes` each type is; type 0 is void.
  private var places: [Int] = [0]
  /// Structures and unions by name.
  private var structures: [String: Int] = [:]
  private let pointerSize: Int

  /// The number of bytes that a header asks for, itself included; nil where it is none.
  static func size(header: [UInt8]) -> Int? {
    guard header.count >= headerSize, header.starts(with: beginning) else { return nil }
    let (types, typesSize) = (header.word(at: 8), header.word(at: 12))
    let (names, namesSize) = (header.word(at: 16), header.word(at: 20))
    // Types are aligned to 4 bytes, and in all kernels names follow them.
    guard types % 4 == 0, typesSize > 0, namesSize > 0, names >= types + typesSize,
      names + namesSize <= sizeLimit
    else { return nil }
    return headerSize + names + namesSize
  }

  /// Reads the types.
  ///
  /// - Parameters:
  ///   - bytes: header, types and names.
  ///   - pointerSize: the size of a pointer in bytes, which the format does not say.
  /// - Throws: `Problem` where a record is none.
  init(_ bytes: [UInt8], pointerSize: Int) throws(Problem) {
    guard let size = Self.size(header: bytes), size <= bytes.count else {
      throw Problem(description: "no header, or one that asks for more than there is")
    }
    self.bytes = bytes
    self.pointerSize = pointerSize
    let start = Self.headerSize + bytes.word(at: 8)
    let end = start + bytes.word(at: 12)
    let firstName = Self.headerSize + bytes.word(at: 16)
    names = firstName..<(firstName + bytes.word(at: 20))
    guard bytes[names.lowerBound] == 0 else {
      throw Problem(description: "the names do not begin with the empty one")
    }
    var place = start
    while place < end {
      guard let next = Self.end(of: place, in: bytes), next <= end else {
        throw Problem(description: "type \(places.count) is of no known kind, or is cut off")
      }
      places.append(place)
      if Self.kind(at: place, in: bytes)?.hasMembers == true, let name = name(at: place) {
        structures[name] = structures[name] ?? places.count - 1
      }
      place = next
    }
  }

  /// The number of types.
  var count: Int { places.count - 1 }

  /// A name in an enumeration, and its number.
  struct Enumerator: Hashable, Sendable {
    var name: String
    /// Negative ones as they wrap.
    var value: UInt64
  }

  /// The names in an enumeration, in their order; none where there is no such one.
  func enumerators(of enumeration: String) -> [Enumerator] {
    let text = Array(enumeration.utf8)
    let place = places.dropFirst().first { place in
      Self.kind(at: place, in: bytes)?.isEnumeration == true
        && isName(text, at: bytes.word(at: place))
    }
    guard let place, let kind = Self.kind(at: place, in: bytes) else { return [] }
    let info = UInt64(bytes.word(at: place + 4))
    return (0..<Int(BTFLayout.count.value(in: info))).compactMap { index in
      let record = place + 12 + index * kind.bytesEach
      guard let name = name(at: record) else { return nil }
      let low = UInt64(bytes.word(at: record + 4))
      guard kind == .enumeration64 else {
        let value = Int64(Int32(truncatingIfNeeded: low))
        return Enumerator(name: name, value: UInt64(bitPattern: value))
      }
      return Enumerator(name: name, value: UInt64(bytes.word(at: record + 8)) << 32 | low)
    }
  }

  /// The size of a structure or union in bytes.
  func size(of structure: String) -> Int? { structures[structure].flatMap { size(of: $0) } }

  /// The place of a member, looked for in members without a name too.
  func member(_ name: String, of structure: String) -> StructureLayout.Member? {
    guard let type = structures[structure] else { return nil }
    var budget = Self.lookLimit
    return member(Array(name.utf8), of: type, depth: 0, &budget)
  }

  /// The most members that are looked at for one name, and how deep, whatever types say.
  private static let lookLimit = 1 << 16
  private static let depthLimit = 16

  private func member(
    _ name: [UInt8], of type: Int, depth: Int, _ budget: inout Int
  ) -> StructureLayout.Member? {
    guard depth < Self.depthLimit, let place = places.element(type),
      Self.kind(at: place, in: bytes)?.hasMembers == true
    else { return nil }
    let info = UInt64(bytes.word(at: place + 4))
    for index in 0..<Int(BTFLayout.count.value(in: info)) {
      budget -= 1
      guard budget > 0 else { return nil }
      let record = place + 12 + index * 12
      let offset = UInt64(bytes.word(at: record + 8))
      // With the flag the upper bits are the width of a bit field.
      let isMixed = BTFLayout.flag.isSet(in: info)
      let bits = isMixed ? BTFLayout.bitOffset.value(in: offset) : offset
      let inner = bytes.word(at: record + 4)
      let nameOffset = bytes.word(at: record)
      if nameOffset == 0 {
        guard let found = member(name, of: resolved(inner), depth: depth + 1, &budget) else {
          continue
        }
        return StructureLayout.Member(offset: bits / 8 + found.offset, size: found.size)
      }
      guard isName(name, at: nameOffset), bits % 8 == 0, let size = size(of: inner) else {
        continue
      }
      return StructureLayout.Member(offset: bits / 8, size: size)
    }
    return nil
  }

  /// The type behind names for types and what is said of them.
  private func resolved(_ type: Int) -> Int {
    var type = type
    for _ in 0..<Self.depthLimit {
      guard let place = places.element(type), let kind = Self.kind(at: place, in: bytes),
        kind.isAlias
      else { return type }
      type = bytes.word(at: place + 8)
    }
    return type
  }

  /// The size of a value in bytes; nil where it has none, or types lead in a circle.
  private func size(of type: Int, depth: Int = 0) -> Int? {
    guard depth < Self.depthLimit, let place = places.element(resolved(type)), place > 0,
      let kind = Self.kind(at: place, in: bytes)
    else { return nil }
    switch kind {
    case .pointer: return pointerSize
    case .integer, .structure, .union, .enumeration, .enumeration64, .float:
      return bytes.word(at: place + 8)
    case .array:
      guard let element = size(of: bytes.word(at: place + 12), depth: depth + 1) else { return nil }
      let (size, overflows) = element.multipliedReportingOverflow(by: bytes.word(at: place + 20))
      return overflows ? nil : size
    default: return nil
    }
  }

  private func name(at place: Int) -> String? {
    let offset = bytes.word(at: place)
    guard offset > 0, offset < names.count else { return nil }
    let name = bytes[(names.lowerBound + offset)..<names.upperBound].prefix { $0 != 0 }
    return String(decoding: name, as: UTF8.self)
  }

  private func isName(_ name: [UInt8], at offset: Int) -> Bool {
    guard offset < names.count, names.count - offset > name.count else { return false }
    let start = names.lowerBound + offset
    return bytes[start..<(start + name.count)].elementsEqual(name) && bytes[start + name.count] == 0
  }

  private static func kind(at place: Int, in bytes: [UInt8]) -> BTFKind? {
    BTFKind(rawValue: BTFLayout.kind.value(in: UInt64(bytes.word(at: place + 4))))
  }

  /// Where the record at `place` ends; nil where it is of no known kind.
  private static func end(of place: Int, in bytes: [UInt8]) -> Int? {
    guard place + 12 <= bytes.count, let kind = kind(at: place, in: bytes) else { return nil }
    let count = Int(BTFLayout.count.value(in: UInt64(bytes.word(at: place + 4))))
    return place + 12 + kind.extraBytes + count * kind.bytesEach
  }
}

extension [UInt8] {
  /// The little-endian 32-bit number at an offset within the array.
  fileprivate func word(at offset: Int) -> Int {
    Int(self[offset]) | Int(self[offset + 1]) << 8 | Int(self[offset + 2]) << 16
      | Int(self[offset + 3]) << 24
  }
}

extension [Int] {
  /// The element at an index, or nil where there is none.
  fileprivate func element(_ index: Int) -> Int? { indices.contains(index) ? self[index] : nil }
}
