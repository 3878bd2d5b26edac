public import DumpFormats
public import Paging
public import PhysicalMemory

/// All that a translation depends on, wherever it comes from.
///
/// A scenario builds a machine, a dump is opened as one; nothing after that knows which it was.
public struct Machine: Sendable {
  /// A fact about the machine and how it became known.
  public struct Provenance: Hashable, Sendable {
    /// What the fact is about: "mode", "root", "NXE".
    public var subject: String
    /// The fact.
    public var value: String
    /// Where it comes from.
    public var source: String
    /// Whether no translation depends on it, so that only who asks about the machine wants it.
    public var isAside: Bool

    /// Describes where a fact comes from.
    public init(_ subject: String, _ value: String, from source: String, isAside: Bool = false) {
      self.subject = subject
      self.value = value
      self.source = source
      self.isAside = isAside
    }
  }

  /// Physical memory.
  public var memory: MemoryImage {
    didSet { files = [] }
  }
  /// The files of a dump that `memory` is; none where it was built, or put in the place of a dump's.
  public internal(set) var files: [String] = []
  /// The paging state; its CR3 is the root that a question without a process is about.
  public var paging: PagingState
  /// The roots that are known, at least one.
  public var addressSpaces: [AddressSpace]
  /// The operating system, with what is known of it.
  public var system: OperatingSystem
  /// The format of a machine that a scenario describes.
  public static let scenarioFormat = "scenario"
  /// The kind of image: that of a scenario, or the format of the dump.
  public var format: String
  /// How the file is compressed, the outermost first.
  public var compressions: [String]
  /// The size of the image in bytes: of the file, or of the memory built.
  public var size: UInt64
  /// How mode, root and registers became known.
  public var provenance: [Provenance]
  /// What the header of a crash dump says of Windows.
  public var windowsHeader: WindowsDumpHeader?
  /// What was wrong with the image without making it useless.
  public var warnings: [String]

  /// Describes a machine.
  public init(
    memory: MemoryImage, paging: PagingState, addressSpaces: [AddressSpace],
    system: OperatingSystem = .none, format: String, compressions: [String] = [], size: UInt64,
    provenance: [Provenance] = [], warnings: [String] = []
  ) {
    self.memory = memory
    self.paging = paging
    self.addressSpaces = addressSpaces
    self.system = system
    self.format = format
    self.compressions = compressions
    self.size = size
    self.provenance = provenance
    self.warnings = warnings
  }

  /// The paging state with the root of `space`.
  public func paging(of space: AddressSpace) -> PagingState {
    var paging = paging
    paging.cr3 = space.register
    return paging
  }

  /// The address spaces that belong to a process by its number, its name, or either.
  public func addressSpaces(pid: UInt64?, process: String?) -> [AddressSpace] {
    addressSpaces.filter { space in
      (pid == nil || space.pid == pid) && (process == nil || space.process == process)
    }
  }

  /// For each address space the number of the first one of the same process.
  ///
  /// A process has its number; where that is not known, its roots tell: one alone, or with page-table isolation
  /// two that were allocated as a pair.
  public var firstSpaces: [Int] {
    var first: [ProcessKey: Int] = [:]
    return addressSpaces.enumerated().map { number, space in
      let root = space.kernelRoot ?? paging(of: space).root
      let key = space.pid.map(ProcessKey.number) ?? .root(root)
      let known = first[key] ?? number
      first[key] = known
      return known
    }
  }

  /// What the address spaces of a process have in common.
  private enum ProcessKey: Hashable {
    case number(UInt64)
    case root(PhysicalAddress)
  }

  /// Answers one question about one address space.
  public func walk(_ address: VirtualAddress, in space: AddressSpace? = nil) -> Walk {
    let state = space.map(paging(of:)) ?? paging
    let (result, steps) = state.walk(address, in: memory)
    let frameIsPresent = result.translation.map { memory.holdsFrame(of: $0.address) } ?? true
    return Walk(
      address: address, mode: state.mode, root: state.half(of: address).root, result: result,
      steps: steps,
      isInImage: frameIsPresent)
  }
}
