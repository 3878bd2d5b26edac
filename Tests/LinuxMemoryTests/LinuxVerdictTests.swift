import LinuxMemory
import Paging
import PhysicalMemory
import TestSupport
import Testing

/// What Linux makes of accesses, where the areas are known and where they are not.
@Suite struct LinuxVerdictTests {
  private static let page: UInt64 = 0x40_0000

  /// The verdict on an access to a page whose entry is the one in question.
  private static func verdict(
    _ entry: UInt64, _ kind: Access.Kind = .read, as who: Access.Privilege = .user,
    areas: [MemoryArea]?, _ version: LinuxVersion = LinuxVersion(6, 1),
    options: LinuxOptions? = nil, address: UInt64 = page + 8
  ) throws -> LinuxVerdict {
    var sketch = TableSketch()
    sketch.put(0x2067, in: 0x1000, at: 0)
    sketch.put(0x3067, in: 0x2000, at: 0)
    sketch.put(0x4067, in: 0x3000, at: 2)
    sketch.put(entry, in: 0x4000, at: 0)
    let state = PagingState(mode: .x86_64, cr3: 0x1000)
    let memory = try sketch.memory
    let kernel = try LinuxKernel(version, .x64, options: options)
    let classifier = LinuxClassifier(
      LinuxSystem(kernel, foundBy: "a test"), memory, state, areas: areas.map { MemoryAreas($0) })
    let access = Access(kind, as: who)
    let result = state.access(VirtualAddress(address), access, in: memory)
    return classifier.verdict(on: VirtualAddress(address), access, result)
  }

  private static func area(
    _ flags: MemoryArea.Flags, file: String? = nil, device: UInt64 = 8
  ) -> MemoryArea {
    MemoryArea(
      start: page, end: page + 0x2000, flags: flags, deviceMajor: file == nil ? 0 : device,
      inode: file == nil ? 0 : 7, path: file ?? "")
  }

  /// Entries of Linux 6.1, with the last function of the path: entry, access, area, function, cost,
  /// signal.
  private static let paths: [(UInt64, Access.Kind, MemoryArea, String, FaultCost, LinuxSignal?)] = [
    (0, .read, area([.read, .write]), "do_anonymous_page", .soft, nil),
    (0, .write, area([.read]), "bad_area_access_error", .fatal, .accessError),
    // Reading an area that may only be written: x86 cannot refuse it.
    (0, .read, area([.write]), "do_anonymous_page", .soft, nil),
    (0, .read, area([]), "bad_area_access_error", .fatal, .accessError),
    (0, .read, area([.read], file: "/f"), "do_read_fault", .hard, nil),
    (0, .write, area([.read, .write], file: "/f"), "do_cow_fault", .hard, nil),
    (0, .write, area([.read, .write, .shared], file: "/f"), "do_shared_fault", .hard, nil),
    (0, .read, area([.read], file: "/f", device: 0), "do_read_fault", .soft, nil),
    (0, .read, area([.read], file: "/dev/vdb", device: 0), "do_read_fault", .hard, nil),
    (0, .write, area([.read, .write, .hugePages], file: "/h"), "hugetlb_no_page", .soft, nil),
    (0, .read, area([.read, .userfaultMissing]), "handle_userfault", .soft, nil),
    // Read-only and used: 0x5025.
    (0x5025, .write, area([.read, .write]), "do_wp_page", .soft, nil),
    (0x5025, .write, area([.read]), "bad_area_access_error", .fatal, .accessError),
    // The same with uffd-wp, bit 10.
    (
      0x5425, .write, area([.read, .write, .userfaultWriteProtect]), "handle_userfault", .soft, nil
    ),
    (0x0fff_ffff_fffd_d40e, .read, area([.read]), "do_swap_page", .hard, nil),
    (0xd7ff_ffff_ffc2_5200, .read, area([.read]), "do_sigbus", .fatal, .memoryError),
    (0xefff_ffff_ffdb_9600, .read, area([.read]), "migration_entry_wait", .soft, nil),
    (0xf_ffff_fcfb_c960, .read, area([.read]), "do_numa_page", .soft, nil),
    (0xf_ffff_fcfb_c960, .read, area([]), "bad_area_access_error", .fatal, .accessError),
    // Type 31 of 6.1: a page that could not be read from swap.
    (0xffff_ffff_ffff_fe00, .read, area([.read]), "do_sigbus", .fatal, .addressError),
  ]

