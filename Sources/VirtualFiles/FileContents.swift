import Machine
import Paging
public import PhysicalMemory

/// What is in a file: bytes, or a window on memory that shows what is there when it is read.
public enum FileContents: Sendable {
  /// These bytes.
  case bytes([UInt8])
  /// So many zeros, which stand for what the walk does not reach.
  case zeros(UInt64)
  /// Physical memory.
  case physical(PhysicalAddress, count: UInt64)
  /// The virtual memory of an address space, `bits` of each address.
  case virtual(bits: UInt64)
  /// The pages of an address space.
  case pages(PageList)

  /// Text in UTF-8.
  static func text(_ text: String) -> Self { .bytes(Array(text.utf8)) }

  /// The number of bytes.
  public var size: UInt64 {
    switch self {
    case .bytes(let bytes): UInt64(bytes.count)
    case .zeros(let count): count
    case .physical(_, let count): count
    case .virtual(let bits): 1 << bits
    case .pages(let pages): pages.byteCount
    }
  }
}

/// Why a file cannot be had, read or written.
public enum FileFailure: Error, Hashable, Sendable {
  /// There is no such file.
  case notFound
  /// It is a folder.
  case isFolder
  /// It is not written to.
  case readOnly
  /// What was written is no address of this machine.
  case notAnAddress
  /// The walk reaches nothing that could be written to.
  case unmapped
  /// The image does not hold the memory, at this physical address where one is known.
  case absent(PhysicalAddress?)
  /// The file ends before the place.
  case beyondEnd
  /// The system could not do it.
  case system(SystemError)
  /// Who maps an address could not be found out.
  case noIndex(String)
}

extension FileContents {
  /// Reads up to `count` bytes; fewer where the file ends or the image does not hold what follows.
  ///
  /// - Parameters:
  ///   - offset: where in the file.
  ///   - count: how many bytes at most.
  ///   - machine: the machine, with the root that virtual addresses are translated by.
  /// - Returns: the bytes; none at the end of the file.
  /// - Throws: `FileFailure` where the image does not hold the first of them.
  func read(at offset: UInt64, count: Int, in machine: Machine) throws(FileFailure) -> [UInt8] {
    guard offset < size, count > 0 else { return [] }
    let count = UInt64(count) > size - offset ? Int(size - offset) : count
    switch self {
    case .bytes(let bytes): return Array(bytes[Int(offset)..<Int(offset) + count])
    case .zeros: return [UInt8](repeating: 0, count: count)
    case .pages(let pages): return pages.bytes(at: offset, count: count)
    case .physical(let start, _):
      let first = start.rawValue + offset
      return try Self.read(first...(first + UInt64(count - 1)), .physical, in: machine)
    case .virtual(let bits):
      return try Self.read(
        Self.addresses(at: offset, count: count, bits: bits), .virtual, in: machine)
    }
  }

  private static func read(
    _ range: ClosedRange<UInt64>, _ kind: AddressKind, in machine: Machine
  ) throws(FileFailure) -> [UInt8] {
    var read: [UInt8] = []
    var gap: FileFailure?
    machine.read(range, kind) { piece in
      switch piece.content {
      case .bytes(let bytes):
        read += bytes
        return true
      case .absent: gap = .absent(piece.physical)
      case .unmapped(let stop):
        gap = .absent(stop.cause == .missing ? stop.entryAddress : nil)
      }
      return false
    }
    if let gap, read.isEmpty { throw gap }
    return read
  }

  /// The addresses that stand at a place of the file of an address space: the upper half follows the
  /// lower, and no read goes from one into the other.
  static func addresses(at offset: UInt64, count: Int, bits: UInt64) -> ClosedRange<UInt64> {
    let last = offset + UInt64(count - 1)
    let half: UInt64 = 1 << (bits - 1)
    guard bits > 32, last >= half else { return offset...last }
    if offset < half { return offset...(half - 1) }
    let sign = UInt64.max << bits
    return (offset | sign)...(last | sign)
  }
}

extension FileFailure: CustomStringConvertible {
  /// The reason in words.
  public var description: String {
    switch self {
    case .notFound: "there is no such file"
    case .isFolder: "it is a folder"
    case .readOnly: "it is not written to"
    case .notAnAddress: "this is no address of the machine"
    case .unmapped: "nothing is mapped there"
    case .absent(let address?): "the image does not hold the memory at \(address)"
    case .absent(nil): "the image does not hold the memory"
    case .beyondEnd: "the file ends before that"
    case .system(let error): "\(error)"
    case .noIndex(let reason): reason
    }
  }
}
