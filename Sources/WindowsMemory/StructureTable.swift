/// Where a member of a structure is.
public struct StructureMember: Hashable, Sendable {
  /// How an offset is known.
  public enum Source: Character, Sendable {
    /// From the type information in the kernel's public symbols.
    case symbols = "s"
    /// From public type headers of the build.
    case headers = "h"
    /// Worked out from the order of the members.
    case derived = "d"
    /// From one public listing or one public tool, which nobody has confirmed.
    case uncertain = "u"
    /// Not known: a size that is large enough, or what the nearest known kernel has.
    case assumed = "a"
  }

  /// The offset in bytes; of a bit field, the number of its lowest bit.
  public let offset: UInt64
  /// The size in bytes; of a bit field, the number of its bits.
  public let size: Int
  /// How the offset is known.
  public let source: Source
}

/// The generated table of members, read once.
struct StructureTable: Sendable {
  private struct Change: Sendable {
    let version: [Int]
    /// Nil where the member is gone.
    let member: StructureMember?
  }

  /// Changes by version, oldest first, of each `structure member format`.
  private let changes: [String: [Change]]

  /// The table of this build of the program.
  static let shared = StructureTable()

  private init() {
    var changes: [String: [Change]] = [:]
    for line in WindowsStructureTable.members[...].parts("\n") {
      let words = line.parts(" ")
      changes[words[0...2].joined(separator: " ")] = words.dropFirst(3).map(Self.change)
    }
    self.changes = changes
  }

  /// Reads `from=offset:size` with the letter of the source, or `from=-`; what is wrong is a bug.
  private static func change(_ word: Substring) -> Change {
    let parts = word.parts("=")
    let version = parts[0].parts(".").compactMap { Int($0) }
    guard parts[1] != "-" else { return Change(version: version, member: nil) }
    let numbers = parts[1].dropLast().parts(":")
    guard version.count == 4, numbers.count == 2, let offset = UInt64(numbers[0]),
      let size = Int(numbers[1]), let source = parts[1].last.flatMap(StructureMember.Source.init)
    else { preconditionFailure("no member: \(word)") }
    return Change(
      version: version, member: StructureMember(offset: offset, size: size, source: source))
  }

  /// The structures of which a kernel has members that are assumed; a size alone is no matter.
  func assumedStructures(of kernel: KernelRecord) -> [String] {
    let names = changes.keys.compactMap { key -> String? in
      let words = key[...].parts(" ").map(String.init)
      guard words[2] == kernel.format.rawValue, words[1] != "(size)",
        member(words[1], of: words[0], kernel)?.source == .assumed
      else { return nil }
      return words[0]
    }
    return Set(names).sorted()
  }

  /// The member as the newest kernel that is not after `kernel` has it.
  func member(
    _ member: String, of structure: String, _ kernel: KernelRecord
  ) -> StructureMember? {
    let version = [kernel.major, kernel.minor, kernel.build, kernel.patch]
    return changes["\(structure) \(member) \(kernel.format.rawValue)"]?
      .last { !version.lexicographicallyPrecedes($0.version) }?
      .member
  }
}

extension WindowsKernel {
  /// Where a member of a structure is, or nil where the kernel lacks it or nothing is known.
  ///
  /// Of a patch level that the table lacks, the newest before it counts, as for the layouts of words.
  public func member(_ member: String, of structure: String) -> StructureMember? {
    StructureTable.shared.member(member, of: structure, record)
  }

  /// What has to be said of the kernel's structures: of which ones another kernel's members are assumed.
  public var structureNotes: [String] {
    let names = StructureTable.shared.assumedStructures(of: record)
    guard !names.isEmpty, let model = structureModel else { return [] }
    return [
      "where \(record.id) has the members of \(names.joined(separator: ", ")) is not known: they are"
        + " assumed to be as in \(model)"
    ]
  }

  /// The kernel whose members are taken where its own are not known: of arm64 that for x64 of the same
  /// build, else the nearest one before it, or after it.
  private var structureModel: String? {
    if format == .arm64, WindowsKernel.has(WindowsKernelID(build: record.build), .x64) {
      return "the x64 kernel of that build"
    }
    let others = WindowsKernel.identifiers(of: format)
    let other = others.last { $0.build < record.build } ?? others.first { $0.build > record.build }
    return other.map { "\($0)" }
  }

  /// The size of a structure in bytes.
  public func size(of structure: String) -> UInt64? {
    member("(size)", of: structure)?.offset
  }
}
