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

  /// The statuses that a fault can come to.
  public static let ofFaults = [
    success, transition, demandZero, copyOnWrite, guardPage, pagingFile, guardPageViolation,
    accessViolation, inPageError, stackOverflow,
  ]
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

/// What calls of the memory manager return.
extension NTStatus {
  /// The protection of a locked page has become one that allows no access, and the page was unlocked.
  public static let wasUnlocked = NTStatus("STATUS_WAS_UNLOCKED", 0x4000_0017)
  /// A page that is to be locked was locked already.
  public static let wasLocked = NTStatus("STATUS_WAS_LOCKED", 0x4000_0019)
  /// A parameter is not valid.
  public static let invalidParameter = NTStatus("STATUS_INVALID_PARAMETER", 0xc000_000d)
  /// The second parameter of the call is not valid: the addresses are not a program's.
  public static let invalidParameter2 = NTStatus("STATUS_INVALID_PARAMETER_2", 0xc000_00f0)
  /// The third parameter is not valid: the range ends beyond a program's addresses.
  public static let invalidParameter3 = NTStatus("STATUS_INVALID_PARAMETER_3", 0xc000_00f1)
  /// The fourth parameter is not valid: that size, or a protection that the memory cannot have.
  public static let invalidParameter4 = NTStatus("STATUS_INVALID_PARAMETER_4", 0xc000_00f2)
  /// There are no addresses, or no memory, for what is wanted.
  public static let noMemory = NTStatus("STATUS_NO_MEMORY", 0xc000_0017)
  /// The addresses belong to something else, or to nothing.
  public static let conflictingAddresses = NTStatus("STATUS_CONFLICTING_ADDRESSES", 0xc000_0018)
  /// There is no view at the address.
  public static let notMappedView = NTStatus("STATUS_NOT_MAPPED_VIEW", 0xc000_0019)
  /// The range is larger than what was reserved.
  public static let unableToFree = NTStatus("STATUS_UNABLE_TO_FREE_VM", 0xc000_001a)
  /// The range is a view of a section.
  public static let unableToDeleteSection = NTStatus(
    "STATUS_UNABLE_TO_DELETE_SECTION", 0xc000_001b)
  /// The view is larger than the section.
  public static let invalidViewSize = NTStatus("STATUS_INVALID_VIEW_SIZE", 0xc000_001f)
  /// A page is not locked.
  public static let notLocked = NTStatus("STATUS_NOT_LOCKED", 0xc000_002a)
  /// A page is not committed.
  public static let notCommitted = NTStatus("STATUS_NOT_COMMITTED", 0xc000_002d)
  /// The protection is none, or not possible for the memory.
  public static let invalidPageProtection = NTStatus(
    "STATUS_INVALID_PAGE_PROTECTION", 0xc000_0045)
  /// The section does not allow the protection.
  public static let sectionProtection = NTStatus("STATUS_SECTION_PROTECTION", 0xc000_004e)
  /// There are not enough resources: no stretch of memory for a large page.
  public static let insufficientResources = NTStatus(
    "STATUS_INSUFFICIENT_RESOURCES", 0xc000_009a)
  /// The process may not keep so many pages in memory.
  public static let workingSetQuota = NTStatus("STATUS_WORKING_SET_QUOTA", 0xc000_00a1)
  /// A view does not begin at a multiple of 64 KiB, of the addresses or of its section.
  public static let mappedAlignment = NTStatus("STATUS_MAPPED_ALIGNMENT", 0xc000_0220)
  /// The address is not the first of what was reserved.
  public static let freeNotAtBase = NTStatus("STATUS_FREE_VM_NOT_AT_BASE", 0xc000_009f)
  /// A page of a section is committed already, or cannot be.
  public static let alreadyCommitted = NTStatus("STATUS_ALREADY_COMMITTED", 0xc000_0021)
  /// Nothing is reserved at the address.
  public static let memoryNotAllocated = NTStatus("STATUS_MEMORY_NOT_ALLOCATED", 0xc000_00a0)
  /// Memory and page files together have no room for the commitment.
  public static let commitmentLimit = NTStatus("STATUS_COMMITMENT_LIMIT", 0xc000_012d)
}

extension BugCheck {
  /// The names of those that end an access, and of that which ends a system without frames.
  public static let names = [
    "IRQL_NOT_LESS_OR_EQUAL", "ATTEMPTED_WRITE_TO_READONLY_MEMORY",
    "ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY", "PAGE_FAULT_IN_NONPAGED_AREA", "NO_PAGES_AVAILABLE",
  ]
}

extension NTStatus {
  /// All of them.
  public static let all: [NTStatus] = [
    .success, .transition, .demandZero, .copyOnWrite, .guardPage, .pagingFile,
    .guardPageViolation, .accessViolation, .inPageError, .stackOverflow, .invalidParameter,
    .noMemory, .conflictingAddresses, .notMappedView, .unableToFree, .unableToDeleteSection,
    .invalidViewSize, .notLocked, .notCommitted, .invalidPageProtection, .sectionProtection,
    .insufficientResources, .freeNotAtBase, .alreadyCommitted, .memoryNotAllocated,
    .commitmentLimit, .wasUnlocked, .wasLocked, .workingSetQuota, .mappedAlignment,
    .invalidParameter2, .invalidParameter3, .invalidParameter4,
  ]
}
