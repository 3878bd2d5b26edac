import Paging
import PhysicalMemory
import Testing
import WindowsMemory

/// What the kernel makes of faults, by status, cost and functions.
@Suite struct VerdictTests {
  private static let kernel = "windows-19041.508"

  struct Case: Sendable {
    let entry: UInt64
    let kind: Access.Kind
    let status: String?
    let cost: WindowsVerdict.Cost?
    let handler: [String]

    init(
      _ entry: UInt64, _ kind: Access.Kind, _ status: String?, _ cost: WindowsVerdict.Cost?,
      _ handler: String...
    ) {
      (self.entry, self.kind, self.status, self.cost) = (entry, kind, status, cost)
      self.handler = ["MmAccessFault"] + handler
    }
  }

  private static let violation = "STATUS_ACCESS_VIOLATION"
  private static let guardViolation = "STATUS_GUARD_PAGE_VIOLATION"

  /// Entries of user pages, by hand: protection is in bits 9:5.
  private static let cases: [Case] = [
    // Demand zero, reading and writing: the shortest way. Others are dispatched.
    Case(0x80, .write, "STATUS_PAGE_FAULT_DEMAND_ZERO", .soft, "MiResolveDemandZeroFault"),
    Case(0x80, .read, "STATUS_PAGE_FAULT_DEMAND_ZERO", .soft, "MiResolveDemandZeroFault"),
    Case(
      0x20, .read, "STATUS_PAGE_FAULT_DEMAND_ZERO", .soft, "MiDispatchFault",
      "MiResolveDemandZeroFault"),
    Case(0x20, .write, violation, .fatal), Case(0x80, .execute, violation, .fatal),
    // No access, and given back.
    Case(0x300, .read, violation, .fatal), Case(0x200, .read, violation, .fatal),
    // The guard goes first, even where the write would be refused.
    Case(0x220, .write, guardViolation, .fatal, "MiCheckForUserStackOverflow"),
    Case(0x280, .read, guardViolation, .fatal, "MiCheckForUserStackOverflow"),
    // Modifiers count wherever the page is: guard in transition and in a page file.
    Case(0x1234_5a80, .read, guardViolation, .fatal, "MiCheckForUserStackOverflow"),
    Case(0x777_0000_1284, .read, guardViolation, .fatal, "MiCheckForUserStackOverflow"),
    Case(
      0x1234_5880, .write, "STATUS_PAGE_FAULT_TRANSITION", .soft, "MiDispatchFault",
      "MiResolveTransitionFault"),
    Case(0x1234_5820, .write, violation, .fatal),
    Case(
      0x777_0000_1084, .read, "STATUS_PAGE_FAULT_PAGING_FILE", .hard, "MiDispatchFault",
      "MiResolvePageFileFault"),
    // No page file is a store unless that is known: file 2 is read.
    Case(
      0x777_0000_2084, .read, "STATUS_PAGE_FAULT_PAGING_FILE", .hard, "MiDispatchFault",
      "MiResolvePageFileFault"),
    // Valid, and refused by the processor. 0x825: writable to Windows, clean. 0x225: copy on write.
    Case(0x1234_5825, .write, "STATUS_SUCCESS", .soft),
    Case(0x1234_5225, .write, "STATUS_PAGE_FAULT_COPY_ON_WRITE", .soft, "MiCopyOnWrite"),
    Case(0x1234_5025, .write, violation, .fatal),
    Case(0x8000_0000_1234_5867, .execute, violation, .fatal),
    // The supervisor's page in user space.
    Case(0x1234_5861, .read, violation, .fatal),
    // Freed: protection 0 and something in the upper half.
    Case(0x777_0000_0000, .read, violation, .fatal),
    // A prototype entry that is not there.
    Case(0xf8a0_0123_4568_0400, .read, nil, nil, "MiDispatchFault", "MiResolveProtoPteFault"),
  ]

