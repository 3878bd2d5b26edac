/// What the header of a Windows crash dump says of the kernel, as far as somebody has set it.
public struct WindowsDumpHeader: Hashable, Sendable {
  /// MinorVersion: the build number; the patch level is not recorded.
  public var build: Int?
  /// PsActiveProcessHead: the address of the head of the list of processes.
  public var processList: UInt64?
  /// PfnDataBase: the address of the first entry of the PFN database.
  public var pfnDatabase: UInt64?

  /// Describes a kernel.
  public init(build: Int? = nil, processList: UInt64? = nil, pfnDatabase: UInt64? = nil) {
    self.build = build
    self.processList = processList
    self.pfnDatabase = pfnDatabase
  }
}
