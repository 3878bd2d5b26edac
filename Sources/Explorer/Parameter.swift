import Machine
import Paging

/// What stands after the question mark in the address of a page.
enum Parameter: String, CaseIterable {
  case pointer = "va"
  case access
  case privilege = "as"
  case root
  case registerBit = "set"
  case memoryBit = "flip"
  case physicalAddress = "pa"
  case step
  case range = "in"

  /// What it says.
  var meaning: String {
    switch self {
    case .pointer: "the virtual address"
    case .access: "what is done there"
    case .privilege: "who does it"
    case .root: "the root register of an address space"
    case .registerBit: "a bit of a register to invert"
    case .memoryBit: "a bit of a word of memory to invert"
    case .physicalAddress: "the physical address that /owners is asked about"
    case .step: "the step of a timeline after which the machine is shown"
    case .range: "the part of the address space that /map shows"
    }
  }

  /// A value that it can have.
  var example: String {
    switch self {
    case .pointer: "0x7ffe0000"
    case .access: Access.Kind.write.rawValue
    case .privilege: Access.Privilege.user.rawValue
    case .root, .physicalAddress: "0x1000"
    case .registerBit: "CR0.WP"
    case .memoryBit: "0x1000.1"
    case .step: "1"
    case .range: "0x400000..0x7fffff"
    }
  }

  /// Whether it may be said several times.
  var isList: Bool { self == .registerBit || self == .memoryBit }

  /// Other words for it, which somebody may try.
  private var otherWords: Set<String> {
    switch self {
    case .pointer: ["address", "addr", "virtual", "pointer"]
    case .access: ["kind"]
    case .privilege: ["by", "who", "user", "privilege"]
    case .root: ["pid", "process", "cr3", "dtb", "ttbr0", "ttbr1"]
    case .registerBit: ["register", "registers"]
    case .memoryBit: ["bit", "bits"]
    case .physicalAddress: ["physical", "frame", "pfn"]
    case .step: ["moment", "time"]
    case .range: ["range", "part", "between"]
    }
  }

  /// The parameter of a name.
  static func named(_ name: String) throws(Exploration.Problem) -> Parameter {
    if let parameter = Parameter(rawValue: name) { return parameter }
    let word = name.lowercased()
    let meant = allCases.first { $0.rawValue == word || $0.otherWords.contains(word) }
    guard let meant else {
      let all = allCases.map { "\($0.rawValue) (\($0.meaning), as \($0.said($0.example)))" }
      throw Exploration.Problem("there is no `\(name)`; there are \(all.joined(separator: ", "))")
    }
    throw meant.problem("there is no `\(name)`; did you mean `\(meant.rawValue)`?")
  }

  /// The parameter with a value, as an address has them.
  func said(_ value: String) -> String { "\(rawValue)=\(value)" }

  /// Something that is wrong with it.
  ///
  /// - Parameters:
  ///   - text: what is wrong.
  ///   - example: a value that would do; nil for any that there can be.
  /// - Returns: the problem.
  func problem(_ text: String, as example: String? = nil) -> Exploration.Problem {
    Exploration.Problem(
      "\(rawValue): \(text) It is \(meaning), as in \(said(example ?? self.example))", self)
  }
}

extension Exploration {
  /// An address of a page that says what cannot be.
  struct Problem: Error, CustomStringConvertible {
    let description: String
    /// What it is about; nil where it is about none that there is.
    let parameter: Parameter?

    init(_ description: String, _ parameter: Parameter? = nil) {
      self.description = description
      self.parameter = parameter
    }
  }
}
