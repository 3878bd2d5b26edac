import LinuxMemory
import Paging
import PhysicalMemory
import TestSupport
import Testing

/// Processes of a dump of Linux from the dump alone.
@Suite struct LinuxSearchTests {
  private static let roots: [PhysicalAddress?] = [
    PhysicalAddress(0x8000), nil, PhysicalAddress(0xa000),
  ]

  @Test(arguments: [true, false]) func tasksAreFoundWithAndWithoutTypes(hasTypes: Bool) throws {
    let findings = try #require(try LinuxSketch(hasTypes: hasTypes).findings())
    #expect(findings.release == "6.1.0-test")
    #expect(findings.processes.map(\.pid) == [1, 2, 300])
    #expect(findings.processes.map(\.name) == ["init", "kthreadd", "fifteen letters"])
    #expect(findings.processes.map(\.root) == Self.roots)
    #expect(findings.problem == nil && !findings.isIsolated)
    #expect(
      findings.layoutSource?.hasPrefix(hasTypes ? "BTF at 0xffffffff81002008" : "inferred") == true)
    let record = VirtualAddress(LinuxSketch.image + LinuxSketch.offset(ofTask: 1))
    #expect(findings.processes[0].record == (hasTypes ? record : nil))
    #expect(findings.processes[0].nameAddress == record.advanced(by: 0x70))
  }

  /// Only the kernel's types say where `real_parent` is; a parent that cannot be read is not known.
  @Test func parentsAreKnownWhereTypesAre() throws {
    let findings = try #require(try LinuxSketch().findings())
    #expect(findings.processes.map(\.parent) == [0, 0, 1])
    let untyped = try #require(try LinuxSketch(hasTypes: false).findings())
    #expect(untyped.processes.map(\.parent) == [nil, nil, nil])
    var sketch = LinuxSketch()
    sketch.putWord(0, at: LinuxSketch.offset(ofTask: 3) + LinuxSketch.parents.task)
    let lost = try #require(try sketch.findings())
    #expect(lost.processes.map(\.parent) == [0, 0, nil] && lost.problem == nil)
  }

  @Test func aListThatLoopsEnds() throws {
    var sketch = LinuxSketch()
    let second = LinuxSketch.image + LinuxSketch.offset(ofTask: 2) + LinuxSketch.fields.tasks
    sketch.putWord(second, at: LinuxSketch.offset(ofTask: 3) + LinuxSketch.fields.tasks)
    // The list before the swapper is whole still, so that it is taken for one.
    let findings = try #require(try sketch.findings())
    #expect(findings.swapper == nil || findings.problem?.contains("comes back") == true)
  }

  @Test func aTaskThatIsNotInTheImageEndsTheList() throws {
    var sketch = LinuxSketch()
    sketch.tables.removeFrame(LinuxSketch.place + LinuxSketch.offset(ofTask: 2))
    let findings = try #require(try sketch.findings())
    #expect(findings.processes.map(\.pid) == [1])
    #expect(findings.problem?.contains("the image does not hold 0x112") == true)
  }

  @Test(arguments: [true, false]) func areasAreReadFromTreeAndList(hasTree: Bool) throws {
    let findings = try #require(try LinuxSketch(hasTree: hasTree).findings())
    let areas = try #require(findings.areaReader?.areas(ofProcess: 1)).areas
    #expect(areas.map(\.start) == [0x1000, 0x7000] && areas.map(\.end) == [0x3000, 0x9000])
    #expect(areas.map(\.permissions) == ["rw-p", "r-xs"])
    #expect(areas.map { $0.flags.contains(.softDirty) } == [true, false])
    // kthreadd has none.
    #expect(findings.areaReader?.areas(ofProcess: 2) == nil)
  }

  /// A list that comes back, and a tree whose node leads to itself.
  @Test(arguments: [true, false]) func areasThatLoopAreNone(hasTree: Bool) throws {
    var sketch = LinuxSketch(hasTree: hasTree)
    if hasTree {
      sketch.putWord(LinuxSketch.image + 0x5_1000 | 2 << 3 | 4, at: 0x5_1000 + 136)
    } else {
      sketch.putWord(LinuxSketch.image + 0x5_0000, at: 0x5_0100 + 16)
    }
    let findings = try #require(try sketch.findings())
    #expect(findings.areaReader != nil && findings.areaReader?.areas(ofProcess: 1) == nil)
  }

  @Test func withoutTasksRootsAreThoseWithTheKernelsHalf() throws {
    var sketch = LinuxSketch()
    sketch.putWord(0, at: LinuxSketch.offset(ofTask: 0) + LinuxSketch.fields.name)
    let findings = try #require(try sketch.findings())
    #expect(findings.processes.isEmpty && findings.problem?.contains("no task_struct") == true)
    #expect(findings.scanned.map(\.table) == [0x1000, 0x8000, 0xa000].map { PhysicalAddress($0) })
    #expect(findings.scanned.allSatisfy { ($0.equal, $0.count) == (1, 1) })
  }

  /// The user's half of a pair has no kernel to speak of, and its register is the one in use.
  @Test func isolatedRootsAreFoundInPairs() throws {
    var sketch = LinuxSketch()
    for (root, entry) in [(0x8000 as UInt64, 0x6007 as UInt64), (0xa000, 0x8007)] {
      sketch.tables.put(entry | 1 << 63, in: root, at: 0)
      sketch.tables.put(entry, in: root + 0x1000, at: 0)
    }
    let findings = try #require(try sketch.findings(register: 0x9801))
    #expect(findings.kernelRoot.register == 0x8801)
    #expect(findings.kernelRoot.source == "kernel root beside that of test")
    #expect(findings.isIsolated)
    #expect(findings.userRoot(of: PhysicalAddress(0xa000)) == PhysicalAddress(0xb000))
  }

  /// One process whose pages differ in the two roots: these are no pairs.
  @Test func rootsThatDifferAreNoPairs() throws {
    var sketch = LinuxSketch()
    sketch.tables.put(0x6007, in: 0x9000, at: 0)
    sketch.tables.put(0x7007, in: 0xb000, at: 0)
    let findings = try #require(try sketch.findings())
    #expect(!findings.isIsolated)
  }

  @Test func vmcoreinfoLeadsToTheRootWithoutRegisters() throws {
    // swapper_pg_dir at 0xffffffff80f01000 with phys_base 0x...f100000 wraps to 0x1000.
    let text = """
      OSRELEASE=6.1.0-note
      PAGESIZE=4096
      SYMBOL(swapper_pg_dir)=ffffffff81001000
      SYMBOL(_stext)=ffffffff81000000
      NUMBER(phys_base)=-16777216
      NUMBER(pgtable_l5_enabled)=0
      KERNELOFFSET=200000
      """
    let findings = try #require(try LinuxSketch().findings(register: 0x7000, text))
    #expect(findings.kernelRoot.register == 0x1000)
    #expect(findings.release == "6.1.0-note" && findings.kernelOffset == 0x20_0000)
    #expect(findings.processes.count == 3)
  }

  @Test func memoryWithoutAKernelHasNone() throws {
    #expect(try LinuxSketch().findings(register: 0x7000) == nil)
    let search = LinuxSearch(
      try TableSketch.onePage().memory, PagingState(mode: .x86_64), nil,
      roots: [LinuxSearch.Root(register: 0x1000, source: "test")])
    #expect(search.run() == nil)
  }

  /// Whatever words lie where tables, types and tasks are, the search ends, and soon.
  @Test(arguments: [1, 2, 3]) func wordsThatLieAreSurvived(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<24 {
      var sketch = LinuxSketch(hasTypes: generator.chance(2), hasTree: generator.chance(2))
      for _ in 0..<8 {
        let offset =
          [0x2000, 0x1_0000, 0x4_1000, 0x5_0000, 0x5_1000].randomElement(using: &generator)!
          as UInt64
        let word = [
          generator.next(), generator.next() % 0x100, UInt64.max,
          LinuxSketch.image + generator.next() % 0x10_0000,
        ].randomElement(using: &generator)!
        sketch.putWord(word, at: offset + generator.next() % 0x800 * 8)
      }
      for _ in 0..<2 {
        sketch.tables.put(
          generator.next() & ~0xfff_f000_0000_0000 | 3, in: 0x4000, at: generator.next() % 256)
      }
      let findings = try sketch.findings()
      _ = findings?.areaReader?.areas(ofProcess: 1)
    }
  }
}

