import Machine
import Paging
import PhysicalMemory
import ScenarioFile

/// What somebody looks at, and what he has changed: all of it stands in the address of the page.
///
/// So the way back undoes a change, a link can be kept, and the server remembers nothing.
struct Exploration: Hashable, Sendable {
  /// A bit of physical memory that is inverted.
  struct Flip: Hashable, Comparable, Sendable {
    var address: UInt64
    /// The number of the bit in the word at the address.
    var bit: Int

    /// The address of the byte that holds the bit.
    var byteAddress: UInt64 { address + UInt64(bit / UInt8.bitWidth) }

    static func < (a: Self, b: Self) -> Bool { (a.address, a.bit) < (b.address, b.bit) }
  }

  /// The virtual address; nil before one is asked about.
  var pointer: UInt64?
  /// What is done there; nil asks for the walk alone.
  var kind: Access.Kind?
  /// Who does it.
  var privilege = Access.Privilege.user
  /// The root register of the address space; nil for the machine's own.
  var root: UInt64?
  /// The step of a timeline after which the machine is looked at; nil for its end.
  var step: Int?
  /// The register bits that are inverted, as `CR0.WP`.
  var switches: Set<String> = []
  /// The bits of memory that are inverted.
  var flips: Set<Flip> = []
  /// The physical address whose owners are asked for; links do not keep it.
  var physicalAddress: UInt64?
  /// The part of the address space whose map is asked for; links do not keep it.
  var range: ClosedRange<UInt64>?

  /// More bits than this nobody inverts by hand.
  static let flipLimit = 256

  /// Begins with nothing.
  init() {}

  /// Reads what the address of a page says.
  ///
  /// - Parameter query: the names and values after the question mark, decoded.
  /// - Throws: `Problem`, in words for the reader of the page.
  init(query: [(name: String, value: String)]) throws(Problem) {
    var seen: Set<Parameter> = []
    for (name, value) in query {
      let parameter = try Parameter.named(name)
      guard !value.isEmpty else { throw parameter.problem("it has no value.") }
      if !seen.insert(parameter).inserted, !parameter.isList {
        throw parameter.problem("it is said twice.")
      }
      try read(value, parameter)
    }
    if kind != nil, pointer == nil {
      throw Parameter.pointer.problem("an access is asked about, and no address.")
    }
    if seen.contains(.privilege), !seen.contains(.access) {
      throw Parameter.access.problem("who makes an access is said, and not what he does.")
    }
    guard flips.count <= Self.flipLimit, switches.count <= Self.flipLimit else {
      throw Problem("more than \(Self.flipLimit) bits are inverted")
    }
  }

  private mutating func read(_ value: String, _ parameter: Parameter) throws(Problem) {
    switch parameter {
    case .pointer: pointer = try Self.number(value, parameter)
    case .access: kind = value == Self.walk ? nil : try Self.word(value, parameter, [Self.walk])
    case .privilege: privilege = try Self.word(value, parameter)
    case .root: root = try Self.number(value, parameter)
    case .registerBit:
      guard switches.insert(value).inserted else { throw Self.twice(value, parameter) }
    case .memoryBit:
      guard flips.insert(try Self.flip(value)).inserted else { throw Self.twice(value, parameter) }
    case .step:
      guard let number = Int(exactly: try Self.number(value, parameter)) else {
        throw parameter.problem("there is no step `\(value)`.")
      }
      step = number
    case .physicalAddress: physicalAddress = try Self.number(value, parameter)
    case .range: range = try Self.range(value, parameter)
    }
  }

  /// The access that is none.
  private static let walk = "walk"

  private static func twice(_ value: String, _ parameter: Parameter) -> Problem {
    parameter.problem("`\(value)` is said twice; what is inverted twice is as it was.")
  }

  /// A number as people write it.
  private static func number(
    _ text: String, _ parameter: Parameter
  ) throws(Problem) -> UInt64 {
    do throws(NumberText.Failure) {
      return try NumberText.address(text.filter { $0 != " " })
    } catch {
      throw parameter.problem("`\(text)` \(error.explanation); \(error.suggestion).")
    }
  }

  private static func range(
    _ text: String, _ parameter: Parameter
  ) throws(Problem) -> ClosedRange<UInt64> {
    do throws(NumberText.Failure) {
      return try NumberText.range(text.filter { $0 != " " })
    } catch {
      throw parameter.problem("`\(text)` \(error.explanation); \(error.suggestion).")
    }
  }

