/// What calls do.
extension NaiveWindows {
  func reserve(
    _ pages: Range<Int>, isCommitted: Bool, _ process: inout Process
  ) -> String? {
    guard process.add(Area(pages: pages)) else { return "STATUS_CONFLICTING_ADDRESSES" }
    for page in pages { process.pages[page] = Page(isCommitted: isCommitted) }
    return nil
  }

  mutating func commit(
    _ pages: Range<Int>, _ text: String, _ process: inout Process
  ) -> String? {
    guard let area = process.area(of: pages) else { return "STATUS_CONFLICTING_ADDRESSES" }
    let protection = Protection(text)
    if let section = area.section {
      guard section != .data else { return "STATUS_ALREADY_COMMITTED" }
      guard area.allows(protection) else { return "STATUS_SECTION_PROTECTION" }
    }
    for page in pages {
      if let shown = process.pages[page]?.shown, sections[shown.section]?[shown.page] == nil {
        sections[shown.section]?[shown.page] = 0
      }
      process.pages[page]?.isCommitted = true
    }
    set(area.granted(protection), of: pages, &process)
    return nil
  }

  func set(_ protection: Protection, of pages: Range<Int>, _ process: inout Process) {
    for page in pages {
      process.pages[page]?.protection = protection
      // Of its own copy nobody needs another.
      if protection.isCopied, process.pages[page]?.shown == nil {
        process.pages[page]?.protection.word = "READWRITE"
      }
      if protection.isNeverInMemory { process.pages[page]?.isLocked = false }
    }
  }

  func isCommitted(_ page: Int, _ process: Process) -> Bool {
    guard let page = process.pages[page] else { return false }
    return page.shown.map { sections[$0.section]?[$0.page] != nil } ?? page.isCommitted
  }

  func protect(
    _ pages: Range<Int>, _ protection: Protection, _ process: inout Process
  ) -> String? {
    guard let area = process.area(of: pages) else { return "STATUS_CONFLICTING_ADDRESSES" }
    guard area.section != nil || !protection.isCopied else { return "STATUS_INVALID_PARAMETER_4" }
    guard pages.allSatisfy({ isCommitted($0, process) }) else { return "STATUS_NOT_COMMITTED" }
    guard area.allows(protection) else { return "STATUS_SECTION_PROTECTION" }
    set(area.granted(protection), of: pages, &process)
    return nil
  }

  func decommit(_ pages: Range<Int>, _ process: inout Process) -> String? {
    guard let area = process.area(of: pages.lowerBound) else {
      return "STATUS_MEMORY_NOT_ALLOCATED"
    }
    guard area.pages.contains(pages.upperBound - 1) else { return "STATUS_UNABLE_TO_FREE_VM" }
    guard area.section == nil else { return "STATUS_UNABLE_TO_DELETE_SECTION" }
    for page in pages { process.pages[page] = Page() }
    return nil
  }

  func map(
    _ section: RandomStep.Section, from first: Int, at pages: Range<Int>,
    _ protection: Protection, _ process: inout Process
  ) -> String? {
    guard first % RandomStep.block == 0 else { return "STATUS_MAPPED_ALIGNMENT" }
    guard first + pages.count <= section.pageCount else { return "STATUS_INVALID_VIEW_SIZE" }
    guard section != .fixed || !protection.isWritten else { return "STATUS_SECTION_PROTECTION" }
    guard process.add(Area(pages: pages, section: section, protection: protection)) else {
      return "STATUS_CONFLICTING_ADDRESSES"
    }
    for (index, page) in pages.enumerated() {
      process.pages[page] = Page(
        isCommitted: true, protection: protection, shown: (section, first + index))
    }
    return nil
  }
}

/// What accesses do.
extension NaiveWindows {
  mutating func access(
    _ page: Int, _ access: Access, _ process: inout Process
  ) -> String? {
    while true {
      guard isCommitted(page, process), let known = process.pages[page] else {
        return "STATUS_ACCESS_VIOLATION"
      }
      guard known.protection.isGuarded else {
        return known.protection.allows(access) ? nil : "STATUS_ACCESS_VIOLATION"
      }
      process.pages[page]?.protection.isGuarded = false
      guard let stack = process.stack, stack.contains(page) else {
        return "STATUS_GUARD_PAGE_VIOLATION"
      }
      // The lowest page of a stack is never used.
      guard page >= stack.lowerBound + 2 else { return "STATUS_STACK_OVERFLOW" }
      _ = commit(page - 1..<page, "[GUARD, READWRITE]", &process)
    }
  }

  mutating func write(
    _ page: Int, _ byte: UInt8, isFiltered: Bool, _ process: inout Process
  ) -> String? {
    var status = access(page, .write, &process)
    if isFiltered, status == "STATUS_ACCESS_VIOLATION",
      commit(page..<page + 1, "READWRITE", &process) == nil
    {
      status = access(page, .write, &process)
    }
    guard status == nil, let known = process.pages[page] else { return status }
    if let shown = known.shown, !known.protection.isCopied {
      sections[shown.section]?[shown.page] = byte
    } else {
      process.pages[page]?.byte = byte
      process.pages[page]?.shown = nil
      if known.protection.isCopied { process.pages[page]?.protection.word = "READWRITE" }
    }
    return nil
  }

  mutating func lock(
    _ pages: Range<Int>, isLocked: Bool, _ process: inout Process
  ) -> String? {
    guard isLocked else {
      guard pages.allSatisfy({ process.pages[$0]?.isLocked ?? false }) else {
        return "STATUS_NOT_LOCKED"
      }
      for page in pages { process.pages[page]?.isLocked = false }
      return nil
    }
    for page in pages { if let status = access(page, .read, &process) { return status } }
    for page in pages {
      // A stack has grown into a page that was touched before: it is touched again.
      if process.pages[page]?.protection.isGuarded ?? false,
        let status = access(page, .read, &process)
      {
        return status
      }
      process.pages[page]?.isLocked = true
    }
    return nil
  }
}
