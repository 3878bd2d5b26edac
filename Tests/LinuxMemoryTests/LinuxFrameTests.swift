import LinuxMemory
import Paging
import PhysicalMemory
import TestSupport
import Testing

/// Descriptors of frames by way of VMCOREINFO, at places that are worked out here.
@Suite struct LinuxFrameTests {
  /// What Linux 6.1 says on x86-64, as far as frames are concerned.
  private static let names = """
    SIZE(page)=64
    OFFSET(page.flags)=0
    OFFSET(page.compound_head)=8
    OFFSET(page.mapping)=24
    OFFSET(page._mapcount)=48
    OFFSET(page._refcount)=52
    NUMBER(PG_lru)=4
    NUMBER(PG_slab)=9
    NUMBER(PG_swapbacked)=19
    NUMBER(PG_hwpoison)=23
    NUMBER(PG_head_mask)=65536
    NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129
    PAGESIZE=4096
    """

  private func frames(
    _ text: String, _ sketch: LinuxSketch, _ findings: LinuxFindings? = nil
  ) throws -> LinuxFrames {
    var state = PagingState(mode: .x86_64)
    state.cr3 = 0x1000
    return try #require(
      LinuxFrames(
        Vmcoreinfo(text: Self.names + "\n" + text),
        LinuxKernelMemory(try sketch.tables.memory, state), findings))
  }

  /// Writes flags, mapping, and the counts of mappings and of references.
  private func put(
    _ flags: UInt64, _ mapping: UInt64, _ counts: UInt64, at offset: UInt64,
    in sketch: inout LinuxSketch
  ) {
    sketch.putWord(flags, at: offset)
    sketch.putWord(mapping, at: offset + 24)
    sketch.putWord(counts, at: offset + 48)
  }

  /// One array: frame 5 is 5 * 64 bytes into it.
  @Test func flatMemoryHasOneArray() throws {
    var sketch = LinuxSketch()
    let variable = LinuxSketch.image + 0x9_0000
    sketch.putWord(LinuxSketch.image + 0x9_1000, at: 0x9_0000)
    // _mapcount 1 is two mappings; three references; lru and swapbacked, and a bit without a name.
    put(1 << 4 | 1 << 19 | 1 << 40, 0xffff_8880_0000_0001, 3 << 32 | 1, at: 0x9_1140, in: &sketch)
    let frame = try frames("SYMBOL(mem_map)=\(String(variable, radix: 16))", sketch).frame(5)
    #expect(frame.address.rawValue == LinuxSketch.image + 0x9_1140)
    #expect(frame.setFlags == ["lru", "swapbacked"])
    #expect(frame.flags == 0x100_0008_0010)
    #expect((frame.referenceCount, frame.mapCount) == (3, 2))
    #expect(frame.mapping == 0xffff_8880_0000_0001)
  }

  /// Frames whose descriptors would be beyond all addresses have none, wherever the sum would wrap to.
  @Test(arguments: [1 << 58, 1 << 60, 0x1fb_dbc0 as UInt64])
  func noDescriptorIsBeyondAllAddresses(pfn: UInt64) throws {
    var sketch = LinuxSketch()
    sketch.putWord(LinuxSketch.image + 0x9_1000, at: 0x9_0000)
    let frames = try frames("SYMBOL(mem_map)=ffffffff81090000", sketch)
    #expect(throws: LinuxFrameProblem.noDescriptor) { try frames.frame(pfn) }
    #expect(throws: Never.self) { try frames.frame(5) }
  }

  private static let words: [(flags: UInt64, named: [String], said: [String], numbers: [Int])] = [
    (
      0xf_ffff_c008_003e, ["referenced", "uptodate", "dirty", "lru", "active", "swapbacked"],
      ["lru", "swapbacked"], [1, 2, 3, 5]
    ),
    (1 << 10 | 1 << 19, ["swapcache", "swapbacked"], ["swapcache", "swapbacked"], []),
    // Of a file, the same flag is its file system's.
    (1 << 10 | 1 << 16, ["owner_priv_1", "head"], ["head"], [10]),
    (0, [], [], []),
  ]

  /// By the kernel's own types; without them only what VMCOREINFO says is named, the rest by number.
  @Test(arguments: words)
  func flagsHaveTheKernelsNames(
    word: (flags: UInt64, named: [String], said: [String], numbers: [Int])
  ) throws {
    for hasTypes in [true, false] {
      var sketch = LinuxSketch(hasTypes: hasTypes)
      sketch.putWord(LinuxSketch.image + 0x9_1000, at: 0x9_0000)
      put(word.flags, 0, 1 << 32, at: 0x9_1140, in: &sketch)
      let findings = try #require(try sketch.findings())
      let frame = try frames(
        "SYMBOL(mem_map)=ffffffff81090000\nNUMBER(PG_swapcache)=10", sketch, findings
      ).frame(5)
      #expect(frame.setFlags == (hasTypes ? word.named : word.said))
      #expect(frame.unnamedFlags == (hasTypes ? [] : word.numbers))
    }
  }

  /// A flag that the kernel's types count and do not name is said by its number, zone and node are not.
  @Test func flagsWithoutANameAreNumbers() throws {
    var sketch = LinuxSketch()
    sketch.putWord(LinuxSketch.image + 0x9_1000, at: 0x9_0000)
    put(1 << 24 | 1 << 25 | 1 << 4, 0, 1 << 32, at: 0x9_1140, in: &sketch)
    let findings = try #require(try sketch.findings())
    let frame = try frames("SYMBOL(mem_map)=ffffffff81090000", sketch, findings).frame(5)
    #expect(frame.setFlags == ["lru"])
    #expect(frame.unnamedFlags == [24])
  }

  /// Its word counts the entries that map it as a small page, not those that map the whole.
  @Test func theFirstPageOfALargerOneHasNoCount() throws {
    var sketch = LinuxSketch()
    sketch.putWord(LinuxSketch.image + 0x9_1000, at: 0x9_0000)
    put(1 << 4 | 1 << 16, 0, 1 << 32 | 0xffff_ffff, at: 0x9_1140, in: &sketch)
    let frame = try frames("SYMBOL(mem_map)=ffffffff81090000", sketch).frame(5)
    #expect(frame.setFlags == ["lru", "head"])
    #expect(frame.mapCount == nil)
  }

  /// Bit 0 of the second word says that the page is within a larger one, the rest where its first is.
  @Test func tailsNameTheirHead() throws {
    var sketch = LinuxSketch()
    sketch.putWord(LinuxSketch.image + 0x9_1000, at: 0x9_0000)
    sketch.putWord(LinuxSketch.image + 0x9_1101, at: 0x9_1140 + 8)
    let frame = try frames("SYMBOL(mem_map)=ffffffff81090000", sketch).frame(5)
    #expect(frame.setFlags == ["tail"])
    #expect(frame.compoundHead?.rawValue == LinuxSketch.image + 0x9_1100)
    #expect(frame.mapCount == nil)
  }

  /// Whose a page is and how often it is mapped stands in no entry; what no descriptor says is not known.
  @Test func pagemapHasTheBitsOfStructPage() throws {
    var sketch = LinuxSketch()
    sketch.putWord(LinuxSketch.image + 0x9_1000, at: 0x9_0000)
    put(0, 0xffff_8880_0000_0001, 0, at: 0x9_1140, in: &sketch)
    put(0, 0xffff_8880_0000_0000, 1, at: 0x9_1180, in: &sketch)
    // A page within the one before, and how often it is mapped with that one nothing says.
    sketch.putWord(LinuxSketch.image + 0x9_1181, at: 0x9_11c0 + 8)
    sketch.tables.put(0x2_1007, in: 0x6000, at: 0)
    sketch.tables.put(0x2_2007, in: 0x2_1000, at: 0)
    let numbers: [UInt64] = [5, 6, 7, 0x90_0000]
    for (index, frame) in numbers.enumerated() {
      sketch.tables.put(frame << 12 | 7, in: 0x2_2000, at: UInt64(index))
    }
    var facts = FrameFacts()
    facts.descriptors = try frames("SYMBOL(mem_map)=ffffffff81090000", sketch)
    var state = PagingState(mode: .x86_64)
    state.cr3 = 0x8000
    let area = MemoryArea(start: 0, end: 0x4000, flags: [.read])
    let source = ComputedPagemap(
      try sketch.tables.memory, state, try LinuxKernel(id: "linux-6.1", mode: .x86_64),
      areas: MemoryAreas([area]), facts: facts)
    var runs: [PagemapRun] = []
    source.read(area) { piece in
      runs.append(piece.run)
      return true
    }
    let words: [UInt64?] = [
      0x8100_0000_0000_0005, 0xa000_0000_0000_0006, 0xa000_0000_0000_0007, 0x8000_0000_0090_0000,
    ]
    #expect(runs.map { $0.entry?.rawValue } == words)
    let unknown: [UInt64] = [0, 0, 0x0100_0000_0000_0000, 0x2100_0000_0000_0000]
    #expect(runs.map(\.unknownBits) == unknown)
  }

  /// Sections of 128 MiB, 32 bytes each, 128 of them to a page; the array of a section is stored less the
  /// section's first frame, so that the frame's number leads to its descriptor.
  @Test func sparseMemoryHasAnArrayForEachSection() throws {
    var sketch = LinuxSketch()
    let roots = LinuxSketch.image + 0x9_0000
    let sections = LinuxSketch.image + 0x9_1000
    // Section 129 is the second one of the second page; its first frame is 129 * 32768.
    sketch.putWord(sections, at: 0x9_0008)
    let first: UInt64 = 129 * 32768
    let array = LinuxSketch.image + 0x9_2000
    sketch.putWord((array &- first * 64) | 0b111, at: 0x9_1020)
    put(1 << 9, 0, 1 << 32 | 0xffff_ffff, at: 0x9_2000 + 3 * 64, in: &sketch)
    put(0, 0, 0xffff_ff7f, at: 0x9_2000 + 4 * 64, in: &sketch)
    let text = """
      SYMBOL(mem_section)=\(String(roots, radix: 16))
      LENGTH(mem_section)=4096
      SIZE(mem_section)=32
      OFFSET(mem_section.section_mem_map)=0
      NUMBER(SECTION_SIZE_BITS)=27
      NUMBER(MAX_PHYSMEM_BITS)=46
      """
    let frames = try frames(text, sketch)
    let slab = try frames.frame(first + 3)
    #expect(slab.setFlags == ["slab"])
    #expect((slab.referenceCount, slab.mapCount) == (1, nil), "a slab counts other things")
    let free = try frames.frame(first + 4)
    #expect(free.setFlags == ["buddy"])
    #expect((free.referenceCount, free.mapCount) == (0, nil))
    // No section, no page of sections, and a number beyond all of them.
    for pfn in [first - 1, 0, 1 << 60] as [UInt64] {
      #expect(throws: LinuxFrameProblem.self) { try frames.frame(pfn) }
    }
  }

  @Test(arguments: ["", "SYMBOL(mem_section)=ffffffff81090000", "SIZE(page)=64"])
  func kernelsThatDoNotSayWhereDescriptorsAreHaveNone(text: String) throws {
    let memory = LinuxKernelMemory(try LinuxSketch().tables.memory, PagingState(mode: .x86_64))
    #expect(LinuxFrames(Vmcoreinfo(text: Self.names + "\n" + text), memory) == nil)
  }

  /// Numbers that no kernel says are no reason to stop.
  @Test(
    arguments: [
      "NUMBER(SECTION_SIZE_BITS)=200", "NUMBER(MAX_PHYSMEM_BITS)=3", "SIZE(mem_section)=0",
      "PAGESIZE=7", "NUMBER(PG_lru)=99",
    ])
  func nonsenseIsRefusedOrLeftOut(line: String) throws {
    let text = """
      \(line)
      SYMBOL(mem_section)=ffffffff81090000
      LENGTH(mem_section)=4096
      SIZE(mem_section)=32
      OFFSET(mem_section.section_mem_map)=0
      NUMBER(SECTION_SIZE_BITS)=27
      NUMBER(MAX_PHYSMEM_BITS)=46
      """
    let memory = LinuxKernelMemory(try LinuxSketch().tables.memory, PagingState(mode: .x86_64))
    // Of several lines with one key the first counts.
    let frames = LinuxFrames(Vmcoreinfo(text: text + "\n" + Self.names), memory)
    #expect((frames == nil) == !line.contains("PG_lru"))
    _ = try? frames?.frame(UInt64.max)
  }
}