  private static func word<Word: RawRepresentable & CaseIterable>(
    _ text: String, _ parameter: Parameter, _ more: [String] = []
  ) throws(Problem) -> Word where Word.RawValue == String {
    if let word = Word(rawValue: text) { return word }
    let choices = (more + Word.allCases.map(\.rawValue)).joined(separator: ", ")
    throw parameter.problem("there is no `\(text)`; there are \(choices).")
  }

  private static func flip(_ text: String) throws(Problem) -> Flip {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let bit = Int(parts[1]), (0..<UInt64.bitWidth).contains(bit) else {
      throw Parameter.memoryBit.problem(
        "`\(text)` is no bit of a word; a bit is ADDRESS.NUMBER, the number 0 to 63.")
    }
    let address = try number(String(parts[0]), .memoryBit)
    guard !address.addingReportingOverflow(UInt64(bit / UInt8.bitWidth)).overflow else {
      throw Parameter.memoryBit.problem("`\(text)` is beyond all memory.")
    }
    return Flip(address: address, bit: bit)
  }

  /// The access; nil where the walk alone is asked for.
  var access: Access? { kind.map { Access($0, as: privilege) } }

  /// Whether anything is other than the machine has it.
  var isChanged: Bool { !switches.isEmpty || !flips.isEmpty }

  // MARK: - Where links lead

  /// The address of a page that shows this, in a fixed order.
  func url(_ path: String = "/", extra: [(String, String)] = []) -> String {
    let query = (fields + extra).map { "\($0.name)=\(Self.encoded($0.value))" }
    return query.isEmpty ? path : "\(path)?\(query.joined(separator: "&"))"
  }

  private var fields: [(name: String, value: String)] {
    var fields: [(parameter: Parameter, value: String)] = []
    if let pointer { fields.append((.pointer, pointer.hex)) }
    if let kind {
      fields.append((.access, kind.rawValue))
      fields.append((.privilege, privilege.rawValue))
    }
    if let root { fields.append((.root, root.hex)) }
    return fields.map { ($0.parameter.rawValue, $0.value) } + kept
  }

  /// What a form keeps: the changes and the moment.
  var kept: [(name: String, value: String)] {
    changes + (step.map { [(Parameter.step.rawValue, "\($0)")] } ?? [])
  }

  /// The changes alone.
  var changes: [(name: String, value: String)] {
    switches.sorted().map { (Parameter.registerBit.rawValue, $0) }
      + flips.sorted().map { (Parameter.memoryBit.rawValue, "\($0.address.hex).\($0.bit)") }
  }

  /// The name of the scenario that is saved: another for another question or another change.
  ///
  /// A browser that has a file of the name already gives another, and a scenario is in the file of
  /// its own name.
  var scenarioName: String {
    var parts = ["explored", (pointer ?? 0).hex]
    if let kind { parts += [kind.rawValue, privilege.rawValue] }
    if let root { parts += ["root", root.hex] }
    if let step { parts += ["step", "\(step)"] }
    let changed = changes.map { $0.value.lowercased() }
    parts += changed.prefix(Self.namedChanges)
    // A file's name has its bounds; the number tells apart what the rest does not.
    if changed.count > Self.namedChanges { parts.append("\(changed.count)-changes") }
    return parts.joined(separator: "-").replacing(/[^a-z0-9-]/, with: "-")
  }

  private static let namedChanges = 4

  private static func encoded(_ text: String) -> String {
    text.utf8.map { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e:
        String(UnicodeScalar(byte))
      default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }.joined()
  }

  /// The same with another address.
  func looking(at pointer: UInt64) -> Self {
    var other = self
    other.pointer = pointer
    return other
  }

  /// The same at another moment.
  func moving(to step: Int) -> Self {
    var other = self
    other.step = step
    return other
  }

  /// The same with a bit of memory inverted once more.
  func flipping(_ flip: Flip) -> Self {
    var other = self
    if other.flips.remove(flip) == nil { other.flips.insert(flip) }
    return other
  }

  /// The same with a bit of a register inverted once more.
  func switching(_ name: String) -> Self {
    var other = self
    if other.switches.remove(name) == nil { other.switches.insert(name) }
    return other
  }

  /// The same with nothing changed.
  var reset: Self {
    var other = self
    (other.switches, other.flips) = ([], [])
    return other
  }
}
