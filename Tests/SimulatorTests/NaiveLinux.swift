/// What Linux promises a program, and nothing of how: which pages there are, and what they hold.
///
/// No frames, no caches, no page tables: a page knows what was written to it, and a file or shared
/// memory what was written through any of its pages.
struct NaiveLinux {
  private struct Page {
    var isShared: Bool
    /// The file, or shared memory, and the page of it; nil of anonymous memory.
    var object: (number: Int, index: Int)?
    var canRead = true
    var canWrite: Bool
    var isLocked = false
    var isGuard = false
    /// Whether NUMA balancing may have taken the rights away since the last access.
    var isHinted = false
    /// What the cells of the process's own page may hold; nil where it has none of its own.
    var own: [Set<UInt8>]?
  }

  /// What madvise knows: `pageout` from 5.4 on, `populate-read` and `populate-write` from 5.14, guards from 6.13
  /// and in files from 6.15.
  let advice: Set<String>
  private static let file = 0

  private var pages: [Int: [Int: Page]] = [100: [:]]
  /// What was written to the cells of files and shared memory, and what was read from the file first.
  private var objects: [Int: [Int: UInt8]] = [:]
  private var lastObject = NaiveLinux.file

  init(advice: Set<String>) { self.advice = advice }

  /// The status of a step, or nil where it succeeds.
  mutating func status(_ pid: Int, _ step: LinuxStep) -> String? {
    switch step {
    case .mmap(let page, let count, let backing, let isWritable):
      return mmap(pid, page, count, backing, isWritable)
    case .munmap(let page, let count):
      for each in page..<page + count { pages[pid]?[each] = nil }
    case .mprotect(let page, let count, let rights):
      // The pages before a hole are changed all the same.
      let reached = known(pid, page, count)
      for each in reached {
        let couldWrite = pages[pid]?[each]?.canWrite == true
        pages[pid]?[each]?.canRead = !rights.isEmpty
        pages[pid]?[each]?.canWrite = rights.hasSuffix("write")
        if !couldWrite, pages[pid]?[each]?.isLocked == true { copyIfWritable(pid, each) }
      }
      return reached.count < count ? "ENOMEM" : nil
    case .madvise(let page, let count, let advice): return madvise(pid, page, count, advice)
    case .mlock(let page, let count, let isLocked): return mlock(pid, page, count, isLocked)
    case .read(let page): return read(pid, page)
    case .write(let page, let byte): return write(pid, page, byte)
    case .execute(let page):
      guard let status = read(pid, page) else { return "SIGSEGV" }
      return status
    case .range("numa-scan", let page, let count):
      for each in page..<page + count { pages[pid]?[each]?.isHinted = true }
    case .range, .plain: break
    case .exit: pages[pid] = nil
    case .fork(let child):
      pages[child] = pages[pid]?.mapValues { page in
        var page = page
        page.isLocked = false
        return page
      }
    }
    return nil
  }

  /// The most faults that an access may take before it is made or ends: one does all that there is to
  /// do, but for rights that are given back first, and for x86, which looks at the right to execute last.
  mutating func mostFaults(_ pid: Int, _ step: LinuxStep) -> Int? {
    let (page, isFetch): (Int, Bool)
    switch step {
    case .read(let target), .write(let target, _): (page, isFetch) = (target, false)
    case .execute(let target): (page, isFetch) = (target, true)
    default: return nil
    }
    defer { pages[pid]?[page]?.isHinted = false }
    return 1 + (pages[pid]?[page]?.isHinted == true ? 1 : 0) + (isFetch ? 1 : 0)
  }

  /// What may be found in a cell; anything in one of the file that nobody looked at.
  func bytes(_ pid: Int, _ page: Int, _ cell: Int) -> Set<UInt8> {
    guard let known = pages[pid]?[page] else { return [] }
    if let own = known.own { return own[cell] }
    guard let object = known.object else { return [0] }
    if let byte = objects[object.number]?[object.index * LinuxStep.cells + cell] { return [byte] }
    return object.number == Self.file ? Set(0...UInt8.max) : [0]
  }

  private func cells(_ pid: Int, _ page: Int) -> [Set<UInt8>] {
    (0..<LinuxStep.cells).map { bytes(pid, page, $0) }
  }

  /// A cell holds what a read has found.
  mutating func learn(_ pid: Int, _ page: Int, _ cell: Int, _ byte: UInt8) {
    guard let known = pages[pid]?[page] else { return }
    if known.own != nil {
      pages[pid]?[page]?.own?[cell] = [byte]
    } else if let object = known.object {
      objects[object.number, default: [:]][object.index * LinuxStep.cells + cell] = byte
    }
  }

