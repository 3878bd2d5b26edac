public import Paging
public import PhysicalMemory

/// Translates one address as the processor does, rights aside.
private struct PageLookup: WalkerOperation {
  let address: VirtualAddress

  mutating func run(_ walker: some TableWalker) -> PhysicalAddress? {
    walker.translate(address).translation?.address
  }
}

/// Memory at kernel addresses, as far as the image holds it.
///
/// Addresses are translated by the system root. Pages that the processor would fault on but that are
/// still in memory are read where they are: in transition, or by way of a prototype entry. What the
/// image lacks is a failure, never zero.
public struct KernelMemory: Sendable {
  private let search: TableSearch

  /// Reads through the tables of `state`, whose root has a kernel half that is whole.
  public init(_ memory: MemoryImage, _ state: PagingState, _ decoder: PTEDecoder) {
    search = TableSearch(memory: memory, state: state, decoder: decoder)
  }

  /// The highest address.
  var lastAddress: UInt64 { search.state.mode.lastAddress }

  /// How many prototype entries may lead to each other; real ones are at most two deep.
  static let depthLimit = 4

  /// Where in physical memory the byte at a kernel address is.
  public func location(
    of address: VirtualAddress
  ) throws(KernelReadFailure) -> PhysicalAddress {
    try location(of: address, depth: 0)
  }

  private func location(
    of address: VirtualAddress, depth: Int
  ) throws(KernelReadFailure) -> PhysicalAddress {
    guard depth < Self.depthLimit else { throw KernelReadFailure(address, .loop) }
    // What the processor translates needs no search.
    var lookup = PageLookup(address: address)
    let state = search.state
    if let page = state.perform(&lookup, on: search.memory) { return page }
    var steps: [PageSearchStep] = []
    switch search.search(address, steps: &steps) {
    case .page(let place, _, _, _): return place
    case .missing(let place, _): throw KernelReadFailure(address, .missing(place))
    case .reserved: throw KernelReadFailure(address, .malformed)
    case .nonCanonical: throw KernelReadFailure(address, .nonCanonical)
    case .invalid(let reading, let level, _):
      guard level == 1 else { throw KernelReadFailure(address, .notResident(reading.state)) }
      return try location(of: address, by: reading, depth: depth)
    }
  }

  private func location(
    of address: VirtualAddress, by reading: PTEReading, depth: Int
  ) throws(KernelReadFailure) -> PhysicalAddress {
    var reading = reading
    if reading.state == .prototype, let prototype = reading.prototypeAddress {
      let place = try location(of: VirtualAddress(prototype), depth: depth + 1)
      guard let entry = entry(at: place) else {
        throw KernelReadFailure(VirtualAddress(prototype), .missing(place))
      }
      reading = search.decoder.reading(of: entry, table: .prototype)
    }
    guard reading.state == .transition || reading.state == .valid, let frame = reading.pfn else {
      throw KernelReadFailure(address, .notResident(reading.state))
    }
    return PhysicalAddress(frame * frameSize + address.rawValue % frameSize)
  }

  /// The entry at a physical address, of the size that the mode has; nil where the image lacks it.
  func entry(at place: PhysicalAddress) -> UInt64? {
    search.state.entrySize == 4
      ? search.memory.load(UInt32.self, at: place).map(UInt64.init)
      : search.memory.load(UInt64.self, at: place)
  }

  /// The prototype entry at a kernel address, and where in physical memory it is.
  func prototypeEntry(
    at address: VirtualAddress
  ) throws(KernelReadFailure) -> (entry: UInt64, place: PhysicalAddress) {
    let place = try location(of: address)
    guard let entry = entry(at: place) else { throw KernelReadFailure(address, .missing(place)) }
    return (entry, place)
  }

  /// The little-endian number of `size` bytes, at most 8, at a kernel address.
  public func number(
    at address: VirtualAddress, size: Int
  ) throws(KernelReadFailure) -> UInt64 {
    if address.rawValue % frameSize <= frameSize - 8, size == 8 || size == 4 {
      if let number = number(at: try location(of: address), size: size) { return number }
    }
    let bytes = try bytes(at: address, count: min(size, 8))
    return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The little-endian number of 2, 4 or 8 bytes at a physical address; nil where the image lacks it, and of
  /// another size.
  func number(at place: PhysicalAddress, size: Int) -> UInt64? {
    switch size {
    case 8: search.memory.load(UInt64.self, at: place)
    case 4: search.memory.load(UInt32.self, at: place).map(UInt64.init)
    case 2: search.memory.load(UInt16.self, at: place).map(UInt64.init)
    default: nil
    }
  }

  /// The bytes at a kernel address; they may cross pages.
  public func bytes(
    at address: VirtualAddress, count: Int
  ) throws(KernelReadFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    var next = address
    while bytes.count < count {
      let place = try location(of: next)
      let room = Int(frameSize - next.rawValue % frameSize)
      let part = min(count - bytes.count, room)
      for offset in 0..<UInt64(part) {
        let byte = place.advanced(by: offset)
        guard let value = search.memory.load(UInt8.self, at: byte) else {
          throw KernelReadFailure(next.advanced(by: offset), .missing(byte))
        }
        bytes.append(value)
      }
      next = next.advanced(by: UInt64(part))
    }
    return bytes
  }

  /// The value of a member of the structure at a kernel address.
  public func value(
    _ member: StructureMember, of structure: VirtualAddress
  ) throws(KernelReadFailure) -> UInt64 {
    try number(at: structure.advanced(by: member.offset), size: member.size)
  }

  /// The pointer in a member; nil where it is 0.
  public func pointer(
    _ member: StructureMember, of structure: VirtualAddress
  ) throws(KernelReadFailure) -> VirtualAddress? {
    let value = try value(member, of: structure)
    return value == 0 ? nil : VirtualAddress(value)
  }
}
