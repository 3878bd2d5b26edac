public import BitLayout

/// The size of a toy machine: one page table, addresses of a few bits.
///
/// Machines of this kind are in the homework of "Operating Systems: Three Easy Pieces" (Arpaci-Dusseau,
/// chapter "Paging: Introduction").
public struct ToyGeometry: Hashable, Sendable, CustomStringConvertible {
  /// The number of bits of a virtual address.
  public let virtualBits: UInt64
  /// The number of bits of a physical address.
  public let physicalBits: UInt64
  /// The number of bits of an offset in a page.
  public let pageBits: UInt64

  /// Why a text names no toy machine.
  public struct Problem: Error, CustomStringConvertible {
    /// What is wrong, and what would be right.
    public let description: String
  }

  /// The largest number of entries of the table: more do not fit a page of paper.
  static let maximumPages: UInt64 = 256

  /// Reads `toy:VA,PA,PAGE`: the bits of a virtual address, of a physical address, of a page's offset.
  ///
  /// - Throws: `Problem` where the text has another form, or where such a machine cannot be.
  public init(_ text: String) throws(Problem) {
    let numbers = text.dropFirst("toy:".count).split(
      separator: ",", omittingEmptySubsequences: false
    ).map { UInt64($0) }
    guard text.hasPrefix("toy:"), numbers.count == 3, let virtual = numbers[0],
      let physical = numbers[1], let page = numbers[2]
    else {
      throw Problem(
        description: "`\(text)` is not toy:VA,PA,PAGE, three numbers of bits, as in toy:6,7,4")
    }
    guard (1...31).contains(page), (page + 1...32).contains(virtual),
      (page + 1...32).contains(physical)
    else {
      throw Problem(
        description: "`\(text)`: both addresses need more bits than an offset, and at most 32")
    }
    guard 1 << (virtual - page) <= Self.maximumPages else {
      throw Problem(
        description: "`\(text)`: a table of \(UInt64(1) << (virtual - page)) entries is no toy;"
          + " at most \(Self.maximumPages)")
    }
    (virtualBits, physicalBits, pageBits) = (virtual, physical, page)
  }

  /// The number of entries of the page table.
  public var pageCount: UInt64 { 1 << (virtualBits - pageBits) }

  /// The number of frames of physical memory.
  public var frameCount: UInt64 { 1 << (physicalBits - pageBits) }

  /// The name that it is made from.
  public var description: String { "toy:\(virtualBits),\(physicalBits),\(pageBits)" }
}

/// A machine with a page table of one level and no rights.
public struct ToyMachine: Hashable, Sendable {
  /// The entry of a toy machine's page table: four bytes.
  public enum Layout {
    /// Whether the page is mapped.
    public static let valid = BitField("VALID", 31, .value, "the page is mapped")
    /// The frame; as many of the bits as the machine has.
    public static let frame = BitField("PFN", 30, 0, .value, "the number of the frame")
  }

  /// The size.
  public let geometry: ToyGeometry
  /// The page table.
  public let entries: [UInt64]

  /// The number of the page that has an address.
  public func page(of address: UInt64) -> UInt64 { address >> geometry.pageBits }

  /// Where an address is in its page.
  public func offset(of address: UInt64) -> UInt64 { address & ((1 << geometry.pageBits) - 1) }

  /// The physical address; nil where the page is not mapped, or where there is no such page.
  public func translate(_ address: UInt64) -> UInt64? {
    let page = page(of: address)
    guard page < geometry.pageCount else { return nil }
    let entry = entries[Int(page)]
    guard Layout.valid.isSet(in: entry) else { return nil }
    return Layout.frame.value(in: entry) << geometry.pageBits | offset(of: address)
  }
}
