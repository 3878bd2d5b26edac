import BitLayout

/// The generated table, read once.
struct LayoutTable: Sendable {
  /// A layout of one structure, without the citation, which depends on the kernel.
  struct Layout: Sendable {
    let width: Int
    /// The fields and the gaps between them, lowest first.
    let fields: [BitField]
    /// The bits of the fields that hold signed numbers.
    let signedBits: UInt64
  }

  /// The kernels of the table, oldest first within an entry format.
  let kernels: [KernelRecord]
  private let layouts: [Layout]

  /// The table of this build of the program.
  static let shared = LayoutTable()

  private init() {
    var reader = LayoutReader()
    layouts = Self.lines(WindowsLayoutTable.layouts).map { reader.layout($0) }
    kernels = Self.lines(WindowsLayoutTable.kernels).map(KernelRecord.init)
  }

  /// The layout that a kernel has of a structure.
  func layout(_ structure: WindowsStructure, of kernel: KernelRecord) -> Layout? {
    kernel.layouts[structure.column].map { layouts[$0] }
  }

  private static func lines(_ text: String) -> [Substring] { text[...].parts("\n") }
}

/// One kernel of the table.
struct KernelRecord: Sendable {
  /// The processors that a kernel is built for, where that matters to its entries.
  enum Processors: String, Sendable {
    case uniprocessor = "up"
    case multiprocessor = "mp"
    case any
  }

  let format: WindowsEntryFormat
  let processors: Processors
  let major: Int
  let minor: Int
  let build: Int
  let patch: Int
  let source: WindowsKernel.Source
  /// The number of the layout of each structure, in the order of `WindowsStructure`.
  let layouts: [Int?]

  /// Reads a line of the generated table, which is ours: what is wrong there is a bug.
  init(_ line: Substring) {
    let words = line.parts(" ")
    let version = words[2].parts(".").compactMap { Int($0) }
    guard let format = WindowsEntryFormat(rawValue: String(words[0])),
      let processors = Processors(rawValue: String(words[1])), version.count == 4,
      let source = WindowsKernel.Source(rawValue: String(words[3]))
    else { preconditionFailure("no kernel: \(line)") }
    self.format = format
    self.processors = processors
    (major, minor, build, patch) = (version[0], version[1], version[2], version[3])
    self.source = source
    layouts = words.dropFirst(4).map { Int($0) }
    precondition(layouts.count == WindowsStructure.allCases.count, "no kernel: \(line)")
  }
}

/// Reads the lines of layouts; it shares the names and meanings among them.
private struct LayoutReader {
  private let meanings = FieldMeanings()

  mutating func layout(_ line: Substring) -> LayoutTable.Layout {
    let words = line.parts(" ")
    guard words.count > 2, let structure = WindowsStructure(rawValue: String(words[0])),
      let width = Int(words[1])
    else { preconditionFailure("no layout: \(line)") }
    var fields: [BitField] = []
    var signedBits: UInt64 = 0
    for word in words.dropFirst(2) {
      let (field, isSigned) = field(word, of: structure)
      addGap(upTo: Int(field.low), to: &fields)
      fields.append(field)
      if isSigned { signedBits |= field.mask }
    }
    addGap(upTo: width, to: &fields)
    return LayoutTable.Layout(width: width, fields: fields, signedBits: signedBits)
  }

  /// Reads `Name:low-high`, `Name:bit`, with an `s` where the field is signed.
  private func field(_ word: Substring, of structure: WindowsStructure) -> (BitField, Bool) {
    let parts = word.parts(":")
    let isSigned = word.last == "s"
    let bits = parts[1].prefix { $0 != "s" }.parts("-").compactMap { UInt8($0) }
    guard let low = bits.first, let high = bits.last,
      let (name, kind, meaning) = meanings.meaning(of: parts[0], in: structure)
    else { preconditionFailure("no field: \(word)") }
    return (BitField(name, high, low, kind, meaning), isSigned)
  }

  private func addGap(upTo end: Int, to fields: inout [BitField]) {
    let start = fields.last.map { Int($0.high) + 1 } ?? 0
    guard start < end else { return }
    fields.append(
      BitField(
        WindowsKernel.gapName, UInt8(end - 1), UInt8(start), .ignored,
        "the type of this kernel names no field here"))
  }
}

extension Substring {
  /// What stands between separators, which are ASCII, as the generated tables are.
  ///
  /// By characters it would take several times as long, and the tables are read before the first answer.
  func parts(_ separator: Unicode.Scalar) -> [Substring] {
    utf8.split(separator: UInt8(ascii: separator)).map { Substring($0) }
  }
}
