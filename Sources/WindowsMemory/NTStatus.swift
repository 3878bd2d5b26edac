/// A status that the memory manager returns from a fault, or raises as an exception.
public struct NTStatus: Hashable, Sendable {
  /// The name: `STATUS_ACCESS_VIOLATION`.
  public let name: String
  /// The value.
  public let code: UInt32

  private init(_ name: String, _ code: UInt32) {
    self.name = name
    self.code = code
  }

  /// The fault was resolved, or there was none to resolve.
  public static let success = NTStatus("STATUS_SUCCESS", 0)
  /// The page was still in memory.
  public static let transition = NTStatus("STATUS_PAGE_FAULT_TRANSITION", 0x110)
  /// The page was filled with zeros.
  public static let demandZero = NTStatus("STATUS_PAGE_FAULT_DEMAND_ZERO", 0x111)
  /// A private copy was made.
  public static let copyOnWrite = NTStatus("STATUS_PAGE_FAULT_COPY_ON_WRITE", 0x112)
  /// The stack was extended.
  public static let guardPage = NTStatus("STATUS_PAGE_FAULT_GUARD_PAGE", 0x113)
  /// The page was read from a page file or from another file.
  public static let pagingFile = NTStatus("STATUS_PAGE_FAULT_PAGING_FILE", 0x114)
  /// The guard of a page that is no stack's was touched.
  public static let guardPageViolation = NTStatus("STATUS_GUARD_PAGE_VIOLATION", 0x8000_0001)
  /// The access is not allowed.
  public static let accessViolation = NTStatus("STATUS_ACCESS_VIOLATION", 0xc000_0005)
  /// The page cannot be read.
  public static let inPageError = NTStatus("STATUS_IN_PAGE_ERROR", 0xc000_0006)
  /// There is no room to extend the stack.
  public static let stackOverflow = NTStatus("STATUS_STACK_OVERFLOW", 0xc000_00fd)
}

/// A bug check: the end of the system.
public struct BugCheck: Hashable, Sendable {
  /// The name: `PAGE_FAULT_IN_NONPAGED_AREA`.
  public let name: String
  /// The code.
  public let code: UInt32
  /// The four arguments; nil where an argument depends on what is not known here.
  public let arguments: [UInt64?]

  init(_ name: String, _ code: UInt32, _ arguments: [UInt64?]) {
    self.name = name
    self.code = code
    self.arguments = arguments
  }
}