  @Test(arguments: paths.indices)
  func entryAndAreaDecideThePath(index: Int) throws {
    let (entry, kind, area, function, cost, signal) = Self.paths[index]
    let verdict = try Self.verdict(entry, kind, areas: [area])
    #expect(verdict.handler.first == "do_user_addr_fault")
    #expect(verdict.handler.last == function)
    #expect(verdict.cost == cost)
    #expect(verdict.signal == signal)
    #expect(verdict.cases.isEmpty)
  }

  @Test func withoutAreasEachKindIsACase() throws {
    let nothing = try Self.verdict(0, areas: nil)
    #expect(nothing.cost == nil && nothing.signal == nil)
    #expect(
      nothing.cases.map { $0.handler.last } == [
        "do_anonymous_page", "do_read_fault", "bad_area_access_error", "bad_area",
      ])
    #expect(nothing.cases.map(\.signal) == [nil, nil, .accessError, .mapError])
    // An entry about a page elsewhere shows that there is an area.
    let swapped = try Self.verdict(0x0fff_ffff_fffd_d40e, areas: nil)
    #expect(swapped.handler.last == "do_swap_page" && swapped.cost == .hard)
    #expect(swapped.costIfCached == .soft)
    #expect(swapped.cases.map(\.cost) == [.hard, .fatal])
    let hidden = try Self.verdict(0xf_ffff_fcfb_c960, areas: nil)
    #expect(hidden.finding.state == .protnone && hidden.cost == nil)
    #expect(hidden.cases.map { $0.handler.last } == ["do_numa_page", "bad_area_access_error"])
  }

  @Test func fetchesFromWhatIsNotThereAreRefusedTheSecondTime() throws {
    let verdict = try Self.verdict(0, .execute, areas: [Self.area([.read, .write])])
    #expect(verdict.handler.suffix(2) == ["do_anonymous_page", "bad_area_access_error"])
    #expect(verdict.signal == .accessError)
    let allowed = try Self.verdict(0, .execute, areas: [Self.area([.read, .execute])])
    #expect(allowed.signal == nil && allowed.cost == .soft)
  }

  @Test func functionsHaveTheNamesOfTheirVersion() throws {
    let area = Self.area([.read], file: "/f")
    func handler(_ version: LinuxVersion) throws -> [String] {
      try Self.verdict(0, areas: [area], version).handler
    }
    #expect(try handler(LinuxVersion(4, 9)).first == "__do_page_fault")
    #expect(
      try handler(LinuxVersion(3, 10)) == [
        "__do_page_fault", "handle_mm_fault", "handle_pte_fault", "do_linear_fault", "__do_fault",
      ])
    #expect(try handler(LinuxVersion(6, 6)).contains("do_pte_missing"))
    #expect(try !handler(LinuxVersion(6, 1)).contains("do_pte_missing"))
  }

  @Test func markersOfLaterKernelsAreMistakesOrBrokenMemory() throws {
    let areas = [Self.area([.read, .write])]
    // Markers of 6.13 with Debian's configuration: the last type, 31; poisoned is 2, guard is 4.
    func verdict(_ markers: UInt64, _ version: LinuxVersion) throws -> LinuxVerdict {
      let kernel = try LinuxKernel(version, .x64)
      let type = try #require(kernel.swapTypes.type(of: .marker))
      let entry = try #require(kernel.swapEntry.entry(type: type, offset: markers))
      return try Self.verdict(entry, areas: areas, version)
    }
    #expect(try verdict(2, LinuxVersion(6, 6)).signal == .memoryError)
    #expect(try verdict(2, LinuxVersion(6, 2)).signal == .addressError)
    #expect(try verdict(4, LinuxVersion(6, 13)).signal == .mapError)
    #expect(try verdict(1, LinuxVersion(6, 13)).cost == .soft)
  }

  @Test func theKernelsOwnAccessesEndInTheExceptionTableOrAnOops() throws {
    let none = try Self.verdict(0, as: .supervisor, areas: [])
    #expect(none.signal == nil && none.oops == .unlessFixedUp)
    #expect(none.handler.last == "kernelmode_fixup_or_oops")
    let fetched = try Self.verdict(0, .execute, as: .supervisor, areas: [])
    #expect(fetched.oops == .certain)
    let resolved = try Self.verdict(
      0, .write, as: .supervisor, areas: [Self.area([.read, .write])])
    #expect(resolved.oops == nil && resolved.cost == .soft)
    let own = try Self.verdict(0, as: .supervisor, areas: [], address: 0xffff_8880_0000_0000)
    #expect(own.oops == .unlessFixedUp && own.handler.first == "do_kern_addr_fault")
    let program = try Self.verdict(0, areas: [], address: 0xffff_8880_0000_0000)
    #expect(program.signal == .mapError)
  }

  @Test func aStackGrowsWithinItsLimitAndKeepsItsDistance() throws {
    var stack = MemoryArea(
      start: 0x80_0000, end: 0x90_0000, flags: [.read, .write, .growsDown], path: "[stack]")
    #expect(try Self.verdict(0, areas: [stack]).cost == .soft)
    #expect(try Self.verdict(0, areas: [stack]).handler.contains("expand_stack"))
    // 256 pages below the new start nothing may be accessible.
    let below = MemoryArea(start: 0x30_1000, end: 0x30_2000, flags: [.read])
    #expect(try Self.verdict(0, areas: [below, stack]).signal == .mapError)
    let farther = MemoryArea(start: 0x2f_f000, end: 0x30_0000, flags: [.read])
    #expect(try Self.verdict(0, areas: [farther, stack]).signal == nil)
    stack.start = 0x1000_0000
    stack.end = 0x1001_0000
    #expect(try Self.verdict(0, areas: [stack]).signal == .mapError)
  }

  @Test func whatIsCachedDecidesBetweenMinorAndMajor() throws {
    var sketch = TableSketch()
    sketch.put(0x2067, in: 0x1000, at: 0)
    sketch.put(0x3067, in: 0x2000, at: 0)
    sketch.put(0x4067, in: 0x3000, at: 2)
    sketch.put(0x0fff_ffff_fffd_d40e, in: 0x4000, at: 0)  // type 1, offset 0x115
    let state = PagingState(mode: .x86_64, cr3: 0x1000)
    let memory = try sketch.memory
    var system = LinuxSystem(try LinuxKernel(LinuxVersion(6, 1), .x64), foundBy: "a test")
    func verdict() -> LinuxVerdict {
      let classifier = LinuxClassifier(
        system, memory, state, areas: MemoryAreas([Self.area([.read])]))
      let address = VirtualAddress(Self.page)
      let access = Access(.read, as: .user)
      return classifier.verdict(on: address, access, state.access(address, access, in: memory))
    }
    #expect(verdict().cost == .hard && verdict().costIfCached == .soft)
    system.caches.knownAreas = [1]
    #expect(verdict().cost == .hard && verdict().costIfCached == nil)
    system.caches.swapped = [PageCaches.SwapPlace(type: 1, offset: 0x115)]
    #expect(verdict().cost == .soft)
  }

  /// The page is brought in before VM_EXEC is looked at: two faults, of which the second has P=1.
  @Test func aFetchFromAnAreaThatIsNotExecutableFaultsTwice() throws {
    let verdict = try Self.verdict(0, .execute, areas: [Self.area([.read, .write])])
    let second = try #require(verdict.secondFault)
    #expect(second.firstCost == .soft)
    #expect(verdict.handler.prefix(second.firstCount).last == "do_anonymous_page")
    #expect(second.handler == ["do_user_addr_fault", "bad_area_access_error"])
    #expect(second.errorCode == [.protection, .user, .instruction])
    #expect(verdict.signal == .accessError)
    let once = [
      try Self.verdict(0, .execute, areas: [Self.area([.read, .execute])]),
      try Self.verdict(0, .read, areas: [Self.area([.read])]),
      try Self.verdict(0x5025, .write, areas: [Self.area([.read])]),
    ]
    #expect(once.allSatisfy { $0.secondFault == nil })
  }
}
