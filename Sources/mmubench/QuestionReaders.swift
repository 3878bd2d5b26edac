import Paging
import PhysicalMemory
import ScenarioFile

/// Reads addresses, as `translate` takes them.
struct AddressReader: QuestionReader {
  /// The highest address of the mode.
  let lastAddress: UInt64

  func question(in text: ArraySlice<UInt8>, at place: LinePlace) throws -> VirtualAddress {
    let address = try Self.plainHex(text) ?? number(text, at: place)
    guard address <= lastAddress else {
      throw place.usage("\(address.hex) has more than 32 bits")
    }
    return VirtualAddress(address)
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

  private func number(_ text: ArraySlice<UInt8>, at place: LinePlace) throws -> UInt64 {
    let text = String(decoding: text.prefix(80), as: UTF8.self)
    do throws(NumberText.Failure) { return try NumberText.address(text) } catch {
      throw place.malformed("`\(text)` \(error.explanation); \(error.suggestion)")
    }
  }
}

/// Reads `VA ACCESS AS`, as `fault --batch` takes it.
struct AccessReader: QuestionReader {
  private let addresses: AddressReader
  private let paging: PagingState
  private let kinds = Access.Kind.allCases.map { (Array($0.rawValue.utf8), $0) }
  private let privileges = Access.Privilege.allCases.map { (Array($0.rawValue.utf8), $0) }

  /// Reads accesses that a processor in this state can make.
  init(_ paging: PagingState) {
    addresses = AddressReader(lastAddress: paging.mode.lastAddress)
    self.paging = paging
  }

  func question(in text: ArraySlice<UInt8>, at place: LinePlace) throws -> AccessQuestion {
    var rest = text
    let address = Self.word(&rest)
    let kind = Self.word(&rest)
    let privilege = Self.word(&rest)
    guard !privilege.isEmpty, rest.isEmpty else {
      let line = String(decoding: text.prefix(80), as: UTF8.self)
      throw place.malformed("`\(line)` is not VA ACCESS AS, as in `0x401000 write user`")
    }
    let access = Access(
      try value(kind, of: kinds, "access", at: place),
      as: try value(privilege, of: privileges, "accessor", at: place))
    let pointer = try addresses.question(in: address, at: place)
    if access.isShadowStack, let contradiction = paging.contradiction(of: access) {
      throw place.malformed(contradiction)
    }
    return AccessQuestion(pointer, access)
  }

  /// Takes the next word of a line.
  private static func word(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let word = rest.prefix { !$0.isBlank }
    rest = rest[word.endIndex...].drop(while: \.isBlank)
    return word
  }

  private func value<Value>(
    _ word: ArraySlice<UInt8>, of choices: [([UInt8], Value)], _ noun: String, at place: LinePlace
  ) throws -> Value {
    for (name, value) in choices where word.elementsEqual(name) { return value }
    let text = String(decoding: word.prefix(80), as: UTF8.self)
    let names = choices.map { String(decoding: $0.0, as: UTF8.self) }
    let near = Suggestion.nearest(to: text, in: names).map { "; did you mean `\($0)`?" } ?? ""
    throw place.malformed(
      "no \(noun) `\(text)`; there are \(names.joined(separator: ", "))\(near)")
  }
}