@Suite struct VmcoreinfoTests {
  private static let text = """
    OSRELEASE=6.1.0-50-amd64
    PAGESIZE=4096
    SYMBOL(swapper_pg_dir)=ffffffff99810000
    OFFSET(page.mapping)=24
    SIZE(page)=64
    NUMBER(phys_base)=-383778816
    NUMBER(kimage_voffset)=0xffffb62153600000
    KERNELOFFSET=16e00000
    nonsense
    OSRELEASE=later
    """

  @Test func linesAreReadByKind() {
    let text = Vmcoreinfo(text: Self.text)
    #expect(text.release == "6.1.0-50-amd64" && text.version == LinuxVersion(6, 1))
    #expect(text.symbol("swapper_pg_dir") == 0xffff_ffff_9981_0000)
    #expect(text.offset("page.mapping") == 24 && text.size("page") == 64)
    #expect(text.number("phys_base") == 0xffff_ffff_e920_0000)
    #expect(text.number("kimage_voffset") == 0xffff_b621_5360_0000)
    #expect(text.kernelOffset == 0x16e0_0000 && text.pageSize == 4096)
    #expect(text.symbol("absent") == nil && text.number("absent") == nil)
  }

  @Test(arguments: [
    ("SYMBOL(swapper_pg_dir)=c3e74000", PagingMode.x86),
    ("SYMBOL(swapper_pg_dir)=c3e74000\nCONFIG_X86_PAE=y", .pae),
    ("SYMBOL(swapper_pg_dir)=ffffffff99810000\nNUMBER(phys_base)=0", .x86_64),
    (
      "SYMBOL(swapper_pg_dir)=ffffffff99810000\nNUMBER(phys_base)=0\nNUMBER(pgtable_l5_enabled)=1",
      .la57
    ),
    ("SYMBOL(swapper_pg_dir)=ffffb62194e53000\nNUMBER(kimage_voffset)=0x1", .arm64),
  ]) func theModeFollows(text: String, mode: PagingMode) {
    #expect(Vmcoreinfo(text: text).mode == mode)
  }

  /// Addresses of 64 bits are none of a 32-bit kernel, whoever says that the mode is one's.
  @Test(arguments: [PagingMode.x86, .pae]) func addressesOfAnotherModeAreNotUsed(
    mode: PagingMode
  ) throws {
    let text = Self.text + "\nSYMBOL(_stext)=ffffffff99800000"
    let search = LinuxSearch(
      try LinuxSketch().tables.memory, PagingState(mode: mode), Vmcoreinfo(text: text),
      roots: [LinuxSearch.Root(register: 0x1000, source: "a test")])
    #expect(search.run() == nil)
  }

  @Test func theTextIsFoundInMemory() throws {
    var sketch = LinuxSketch()
    sketch.put(Array("OSRELEASE=6.2.0\n".utf8), at: 0x6_0000)  // a beginning, and no more
    sketch.put(Array("x  \("OSRELEASE=")".utf8), at: 0x6_1000)
    sketch.put(
      Array("OSRELEASE=6.3.0\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=ffffffff81001000\n".utf8),
      at: 0x6_2000)
    let found = try #require(Vmcoreinfo.search(try sketch.tables.memory))
    #expect(found.text.release == "6.3.0" && found.place == PhysicalAddress(0x16_2000))
  }
}
