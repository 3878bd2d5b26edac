public import Paging
public import PhysicalMemory

/// Memory at the addresses of a Linux kernel, as far as tables map it and the image holds it.
public struct LinuxKernelMemory: Sendable {
  /// Why something at a kernel address cannot be read.
  public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The address.
    public let address: VirtualAddress
    /// The physical address that the image lacks; nil where nothing is mapped.
    public let missing: PhysicalAddress?

    /// The failure in words.
    public var description: String {
      missing.map { "\(address): the image does not hold \($0)" } ?? "\(address) is not mapped"
    }
  }

  /// Physical memory.
  public let memory: MemoryImage
  /// The paging state, whose tables have the kernel's half.
  public let paging: PagingState

  /// Reads through the tables of `paging`.
  public init(_ memory: MemoryImage, _ paging: PagingState) {
    self.memory = memory
    self.paging = paging
  }

  /// The size of a pointer in bytes.
  public var pointerSize: Int { paging.mode == .x86 || paging.mode == .pae ? 4 : 8 }

  /// Whether a value is an address that only the kernel has.
  func isKernelPointer(_ value: UInt64) -> Bool {
    pointerSize == 4 ? value >= Self.lowestOf32 : value >= Self.lowestOf64
  }

  /// With the split of 1 GiB for user mode, the lowest that a 32-bit kernel can have.
  private static let lowestOf32: UInt64 = 0x4000_0000
  /// The upper half of addresses of 57 bits.
  private static let lowestOf64: UInt64 = 0xff00_0000_0000_0000

  /// Where in physical memory the byte at an address is.
  public func location(of address: VirtualAddress) throws(Failure) -> PhysicalAddress {
    switch paging.walk(address, in: memory).result {
    case .mapped(let page): return page.address
    case .stopped(let stop):
      let isMissing = stop.cause == .missing
      throw Failure(address: address, missing: isMissing ? stop.entryAddress : nil)
    }
  }

  /// The bytes at an address; they may cross pages.
  public func bytes(at address: VirtualAddress, count: Int) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    var next = address
    while bytes.count < count {
      let place = try location(of: next)
      let part = min(count - bytes.count, Int(frameSize - place.rawValue % frameSize))
      let copied = memory.withBytes(at: place, count: part) { $0.copied() }
      guard let copied else { throw Failure(address: next, missing: place) }
      bytes += copied
      next = next.advanced(by: UInt64(part))
    }
    return bytes
  }

  /// The little-endian number of `size` bytes, at most 8, at an address.
  public func number(at address: VirtualAddress, size: Int) throws(Failure) -> UInt64 {
    let bytes = try bytes(at: address, count: min(size, 8))
    return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The pointer at an address.
  public func pointer(at address: VirtualAddress) throws(Failure) -> VirtualAddress {
    VirtualAddress(try number(at: address, size: pointerSize))
  }

  /// The value of a member of the structure at an address.
  func value(
    _ member: StructureLayout.Member, of structure: VirtualAddress
  ) throws(Failure) -> UInt64 {
    try number(at: structure.advanced(by: member.offset), size: member.size)
  }

  /// The text up to a NUL in a member.
  func text(
    _ member: StructureLayout.Member, of structure: VirtualAddress
  ) throws(Failure) -> String {
    let bytes = try bytes(at: structure.advanced(by: member.offset), count: member.size)
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// Where a kernel has the members of a structure.
struct StructureLayout: Hashable, Sendable {
  /// The place of a member.
  struct Member: Hashable, Sendable {
    /// The offset in bytes.
    var offset: UInt64
    /// The size in bytes.
    var size: Int
  }
}
