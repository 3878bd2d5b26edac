/// Where the regions of the kernel's memory begin from which entries count, on kernels whose entries
/// have an offset in place of an address.
///
/// Those are kernels without PAE before Windows 8, and builds from 28000. The kernel keeps the starts in
/// variables, so that of a dump they are not known; a machine that is made says where it has them.
public struct PoolBases: Hashable, Sendable {
  /// From here prototype entries are counted: the paged pool.
  public let paged: UInt64
  /// From here subsections are counted: the non-paged pool.
  public let nonPaged: UInt64

  /// Says where the pools begin.
  public init(paged: UInt64, nonPaged: UInt64) {
    (self.paged, self.nonPaged) = (paged, nonPaged)
  }
}

extension PoolBases {
  /// What is to be said of entries that were made with these bases: where their form itself was chosen.
  public func caveat(on kernel: WindowsKernel) -> String? {
    guard kernel.field("SubsectionAddressLow", in: .subsection) != nil,
      kernel.field("WhichPool", in: .subsection) == nil
    else { return nil }
    return
      "how \(kernel.id) makes the address of a subsection of the two fields is not known: entries"
      + " that are made have bits 31 to 2 of it there"
  }
}

extension KernelSpace {
  /// Where a machine that is made has the regions from which entries of a kernel count; nil where they
  /// hold addresses.
  package func poolBases(of kernel: WindowsKernel) -> PoolBases? {
    kernel.countsFromPools ? PoolBases(paged: prototypes, nonPaged: pool) : nil
  }
}

extension WindowsKernel {
  /// Whether entries have an offset or parts of an address where those of other kernels have a whole one.
  var countsFromPools: Bool {
    layout(.prototype) != nil && field("ProtoAddress", in: .prototype) == nil
  }
}