  // MARK: - Steps

  private mutating func mmap(
    _ pid: Int, _ page: Int, _ count: Int, _ backing: LinuxStep.Backing, _ isWritable: Bool
  ) -> String? {
    guard (page..<page + count).allSatisfy({ pages[pid]?[$0] == nil }) else { return "EEXIST" }
    if backing == .shared { lastObject += 1 }
    for each in page..<page + count {
      let object: (Int, Int)? =
        switch backing {
        case .anonymous: nil
        case .shared: (lastObject, each - page)
        case .file, .sharedFile: (Self.file, page % 8 + each - page)
        }
      pages[pid, default: [:]][each] = Page(
        isShared: backing == .shared || backing == .sharedFile, object: object,
        canWrite: isWritable)
    }
    return nil
  }

  private mutating func madvise(
    _ pid: Int, _ page: Int, _ count: Int, _ advice: String
  ) -> String? {
    guard self.advice.contains(advice) else { return "EINVAL" }
    if advice.hasPrefix("populate") {
      return populate(pid, page, count, isWrite: advice == "populate-write")
    }
    for each in page..<page + count {
      guard let known = pages[pid]?[each] else { continue }
      if !["willneed", "guard-remove"].contains(advice), known.isLocked { return "EINVAL" }
      switch advice {
      case "dontneed" where !known.isShared: pages[pid]?[each]?.own = nil
      case "free":
        guard known.object == nil else { return "EINVAL" }
        // It is there as it was, or is zeros.
        pages[pid]?[each]?.own = known.own?.map { $0.union([0]) }
      case "guard-install":
        pages[pid]?[each]?.isGuard = true
        pages[pid]?[each]?.own = nil
      case "guard-remove": pages[pid]?[each]?.isGuard = false
      default: break
      }
    }
    return known(pid, page, count).count < count ? "ENOMEM" : nil
  }

  /// Pages are brought in up to the first that cannot be.
  private mutating func populate(
    _ pid: Int, _ page: Int, _ count: Int, isWrite: Bool
  ) -> String? {
    for each in page..<page + count {
      guard let known = pages[pid]?[each] else { return "ENOMEM" }
      guard isWrite ? known.canWrite : known.canRead else { return "EINVAL" }
      guard !known.isGuard, !isPastEnd(known) else { return "EFAULT" }
      if isWrite { copyIfWritable(pid, each) }
    }
    return nil
  }

  private mutating func mlock(
    _ pid: Int, _ page: Int, _ count: Int, _ isLocked: Bool
  ) -> String? {
    let reached = known(pid, page, count)
    for each in reached { pages[pid]?[each]?.isLocked = isLocked }
    guard reached.count == count else { return "ENOMEM" }
    guard isLocked else { return nil }
    // Pages are brought in one after the other, and those that may be written are copied at once.
    for each in reached {
      guard read(pid, each) == nil else { return "ENOMEM" }
      copyIfWritable(pid, each)
    }
    return nil
  }

  /// A locked page that may be written is the process's own at once.
  private mutating func copyIfWritable(_ pid: Int, _ page: Int) {
    guard let known = pages[pid]?[page], known.canWrite, !known.isShared, !known.isGuard,
      !isPastEnd(known)
    else { return }
    let own = cells(pid, page)
    pages[pid]?[page]?.own = own
  }

  private func read(_ pid: Int, _ page: Int) -> String? {
    guard let known = pages[pid]?[page], known.canRead, !known.isGuard else { return "SIGSEGV" }
    return isPastEnd(known) ? "SIGBUS" : nil
  }

  private mutating func write(_ pid: Int, _ page: Int, _ byte: UInt8) -> String? {
    guard let known = pages[pid]?[page], known.canWrite, !known.isGuard else { return "SIGSEGV" }
    guard !isPastEnd(known) else { return "SIGBUS" }
    let cell = LinuxStep.cell(of: byte)
    if known.isShared, let object = known.object {
      objects[object.number, default: [:]][object.index * LinuxStep.cells + cell] = byte
    } else {
      var own = cells(pid, page)
      own[cell] = [byte]
      pages[pid]?[page]?.own = own
    }
    return nil
  }

  private func isPastEnd(_ page: Page) -> Bool {
    guard page.own == nil, let object = page.object, object.number == Self.file else {
      return false
    }
    return object.index >= LinuxStep.filePages
  }

  /// The pages from one on, up to the first that is not there.
  private func known(_ pid: Int, _ page: Int, _ count: Int) -> Range<Int> {
    let end = (page..<page + count).first { pages[pid]?[$0] == nil }
    return page..<(end ?? page + count)
  }
}
