/// The functions of the kernel that verdicts name.
public enum FaultFunction: String, CaseIterable, Sendable {
  /// Called with every page fault.
  case accessFault = "MmAccessFault"
  /// Called with every general-protection exception.
  case generalProtection = "KiGeneralProtectionFault"
  /// Looks the address up in the VADs.
  case checkVirtualAddress = "MiCheckVirtualAddress"
  /// Takes a guard away, and finds out whether it was a stack's.
  case checkForUserStackOverflow = "MiCheckForUserStackOverflow"
  /// Gives a process a copy of its own.
  case copyOnWrite = "MiCopyOnWrite"
  /// Chooses among those that bring a page in.
  case dispatchFault = "MiDispatchFault"
  /// Goes by a prototype entry.
  case resolveProtoPteFault = "MiResolveProtoPteFault"
  /// Fills a page with zeros.
  case resolveDemandZeroFault = "MiResolveDemandZeroFault"
  /// Takes a page that still is in memory.
  case resolveTransitionFault = "MiResolveTransitionFault"
  /// Reads a page file.
  case resolvePageFileFault = "MiResolvePageFileFault"
  /// Reads a mapped file.
  case resolveMappedFileFault = "MiResolveMappedFileFault"
}
