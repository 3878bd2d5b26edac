public import Paging
public import PhysicalMemory

/// Looks for records of processes in physical memory: those of processes that the list does not lead
/// to, because it cannot be read, because they have ended, or because they are hidden.
///
/// A record names the root of the process. Where a word of memory is the root of a table that was
/// found, and the kernel half maps the place, the members around it have to make sense.
public struct RecordSearch: Sendable {
  /// A record, and how sure it is.
  public struct Found: Hashable, Sendable {
    /// The process.
    public let process: WindowsProcess
    /// Whether its neighbours in the list lead back to it.
    public let isLinked: Bool

    /// How sure it is.
    public var sureness: Sureness { isLinked ? .sure : .likely }
  }

  private let memory: MemoryImage
  private let state: PagingState
  private let kernel: KernelMemory
  private let structure: ProcessStructure
  private let pointerSize: Int

  /// Prepares for the records of a system.
  ///
  /// - Parameters:
  ///   - system: What is known of Windows.
  ///   - memory: Physical memory.
  ///   - paging: The paging state, with a root that has a kernel half.
  public init?(_ system: WindowsSystem, _ memory: MemoryImage, _ paging: PagingState) {
    let structures = WindowsStructures(system.kernel)
    guard let structure = structures.process else { return nil }
    self.memory = memory
    var state = paging
    if let root = system.systemRoot { state.cr3 = root }
    self.state = state
    kernel = system.kernelMemory(memory, state)
    self.structure = structure
    pointerSize = structures.pointerSize
  }

  /// As many places as are looked at.
  private static let placeLimit = 1 << 16

  /// The records that name one of these roots, by ascending addresses.
  public func records(of roots: [PhysicalAddress]) -> [Found] {
    let places = places(of: Set(roots.map(\.rawValue)))
    return addresses(of: places).compactMap(record).sorted {
      $0.process.record.rawValue < $1.process.record.rawValue
    }
  }

  /// The low bits of a recorded root that are no part of the address.
  private var flagMask: UInt64 { state.mode == .pae ? 0x1f : frameSize - 1 }

  /// Where in memory a word has one of the roots.
  private func places(of roots: Set<UInt64>) -> [UInt64] {
    guard let first = roots.min(), let last = roots.max() else { return [] }
    var places: [UInt64] = []
    func look(_ value: UInt64, _ place: UInt64) {
      let root = value & ~flagMask
      guard root >= first, root <= last, roots.contains(root) else { return }
      places.append(place)
    }
    memory.forEachFrame { frame, words in
      for (index, word) in words.enumerated() where word != 0 {
        let place = frame.rawValue + UInt64(index) * 8
        if pointerSize == 8 {
          look(word, place)
        } else {
          look(word & 0xffff_ffff, place)
          look(word >> 32, place + 4)
        }
      }
      return places.count < Self.placeLimit
    }
    return places
  }

  /// The addresses at which the kernel sees the places, as those of records.
  private func addresses(of places: [UInt64]) -> [VirtualAddress] {
    let bits = state.mode.virtualAddressBits
    let start: UInt64 = bits == 32 ? 0x8000_0000 : UInt64.max << UInt64(bits - 1)
    let end: UInt64 = bits == 32 ? 0xffff_ffff : UInt64.max
    var operation = PlaceOperation(places: places.sorted(), range: start...end)
    let found = state.perform(&operation, on: memory)
    return Set(found.map { $0 &- structure.directoryTableBase.offset })
      .filter { $0 % UInt64(pointerSize) == 0 }.map { VirtualAddress($0) }
  }

  private func record(at address: VirtualAddress) -> Found? {
    guard let process = try? WindowsProcess(address, kernel, structure),
      Self.isPlausible(process)
    else { return nil }
    let links = address.advanced(by: structure.activeProcessLinks.offset)
    let size = structure.activeProcessLinks.size / 2
    guard let next = try? kernel.number(at: links, size: size),
      let previous = try? kernel.number(at: links.advanced(by: UInt64(size)), size: size),
      isLink(next), isLink(previous)
    else { return nil }
    let back = try? kernel.number(at: VirtualAddress(next).advanced(by: UInt64(size)), size: size)
    return Found(process: process, isLinked: back == links.rawValue && next != links.rawValue)
  }

  /// Names have printable characters, and numbers fewer than 32 bits.
  private static func isPlausible(_ process: WindowsProcess) -> Bool {
    !process.name.isEmpty && process.pid <= UInt64(UInt32.max)
      && process.name.unicodeScalars.allSatisfy { $0.value > 0x1f && $0.value < 0x7f }
  }

  /// Whether what is at an address makes sense as a record.
  public static func isRecord(
    _ address: VirtualAddress, _ kernel: KernelMemory, _ structure: ProcessStructure
  ) -> Bool {
    (try? WindowsProcess(address, kernel, structure)).map(isPlausible) ?? false
  }

  private func isLink(_ pointer: UInt64) -> Bool {
    let isKernel = pointer >> (pointerSize == 8 ? 63 : 31) != 0
    return isKernel && pointer % UInt64(pointerSize) == 0
  }
}

/// Finds the addresses of a range that lead to places in memory.
private struct PlaceOperation: WalkerOperation {
  let places: [UInt64]
  let range: ClosedRange<UInt64>

  mutating func run(_ walker: some TableWalker) -> [UInt64] {
    var visitor = PlaceVisitor(places: places)
    walker.scan(range, visitor: &visitor)
    return visitor.addresses
  }
}

private struct PlaceVisitor: TableVisitor {
  /// In ascending order.
  let places: [UInt64]
  private(set) var addresses: [UInt64] = []
  private var seen = FoldTable<Bool>(empty: false)

  init(places: [UInt64]) { self.places = places }

  mutating func enter(_ table: TableVisit) -> Bool {
    guard seen.value(for: table.key) == nil else { return false }
    seen.store(true, for: table.key)
    return true
  }

  mutating func page(_ entry: EntryVisit, at page: PhysicalAddress) {
    let end = page.rawValue + 1 << entry.shift
    var index = places.partitioningIndex { $0 >= page.rawValue }
    while index < places.count, places[index] < end {
      addresses.append(entry.address &+ (places[index] - page.rawValue))
      index += 1
    }
  }

  mutating func reserved(_ entry: EntryVisit, bits: UInt64) {}
  mutating func missing(_ entry: EntryVisit) {}
  mutating func leave(_ table: TableVisit) {}
}
