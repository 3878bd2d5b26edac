extension Scenario {
  /// `timeline:`, what happens to the machine, one step after the other.
  public struct Timeline: Sendable {
    /// Where the key `timeline` is.
    public var mark: SourceMark
    /// The steps, in their order.
    public var steps: [Step]
  }

  /// One item of `timeline:`.
  public struct Step: Sendable {
    /// Where the item starts.
    public var mark: SourceMark
    /// What is done.
    public var operation: Operation
    /// `process:`, who does it; the first process unless said.
    public var process: Located<ProcessReference>?
    /// `frames:`, the physical addresses of the frames that the step takes first, in this order.
    public var frames: [Located<UInt64>]
    /// `note:`, a sentence for the reader.
    public var note: Located<String>?
    /// `status:`, what the call returns or what the program is hit by; nil is not compared.
    public var status: Located<String>?
    /// `faults:`, how the faults of the step end, in order; nil is not compared.
    public var faults: [Located<String>]?
    /// `expect:`, what holds after the step.
    public var expectations: [Expectation]
  }

  /// What a step does; addresses are virtual, and both ends belong to a range.
  public enum Operation: Sendable, Hashable {
    // Either system.
    /// `read`, `write`, `execute`: accesses, one or a sequence of them.
    case access(AccessStatement)
    /// `exit`: the process ends.
    case exit

    // Windows.
    /// `reserve`: VirtualAlloc with MEM_RESERVE, and MEM_COMMIT where `commit` says so.
    case reserve(ClosedRange<UInt64>, Protection, isCommitted: Bool, isLarge: Bool)
    /// `commit`: VirtualAlloc with MEM_COMMIT.
    case commit(ClosedRange<UInt64>, Protection)
    /// `protect`: VirtualProtect.
    case protect(ClosedRange<UInt64>, Protection)
    /// `decommit`: VirtualFree with MEM_DECOMMIT.
    case decommit(ClosedRange<UInt64>)
    /// `free`: VirtualFree with MEM_RELEASE, of what begins at the address.
    case free(UInt64)
    /// `stack`: the stack of the process's thread, with so many pages committed below its top.
    case stack(ClosedRange<UInt64>, committed: UInt64)
    /// `create-section`: memory to be mapped by several processes.
    case createSection(SectionStatement)
    /// `map-view`: a view of a section, from a page of it on.
    case mapView(ClosedRange<UInt64>, section: String, page: UInt64, Protection)
    /// `unmap-view`: of the view that holds the address.
    case unmapView(UInt64)
    /// `trim`: pages leave the working set; all of them where no range is said.
    case trim(ClosedRange<UInt64>?)
    /// `write-modified`: the modified-page writer, for so many pages or all.
    case writeModified(count: UInt64?)
    /// `compress`: pages of the modified list go into the store, so many or all.
    case compress(count: UInt64?)
    /// `repurpose`: pages of the standby list lose their content, so many or all.
    case repurpose(count: UInt64?)
    /// `zero-pages`: the zero-page thread, for so many pages of the free list or all.
    case zeroPages(count: UInt64?)
    /// `lock` and `unlock`: VirtualLock and VirtualUnlock.
    case lock(ClosedRange<UInt64>, isLocked: Bool)
    /// `combine`: pages of the same content become one.
    case combine
    /// `create-process`.
    case createProcess(name: String, pid: UInt64)

    // Linux.
    /// `mmap`.
    case mmap(MmapStatement)
    /// `munmap`.
    case munmap(ClosedRange<UInt64>)
    /// `mprotect`.
    case mprotect(ClosedRange<UInt64>, Set<MemoryRight>)
    /// `madvise`.
    case madvise(ClosedRange<UInt64>, Advice)
    /// `mlock` and `munlock`.
    case mlock(ClosedRange<UInt64>, isLocked: Bool)
    /// `fork`: a child with copies on write.
    case fork(name: String, pid: UInt64)
    /// `create-file`: a file of so many bytes, on disk and not in memory.
    case createFile(name: String, size: UInt64)
    /// `swap-on`: a swap area of so many pages.
    case swapOn(pages: UInt64)
    /// `swap-out`: the pages of the range are reclaimed, and stay in the swap cache.
    case swapOut(ClosedRange<UInt64>)
    /// `drop-caches`: clean pages of the page cache and of the swap cache that nobody maps go.
    case dropCaches
    /// `split`: the huge page with the address becomes small ones.
    case split(UInt64)
    /// `numa-scan`: the pages of the range get no rights, so that the next access is noted.
    case numaScan(ClosedRange<UInt64>)
    /// `userfaultfd`: the range is registered.
    case userfaultfd(ClosedRange<UInt64>, Set<UserfaultMode>)
    /// `uffd-copy` and `uffd-zeropage`: the missing pages of a range are filled.
    case userfaultFill(ClosedRange<UInt64>, isZero: Bool)
    /// `uffd-protect` and `uffd-unprotect`.
    case userfaultProtect(ClosedRange<UInt64>, isProtected: Bool)
    /// `clear-refs`: the soft-dirty bits are cleared (4 written to /proc/PID/clear_refs).
    case clearRefs
  }
}

extension Scenario.Operation {
  /// The operating system that has the operation.
  public enum System: String, Sendable {
    /// Windows only.
    case windows = "Windows"
    /// Linux only.
    case linux = "Linux"
  }

  /// The only system that has the operation; nil where each does.
  public var system: System? {
    switch self {
    case .access, .exit: nil
    case .reserve, .commit, .protect, .decommit, .free, .stack, .createSection, .mapView,
      .unmapView, .trim, .writeModified, .compress, .repurpose, .zeroPages, .lock, .combine,
      .createProcess:
      .windows
    case .mmap, .munmap, .mprotect, .madvise, .mlock, .fork, .createFile, .swapOn, .swapOut,
      .dropCaches, .split, .numaScan, .userfaultfd, .userfaultFill, .userfaultProtect, .clearRefs:
      .linux
    }
  }
}
