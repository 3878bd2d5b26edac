import BitLayout

extension PTEReading {
  /// What is not certain about the reading besides the kernel's layouts, or nil.
  public func caveat(on kernel: WindowsKernel) -> String? {
    switch (state, kernel.format) {
    case (.prototype, .x86) where kernel.layout(.prototype)?.field(named: "WhichPool") != nil:
      return "the address supposes that prototype entries start at 0xe1000000, where the paged pool"
        + " usually starts"
    case (.subsection, .x86) where kind == .nothing:
      return "how this kernel makes an address of the two fields is not known"
    case (.subsection, .x86) where kind == .subsectionOffset:
      return "where the pool starts that the offset counts from is not known"
    case (.subsection, .x86) where kernel.layout(.subsection)?.field(named: "WhichPool") == nil:
      return "the address supposes that the two fields hold its bits 31 to 2, which nobody has"
        + " published"
    case (.prototypeVAD, .arm64): return "that arm64 has the value of x64 for this is an assumption"
    case (.virtualStore, _): return "what the key means to the store is not known"
    default: return nil
    }
  }
}
