public import PhysicalMemory

/// A range of addresses of a process, and what is to be found there.
public struct VAD: Hashable, Sendable {
  /// What a range is (`_MI_VAD_TYPE`, and the flags that XP has in its place).
  public enum Kind: String, Sendable, CaseIterable {
    /// Private memory, or a view of data.
    case none
    /// A view of physical memory.
    case devicePhysicalMemory = "device-physical-memory"
    /// A view of an image.
    case image
    /// Pages that the program maps itself (AWE).
    case awe
    /// Memory whose writes are noted.
    case writeWatch = "write-watch"
    /// Large pages, all mapped.
    case largePages = "large-pages"
    /// A view that turns between physical and ordinary memory.
    case rotatePhysical = "rotate-physical"
    /// A view of a section of large pages.
    case largePageSection = "large-page-section"

    /// Whether all pages are mapped from the start, so that an empty entry means none.
    public var isMappedUpFront: Bool {
      switch self {
      case .devicePhysicalMemory, .awe, .largePages, .rotatePhysical, .largePageSection: true
      case .none, .image, .writeWatch: false
      }
    }
  }

  /// The address of the descriptor.
  public let address: VirtualAddress
  /// The number of the first page.
  public let startingVpn: UInt64
  /// The number of the last page, inclusive.
  public let endingVpn: UInt64
  /// What the range is.
  public let kind: Kind
  /// The protection of its pages, unless their entries say another.
  public let protection: MMProtection
  /// Whether the memory is the process's own.
  public let isPrivate: Bool
  /// Whether all of a private range is committed.
  public let isCommitted: Bool
  /// The first subsection of a view, from Vista on.
  public let subsection: VirtualAddress?
  /// The control area of a view, before Vista.
  public let controlArea: VirtualAddress?
  /// The prototype entry of the first page; nil of private memory.
  public let firstPrototypePte: VirtualAddress?
  /// The last prototype entry that follows on the first without a gap.
  public let lastContiguousPte: VirtualAddress?
  let leftChild: VirtualAddress?
  let rightChild: VirtualAddress?

  /// The first address of the range.
  public var start: VirtualAddress { VirtualAddress(startingVpn &* frameSize) }
  /// The last address of the range, inclusive.
  public var last: VirtualAddress {
    VirtualAddress(endingVpn &* frameSize &+ (frameSize - 1))
  }
}

/// Reads virtual address descriptors of one kernel.
struct VADReader: Sendable {
  private let memory: KernelMemory
  private let structure: VADStructure
  private let flags: VADFlags

  init?(_ kernel: WindowsKernel, _ structures: WindowsStructures, _ memory: KernelMemory) {
    guard let structure = structures.vad, let flags = VADFlags(kernel) else { return nil }
    self.memory = memory
    self.structure = structure
    self.flags = flags
  }

  func vad(at address: VirtualAddress) throws(KernelReadFailure) -> VAD {
    func high(_ member: StructureMember?) throws(KernelReadFailure) -> UInt64 {
      guard let member else { return 0 }
      return try memory.value(member, of: address) << 32
    }
    let words = VADFlags.Words(
      flags: try memory.value(structure.flags, of: address),
      flags1: try structure.flags1
        .map { member throws(KernelReadFailure) in try memory.value(member, of: address) } ?? 0)
    let isPrivate = flags.isPrivate(words)
    // A descriptor of private memory has no tail, and what lies behind it is something else.
    func tail(
      _ member: StructureMember?
    ) throws(KernelReadFailure) -> VirtualAddress? {
      guard !isPrivate, let member else { return nil }
      return try memory.pointer(member, of: address)
    }
    return VAD(
      address: address,
      startingVpn: try memory.value(structure.startingVpn, of: address)
        | high(structure.startingVpnHigh),
      endingVpn: try memory.value(structure.endingVpn, of: address)
        | high(structure.endingVpnHigh),
      kind: flags.kind(words), protection: flags.protection(words), isPrivate: isPrivate,
      isCommitted: flags.isCommitted(words, isPrivate: isPrivate),
      subsection: try tail(structure.subsection), controlArea: try tail(structure.controlArea),
      firstPrototypePte: try tail(structure.firstPrototypePte),
      lastContiguousPte: try tail(structure.lastContiguousPte),
      leftChild: try memory.pointer(structure.leftChild, of: address),
      rightChild: try memory.pointer(structure.rightChild, of: address))
  }

  /// More levels than a balanced tree of all pages can have.
  private static let depthLimit = 128

  /// The descriptor of the range with a page, or nil where there is none.
  func vad(containing vpn: UInt64, root: VirtualAddress?) throws(KernelReadFailure) -> VAD? {
    var next = root
    for _ in 0..<Self.depthLimit {
      guard let address = next else { return nil }
      let vad = try vad(at: address)
      if vpn < vad.startingVpn {
        next = vad.leftChild
      } else if vpn > vad.endingVpn {
        next = vad.rightChild
      } else {
        return vad
      }
    }
    throw KernelReadFailure(next ?? VirtualAddress(0), .loop)
  }
}

/// The descriptors of a process, as far as they can be read.
public struct VADTree: Sendable {
  /// The descriptors by ascending addresses.
  public let vads: [VAD]
  /// Why some are missing; nil where the tree is whole.
  public let problem: String?

  /// More descriptors than a process can have.
  private static let countLimit = 1 << 22

  init(root: VirtualAddress?, _ reader: VADReader) {
    var vads: [VAD] = []
    var problem: String?
    var seen: Set<VirtualAddress> = []
    var path: [VAD] = []
    var next = root
    while next != nil || !path.isEmpty {
      while let address = next {
        guard seen.insert(address).inserted, seen.count < Self.countLimit else {
          problem = problem ?? "the tree of VADs comes back to \(address)"
          break
        }
        do throws(KernelReadFailure) {
          let vad = try reader.vad(at: address)
          path.append(vad)
          next = vad.leftChild
        } catch {
          problem = problem ?? "a VAD cannot be read: \(error)"
          next = nil
        }
      }
      guard let vad = path.popLast() else { break }
      vads.append(vad)
      next = vad.rightChild
    }
    self.vads = vads
    self.problem = problem
  }
}
