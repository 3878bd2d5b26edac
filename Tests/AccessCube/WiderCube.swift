/// A cube beside the kernel's: conditions with any number of choices, and all their combinations.
public struct WiderCube: Sendable {
  /// A condition and its choices.
  struct Condition: Sendable {
    var name: String
    var choices: [Choice]
  }

  /// One choice of a condition and what it makes of a case.
  struct Choice: Sendable {
    var name: String
    var apply: @Sendable (inout CubeCase) -> Void
  }

  /// The name of the cube.
  public let name: String
  /// The conditions; the choices of the last change fastest.
  let conditions: [Condition]
  /// How many cases the thinned cube of the tests leaves out, and one: a prime.
  public let thinStride: Int

  init(_ name: String, every thinStride: Int, _ conditions: [Condition]) {
    self.name = name
    self.conditions = conditions
    self.thinStride = thinStride
  }

  /// The number of cases.
  public var count: Int { conditions.reduce(1) { $0 * $1.choices.count } }

  /// The case with a number, in the order of the cube.
  func item(_ index: Int) -> CubeCase {
    var item = CubeCase()
    var rest = index
    var weight = count
    for condition in conditions {
      weight /= condition.choices.count
      condition.choices[rest / weight].apply(&item)
      rest %= weight
    }
    return item
  }

  /// The conditions of a case by name.
  func describe(_ index: Int) -> String {
    var rest = index
    var weight = count
    var names: [String] = []
    for condition in conditions {
      weight /= condition.choices.count
      names.append("\(condition.name) \(condition.choices[rest / weight].name)")
      rest %= weight
    }
    return "\(name): " + names.joined(separator: ", ")
  }
}

extension WiderCube.Condition {
  /// A condition with choices of any type.
  init<Value: Sendable>(
    _ name: String, _ values: [Value], _ apply: @escaping @Sendable (inout CubeCase, Value) -> Void
  ) {
    self.init(
      name: name,
      choices: values.map { value in
        WiderCube.Choice(name: Self.text(value)) { apply(&$0, value) }
      })
  }

  /// Bits that an entry has or has not, in every combination.
  static func subsets(_ bits: [UInt64], of level: Int, _ name: String) -> Self {
    let words = (0..<1 << bits.count).map { choice in
      bits.indices.reduce(0 as UInt64) { choice >> $1 & 1 == 1 ? $0 | bits[$1] : $0 }
    }
    return Self(name, words) { $0.entries[level] |= $1 }
  }

  /// An entry that leads to the next table, with each of these flag words.
  static func table(_ level: Int, _ name: String, _ flags: [UInt64]) -> Self {
    Self(name, flags) { $0.entries[level] = CubeCase.table(level - 1) | $1 }
  }

  /// An entry that maps the page, with each of these flag words.
  static func page(_ level: Int, _ name: String, _ flags: [UInt64]) -> Self {
    Self(name, flags) {
      $0.leaf = level
      $0.entries[level] = CubeCase.page | (level > 1 ? 0x80 : 0) | $1
    }
  }

  /// Who does what: these kinds of access by these.
  static func access(
    _ kinds: [CubeCase.Kind] = [.read, .write, .execute],
    by who: [CubeCase.Who] = CubeCase.Who.allCases
  ) -> [Self] {
    [
      Self("by", who) { $0.who = $1 },
      Self("access", kinds) { $0.kind = $1 },
    ]
  }

  /// CR0.WP.
  static let writeProtect = Self("WP", [false, true]) {
    $0.registers.cr0 = $1 ? 0x8001_0001 : 0x8000_0001
  }

  /// EFER.NXE.
  static let noExecute = Self("NXE", [false, true]) {
    if !$1 { $0.registers.efer &= ~0x800 }
  }

  /// CR4.SMEP.
  static let executionPrevention = Self("SMEP", [false, true]) {
    if $1 { $0.registers.cr4 |= 0x10_0000 }
  }

  /// CR4.SMAP with RFLAGS.AC, which means nothing without it.
  static let accessPrevention = Self("SMAP", ["0", "AC=0", "AC=1"]) {
    if $1 != "0" { $0.registers.cr4 |= 0x20_0000 }
    $0.registers.ac = $1 == "AC=1"
  }

  static func mode(_ mode: CubeCase.Mode) -> Self {
    Self("mode", [mode]) {
      $0.registers.mode = $1
      if $1 == .x86 { $0.registers.cr4 = 0 }
      if $1 == .x86 || $1 == .pae { $0.registers.efer = 0x800 }
      if $1 == .fiveLevel { $0.registers.cr4 |= 0x1000 }
    }
  }

  private static func text<Value>(_ value: Value) -> String {
    switch value {
    case let word as UInt64: "0x\(String(word, radix: 16))"
    case let flag as Bool: flag ? "1" : "0"
    default: "\(value)"
    }
  }
}