  @Test(arguments: Self.cases)
  func userFaults(_ test: Case) throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.setUser(0x3000, test.entry)
    let verdict = try sketch.verdict(try sketch.classifier(Self.kernel), 0x3000, test.kind)
    #expect(verdict.status?.name == test.status)
    #expect(verdict.cost == test.cost)
    #expect(verdict.handler == test.handler)
    #expect(verdict.bugCheck == nil)
  }

  @Test func anAccessThatIsMadeCostsNothing() throws {
    var sketch = WindowsSketch(.x86_64)
    // Bits 10 and 11 are software's: neither prototype nor transition.
    sketch.setUser(0x3000, 0x1234_5c67)
    let verdict = try sketch.verdict(try sketch.classifier(Self.kernel), 0x3000, .write)
    #expect(verdict.finding.state == .valid && verdict.finding.prototype == nil)
    #expect(verdict.cost == WindowsVerdict.Cost.none)
    #expect(verdict.handler.isEmpty && verdict.status == nil)
    #expect(verdict.finding.protection?.rawValue == 6)
  }

  @Test func aPageInAKnownStoreIsDecompressed() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.setUser(0x3000, 0x777_0000_2084)
    var system = try sketch.system(Self.kernel)
    system.virtualStore = 2
    let classifier = PageClassifier(system, try sketch.memory, sketch.paging)
    let verdict = try sketch.verdict(classifier, 0x3000)
    #expect(verdict.finding.content == .store(number: 2, key: 0x777))
    // Which status is reported is not established, and none is made up.
    #expect(verdict.cost == .soft && verdict.status == nil)
    #expect(verdict.rules.map(\.isUncertain).contains(true))
  }

  /// Without the thread nobody knows whether a guard is that of its stack.
  @Test func theStackOfTheThreadDecidesWhatAGuardMeans() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.setUser(0x3000, 0x280)
    var process = WindowsProcess(
      record: VirtualAddress(0), pid: 4, name: "", directoryTableBase: sketch.paging.cr3)
    let memory = try sketch.memory
    func verdict(_ stack: ThreadStack?) throws -> WindowsVerdict {
      process.stack = stack
      let system = try sketch.system(Self.kernel)
      return try sketch.verdict(
        PageClassifier(system, memory, sketch.paging, process: process), 0x3000)
    }
    let unknown = try verdict(nil)
    #expect(unknown.cases.map(\.status) == [.guardPage, .stackOverflow, .guardPageViolation])
    #expect(unknown.rules.contains { $0.isUncertain })
    let base = VirtualAddress(0x5000)
    for (lowest, status) in [(0x1000, NTStatus.guardPage), (0x2000, .stackOverflow)] {
      let known = try verdict(
        ThreadStack(allocationBase: VirtualAddress(UInt64(lowest)), base: base))
      #expect(known.status == status && known.cases.isEmpty)
    }
    let other = try verdict(ThreadStack.none)
    #expect(other.status == .guardPageViolation && other.cases.isEmpty)
  }

  /// A header without the patch level leaves open what entries that are not valid say.
  @Test func whatIsAssumedOfTheKernelMakesEntriesUncertain() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.setUser(0x3000, 0x1234_5880)
    sketch.setUser(0x4000, 0x80)
    var system = try sketch.system("windows-10240.16384")
    func uncertain(_ address: UInt64) throws -> Int {
      PageClassifier(system, try sketch.memory, sketch.paging)
        .finding(of: VirtualAddress(address)).rules.count { $0.isUncertain }
    }
    #expect(try uncertain(0x3000) == 0)
    system.isGenerationAssumed = true
    #expect(try uncertain(0x3000) == 1)
    system.origins[.invalidMask] = .init(.assumed, "the test")
    #expect(try uncertain(0x3000) == 2)
    // Zeros are zeros to every kernel.
    #expect(try uncertain(0x4000) == 0)
  }

  @Test func pageFilesReachBeyond4GiB() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.setUser(0x3000, 0xffff_fff0_0000_1084)
    let finding = try sketch.classifier(Self.kernel).finding(of: VirtualAddress(0x3abc))
    #expect(finding.content == .pageFile(number: 1, page: 0xffff_fff0))
    #expect(finding.content.byteOffset == 0xfff_ffff_0000)
  }

  /// Entries of system pages, and the bug check that ends the system.
  @Test(
    arguments: [
      (0, .read, 0x50, [0, nil, 0]), (0, .write, 0x50, [2, nil, 0]),
      (0, .execute, 0x50, [0x10, nil, 0]), (0x300, .read, 0x50, [0, nil, 1]),
      (0x200, .read, 0x50, [0, nil, 0]), (0x220, .read, 0x50, [0, nil, nil]),
      (0xffff_ffff_f000, .read, 0x50, [0, nil, 0]),
      (0x12_3121, .write, 0xbe, [0x12_3121, nil, nil]),
      (0x8000_0000_0012_3963, .execute, 0xfc, [0x8000_0000_0012_3963, nil, nil]),
    ] as [(UInt64, Access.Kind, UInt32, [UInt64?])])
  func systemFaults(entry: UInt64, kind: Access.Kind, code: UInt32, rest: [UInt64?]) throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.setKernel(0x5000, entry)
    let address = sketch.kernel(0x5010).rawValue
    let classifier = try sketch.classifier(Self.kernel)
    let verdict = try sketch.verdict(classifier, address, kind, as: .supervisor)
    #expect(verdict.bugCheck?.code == code)
    #expect(verdict.bugCheck?.arguments == [address] + rest)
    #expect(verdict.cost == .fatal && verdict.status == nil)
    // A program that tries gets an exception, and the system goes on.
    let program = try sketch.verdict(classifier, address, kind, as: .user)
    #expect(program.bugCheck == nil && program.status == .accessViolation)
  }

  /// The second argument of 0x50: of exception records before Windows 10, the error code from there on.
  @Test(
    arguments: [
      ("windows-9600.17031", .x86_64, [0, 1, 8]), ("windows-10240.16384", .x86_64, [0, 2, 0x10]),
      ("windows-10240.16384", .pae, [0, 2, 0x10]), ("windows-7601.17514", .pae, [0, 1, 8]),
      // Without NX a fetch is a read to the kernel, too.
      ("windows-2600.6419", .x86, [0, 1, 0]),
    ] as [(String, PagingMode, [UInt64])])
  func theAccessIsSaidByRelease(name: String, mode: PagingMode, expected: [UInt64]) throws {
    var sketch = WindowsSketch(mode)
    sketch.setKernel(0x5000, 0)
    let classifier = try sketch.classifier(name)
    let accesses = try [Access.Kind.read, .write, .execute].map { kind in
      try sketch.verdict(classifier, sketch.kernel(0x5000).rawValue, kind, as: .supervisor)
        .bugCheck?.arguments[1]
    }
    #expect(accesses == expected)
  }

  /// One crash of 19041 was 0x50; documentation, and crashes of other builds, have 0xFC.
  @Test(arguments: [
    ("windows-19041.508", 0x50 as UInt32), ("windows-17134.619", 0xfc), ("windows-22000.194", 0xfc),
  ])
  func aLargePageRefusesAFetch(name: String, code: UInt32) throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.setEntry(0x8a00_0000_0840_09e3, in: 0x3000, 0)
    let address = sketch.kernel(0x5010).rawValue
    let classifier = try sketch.classifier(name)
    let verdict = try sketch.verdict(classifier, address, .execute, as: .supervisor)
    #expect(verdict.bugCheck?.code == code && verdict.cost == .fatal)
    let isObserved = code == 0x50
    #expect(verdict.bugCheck?.arguments[1] == (isObserved ? 0x11 : 0x8a00_0000_0840_09e3))
    #expect(verdict.bugCheck?.arguments[3] == (isObserved ? 2 : nil))
    // Neither is sure, and the answer says so.
    #expect(verdict.rules.contains { $0.isUncertain && $0.text.contains("documentation") })
  }

  /// Windows writes no such entries for page tables: what becomes of an access is not made up.
  @Test(arguments: [0x200, 0x300, 0x4292_0000_0000, 0xf8a0_1000_0000_0400, 0x1_0000] as [UInt64])
  func tablesThatAreNeverThereAreMalformed(entry: UInt64) throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.setEntry(entry, in: WindowsSketch.userDirectory, 0)
    let verdict = try sketch.verdict(try sketch.classifier(Self.kernel), 0x3000)
    #expect(verdict.cost == .fatal && verdict.status == nil && verdict.bugCheck == nil)
    #expect(verdict.handler == ["MmAccessFault"])
    #expect(verdict.rules.contains { $0.isUncertain && $0.text.contains("is malformed") })
  }

  @Test func handlersAreKnownByName() throws {
    let known = FaultFunction.allCases.map(\.rawValue)
    for test in Self.cases {
      #expect(test.handler.allSatisfy(known.contains))
      #expect(test.status.map { NTStatus.ofFaults.map(\.name).contains($0) } ?? true)
    }
  }

  @Test func pagedPoolIsBroughtIn() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.setKernel(0x5000, 0x777_0000_1084)
    sketch.setKernel(0x6000, 0x12_3880)
    let classifier = try sketch.classifier(Self.kernel)
    let paged = try sketch.verdict(
      classifier, sketch.kernel(0x5000).rawValue, .read, as: .supervisor)
    #expect(paged.status == .pagingFile)
    let standby = try sketch.verdict(
      classifier, sketch.kernel(0x6000).rawValue, .write, as: .supervisor)
    #expect(standby.status == .transition)
  }

  @Test func anAbsentTableOfTheSystemEndsIt() throws {
    let sketch = WindowsSketch(.x86_64)
    let verdict = try sketch.verdict(
      try sketch.classifier(Self.kernel), 0xffff_c000_0000_0000, .read, as: .supervisor)
    #expect(verdict.bugCheck?.arguments == [0xffff_c000_0000_0000, 0, nil, 2])
  }

  @Test func systemPagesAreBroughtInBeforeTheirProtectionRefuses() throws {
    var sketch = WindowsSketch(.x86_64)
    sketch.setKernel(0x5000, 0x12_3820)
    let classifier = try sketch.classifier(Self.kernel)
    for (kind, check) in [(Access.Kind.write, "0xBE"), (.execute, "0xFC")] {
      let verdict = try sketch.verdict(
        classifier, sketch.kernel(0x5000).rawValue, kind, as: .supervisor)
      #expect(verdict.status == .transition && verdict.bugCheck == nil)
      #expect(verdict.rules.contains { $0.text.contains(check) }, "\(kind)")
    }
  }

  @Test func kernelRootsRefuseExecutionToAllOfUserSpace() throws {
    // KVA shadow: the PML4 entry has NX, the leaf has not. Programs run by another root.
    var sketch = WindowsSketch(.x86_64)
    sketch.setEntry(0x8a00_0000_0000_5867, in: WindowsSketch.root, 0)
    sketch.setUser(0x3000, 0x0100_0000_1234_5025)
    sketch.setUser(0x4000, 0x8100_0000_1234_6025)
    let classifier = try sketch.classifier(Self.kernel, userRoot: 0x9000)
    let code = try sketch.verdict(classifier, 0x3000, .execute)
    #expect(code.cost == WindowsVerdict.Cost.none && code.status == nil)
    #expect(code.finding.protection?.rawValue == 3)
    let data = try sketch.verdict(classifier, 0x4000, .execute)
    #expect(data.status == .accessViolation)
    let kernel = try sketch.verdict(classifier, 0x3000, .execute, as: .supervisor)
    #expect(kernel.bugCheck?.code == 0xfc)
  }

  @Test func withoutNXEveryReadablePageIsExecutable() throws {
    var sketch = WindowsSketch(.x86)
    sketch.setUser(0x3000, 0x20)
    let verdict = try sketch.verdict(try sketch.classifier("windows-2600.6419"), 0x3000, .execute)
    #expect(verdict.status == .demandZero)
  }
}
