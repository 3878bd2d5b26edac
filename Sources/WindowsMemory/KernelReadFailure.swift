public import PhysicalMemory

/// Why something at a kernel address cannot be read.
public struct KernelReadFailure: Error, Hashable, Sendable {
  /// The reasons.
  public enum Reason: Hashable, Sendable {
    /// The image does not hold this physical address.
    case missing(PhysicalAddress)
    /// The page is not in memory; this is where it is.
    case notResident(PTEState)
    /// An entry has reserved bits set.
    case malformed
    /// The address is not canonical.
    case nonCanonical
    /// Reading it takes reading it: prototype entries lead to each other.
    case loop
    /// The PFN database, of which this is an entry, has no page there: it has none for frames that are not
    /// installed, and in a timeline none for those that were never used.
    case notInDatabase
    /// The entry of the frame in the PFN database, which begins at the address, would be beyond all addresses.
    case beyondAddresses
    /// The offsets of the structure are not known for the kernel.
    case unknownStructure(String)
  }

  /// The address.
  public let address: VirtualAddress
  /// The reason.
  public let reason: Reason

  /// Describes a failure.
  public init(_ address: VirtualAddress, _ reason: Reason) {
    self.address = address
    self.reason = reason
  }

  /// The physical address that the image lacks, where that is the reason.
  public var missing: PhysicalAddress? {
    if case .missing(let address) = reason { address } else { nil }
  }
}

extension KernelReadFailure: CustomStringConvertible {
  /// The failure in words.
  public var description: String {
    switch reason {
    case .missing(let physical): "\(address): the image does not hold \(physical)"
    case .notResident(let state): "\(address) is not in memory: \(state.rawValue)"
    case .malformed: "\(address): an entry has reserved bits set"
    case .nonCanonical: "\(address) is not canonical"
    case .loop: "\(address): prototype entries lead to each other"
    case .notInDatabase:
      "\(address): the PFN database has no page there; the frame is not installed, or was never used"
    case .beyondAddresses:
      "the PFN database, which begins at \(address), has none: it would be beyond all addresses"
    case .unknownStructure(let name): "where the members of \(name) are is not known"
    }
  }
}
