public import Paging
public import PhysicalMemory

/// A place where two address spaces translate differently.
public struct TranslationDifference: Hashable, Sendable {
  /// One index on the way from the root to an entry.
  public struct PathElement: Hashable, Sendable {
    /// The name of the entry: "PML4E".
    public var name: String
    /// Its index in the table.
    public var index: Int

    /// Names an entry.
    public init(name: String, index: Int) {
      self.name = name
      self.index = index
    }
  }

  /// What one of the two says there.
  public enum Answer: Hashable, Sendable {
    /// Nothing is mapped.
    case notPresent
    /// A page with its effective rights.
    case page(PhysicalAddress, shift: UInt64, Rights)
    /// A table that leads to so many pages.
    case table(mappings: UInt64)
    /// An entry with these reserved bits.
    case reserved(UInt64)
    /// An entry that the image lacks.
    case missing
  }

  /// The first virtual address concerned.
  public var address: VirtualAddress
  /// The indexes from the root to the entry.
  public var path: [PathElement]
  /// What the first says.
  public var a: Answer
  /// What the second says.
  public var b: Answer

  /// Describes a difference.
  public init(address: VirtualAddress, path: [PathElement], a: Answer, b: Answer) {
    self.address = address
    self.path = path
    self.a = a
    self.b = b
  }

  /// The path as text: `PML4E[0x1ed] → PDPTE[0x3] → PTE[0x5]`.
  public var pathText: String {
    path.map { "\($0.name)[\($0.index.hex)]" }.joined(separator: " → ")
  }
}

extension TranslationDifference.Answer: CustomStringConvertible {
  /// The answer in a few words.
  public var description: String {
    switch self {
    case .notPresent: "not present"
    case .page(let address, let shift, let rights): "\(address) \(sizeText(shift)) \(rights)"
    case .table(let mappings): "a table with \(mappings) mappings"
    case .reserved(let bits): "reserved bits \(bits.hex)"
    case .missing: "missing"
    }
  }
}

/// A page size in the unit that suits it: `4K`, `2M`, `1G`.
func sizeText(_ shift: UInt64) -> String {
  let unit = min(shift / 10, 3)
  let count: UInt64 = 1 << (shift - unit * 10)
  return "\(count)" + ["", "K", "M", "G"][Int(unit)]
}
