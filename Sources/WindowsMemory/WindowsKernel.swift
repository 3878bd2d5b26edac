public import BitLayout
public import Paging

/// A Windows kernel and the layouts of its words.
public struct WindowsKernel: Sendable {
  /// Where the layouts of a kernel come from, and how sure they are.
  public enum Source: String, Sendable {
    /// The type information in the kernel's public symbols.
    case symbols
    /// Public headers that were made from the type information of the build.
    case headers
    /// Worked out from the types of neighbouring kernels.
    case derived
    /// One public listing that nobody has confirmed.
    case uncertain
  }

  /// What the user asked for.
  public let id: WindowsKernelID
  /// The kind of entries.
  public let format: WindowsEntryFormat
  /// What has to be said of the choice: a patch level that is not in the table, an unsure source.
  public let notes: [String]
  /// Whether the kernel may as well have the layouts of another generation.
  public let isGenerationUncertain: Bool
  let record: KernelRecord

  /// The name of the bits between the fields of a type.
  public static let gapName: StaticString = "unnamed"

  /// Finds the kernel that a name or an alias means in a paging mode.
  public init(named name: String, mode: PagingMode) throws(WindowsKernelError) {
    self = try WindowsKernel(try WindowsKernelID(name), WindowsEntryFormat(mode))
  }

  /// Finds a kernel with entries of a format.
  ///
  /// Of a patch level that the table lacks, the newest known one before it is taken, and a note says
  /// so.
  public init(
    _ id: WindowsKernelID, _ format: WindowsEntryFormat
  ) throws(WindowsKernelError) {
    let branch = Self.branch(id, format)
    guard let oldest = branch.first, let newest = branch.last else {
      throw .noLayout(id, format)
    }
    let wanted = id.patch ?? newest.patch
    let record = branch.last { $0.patch <= wanted } ?? oldest
    let choice = PatchChoice(id: id, record: record, branch: branch)
    self.id = id
    self.format = format
    self.record = record
    notes = choice.notes
    isGenerationUncertain = choice.isUncertain
  }

  /// The newest known kernel of the branch with entries of the other generation, with or without
  /// SwizzleBit; nil where none is known.
  public var counterpart: WindowsKernel? {
    let anyPatch = WindowsKernelID(build: id.build, isUniprocessor: id.isUniprocessor)
    let other = Self.branch(anyPatch, format).last { $0.hasSwizzleBit != record.hasSwizzleBit }
    return other.flatMap { try? WindowsKernel($0.id, format) }
  }

  /// Whether the entries may as well be those of `counterpart`: the patch level is not known.
  public var isGenerationOpen: Bool {
    isGenerationUncertain || (id.patch == nil && counterpart != nil)
  }

  /// The kernels of the table with a build number, oldest first.
  private static func branch(_ id: WindowsKernelID, _ format: WindowsEntryFormat) -> [KernelRecord]
  {
    LayoutTable.shared.kernels.filter { kernel in
      guard kernel.format == format else { return false }
      let isOpenEnd = kernel.source == .uncertain && id.build >= kernel.build
      return (kernel.build == id.branch || isOpenEnd) && kernel.isMeant(by: id)
    }
  }

  /// Whether there are layouts of a format for the kernel that a name means.
  public static func has(_ id: WindowsKernelID, _ format: WindowsEntryFormat) -> Bool {
    !branch(id, format).isEmpty
  }

  /// The kernels of the table with entries of a format, oldest first.
  public static func identifiers(of format: WindowsEntryFormat) -> [WindowsKernelID] {
    LayoutTable.shared.kernels.filter { $0.format == format }.map(\.id)
  }

  /// The version of the kernel whose layouts these are, as file versions are written.
  public var version: String {
    let branch = "\(record.major).\(record.minor).\(record.build)"
    return record.coversBranch ? branch : "\(branch).\(record.patch)"
  }

  /// Where the layouts come from.
  public var source: Source { record.source }

  /// The layout of a structure, or nil where the kernel's is not known or does not exist.
  public func layout(_ structure: WindowsStructure) -> WordLayout? {
    LayoutTable.shared.layout(structure, of: record).map { layout in
      WordLayout(
        structure.name, citation: source.citation, width: layout.width, layout.fields)
    }
  }

  /// The bits of the fields of a structure that hold signed numbers.
  public func signedBits(of structure: WindowsStructure) -> UInt64 {
    LayoutTable.shared.layout(structure, of: record)?.signedBits ?? 0
  }

  /// The flags of a virtual address descriptor.
  public var vadFlags: WordLayout? { layout(.vadFlags) }
  /// More flags of a virtual address descriptor, from Windows 8 on.
  public var vadFlags1: WordLayout? { layout(.vadFlags1) }

  /// The one field with a name in a structure.
  func field(_ name: String, in structure: WindowsStructure) -> BitField? {
    LayoutTable.shared.layout(structure, of: record)?.fields.first {
      String(describing: $0.name) == name
    }
  }
}

extension WindowsKernel.Source {
  /// The source, as a citation of a layout.
  var citation: StaticString {
    switch self {
    case .symbols: "types in the kernel's public symbols"
    case .headers: "public type headers of the build"
    case .derived: "derived from the types of neighbouring kernels"
    case .uncertain: "uncertain: one public type listing, unconfirmed"
    }
  }
}
