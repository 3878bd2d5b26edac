import Paging
import PhysicalMemory
import Testing
import WindowsMemory

/// Pages of sections, whose state is in prototype entries at kernel addresses.
@Suite struct PrototypeTests {
  typealias Descriptor = WindowsSketch.Descriptor
  private static let kernel = "windows-19041.508"
  private static let arrays: [UInt64] = [0x8000, 0xa000]

  /// A view of two subsections, four and eight pages, whose arrays lie apart.
  private func view(
    image: Bool = false, protection: UInt64 = 2, first: UInt64 = 0x8000
  ) -> WindowsSketch {
    var sketch = WindowsSketch(.x86_64)
    sketch.putVAD10(
      Descriptor(
        pages: 0x20...0x2b, protection: protection, isPrivate: false, type: image ? 2 : 0,
        section: 0x400, first: first, last: 0x8018), 0x100)
    sketch.putControlArea(0x300, isImage: image, isFile: true)
    sketch.putSubsection10(
      0x400, area: 0x300, base: 0x8000, count: 4, next: 0x500, start: 0, full: 4)
    sketch.putSubsection10(0x500, area: 0x300, base: 0xa000, count: 8, start: 4, full: 6)
    return sketch
  }

  private func finding(_ sketch: WindowsSketch, _ address: UInt64) throws -> PageFinding {
    try sketch.classifier(Self.kernel, vadRoot: 0x100).finding(of: VirtualAddress(address))
  }

  @Test func theArrayIsNotContiguousAcrossSubsections() throws {
    var sketch = view()
    // Page 4 of the view: the first entry of the second array. The naive reader takes 0x8020.
    sketch.put(0x5555_5860, 8, 0x8020)
    sketch.put(0x1234_5860, 8, 0xa000)
    sketch.put(0x1234_6860, 8, 0xa000 + 7 * 8)
    sketch.put(0x1234_7860, 8, 0x8018)
    #expect(try finding(sketch, 0x24123).content == .memory(PhysicalAddress(0x1234_5123)))
    #expect(try finding(sketch, 0x2b000).content == .memory(PhysicalAddress(0x1234_6000)))
    #expect(try finding(sketch, 0x23000).content == .memory(PhysicalAddress(0x1234_7000)))
    #expect(try finding(sketch, 0x24000).prototype == sketch.kernel(0xa000))
  }

  @Test func aViewMayBeginInsideASubsection() throws {
    // First prototype entry 0x8010 is page 2 of the subsection: page 2 of the view is in the next.
    var sketch = view(first: 0x8010)
    sketch.put(0x1234_5860, 8, 0xa000)
    #expect(try finding(sketch, 0x22000).content == .memory(PhysicalAddress(0x1234_5000)))
  }

  @Test func aViewBeyondItsSectionHasNoPage() throws {
    var sketch = view(first: 0x8010)
    let finding = try finding(sketch, 0x2b000)
    #expect(finding.state == .zero && finding.content == .nowhere)
    // Subsections that lead to each other end too.
    sketch.point(0x510, to: 0x400)
    sketch.put(0, 4, 0x42c)
    sketch.put(0, 4, 0x52c)
    #expect(try self.finding(sketch, 0x2b000).failure?.reason == .loop)
  }

  /// The states that a prototype entry can have, and what is seen of the page through a view.
  @Test func everyStateOfAPrototypeEntryIsFollowed() throws {
    let states: [(UInt64, PTEState, PageContent)] = [
      (0x1234_5121, .valid, .memory(PhysicalAddress(0x1234_5000))),
      (0, .zero, .nowhere), (0x1234_5860, .transition, .memory(PhysicalAddress(0x1234_5000))),
      (0x777_0000_1084, .pageFile, .pageFile(number: 1, page: 0x777)),
      (0x80, .demandZero, .zeros), (0x200, .decommitted, .nowhere),
    ]
    for (entry, state, content) in states {
      var sketch = view()
      sketch.put(entry, 8, 0x8008)
      let finding = try finding(sketch, 0x21000)
      #expect(finding.state == state, "\(entry)")
      #expect(finding.content == content, "\(entry)")
      // The view's protection counts, not the section's.
      #expect(finding.protection?.rawValue == 2 && finding.protectionSource == .vad)
    }
  }

  @Test func bit10OfAPrototypeEntryMeansSubsection() throws {
    // By the rules of process tables this is a prototype form that leads to itself.
    var sketch = view()
    let address = sketch.kernel(0x500).rawValue
    sketch.put(address << 16 | 0x460, 8, 0xa008)
    let finding = try finding(sketch, 0x25000)
    #expect(finding.state == .subsection)
    // Second subsection: it begins at unit 4 of the file, and this is its page 1.
    #expect(finding.content == .file(controlArea: sketch.kernel(0x300), offset: 5 * 4096))
    // Pages from the sixth on are beyond what the file has.
    sketch.put(address << 16 | 0x460, 8, 0xa030)
    #expect(try self.finding(sketch, 0x2a000).content == .zeros)
  }

  @Test func imagesCountInSectors() throws {
    var sketch = view(image: true, protection: 7)
    sketch.put(2, 4, 0x424)
    sketch.put(8, 4, 0x428)
    sketch.put(sketch.kernel(0x400).rawValue << 16 | 0x460, 8, 0x8000)
    let finding = try finding(sketch, 0x20000)
    #expect(finding.content == .file(controlArea: sketch.kernel(0x300), offset: 1024))
    // In images the prototype entry has the protection: 3, not the view's 7.
    #expect(finding.protection?.rawValue == 3 && finding.protectionSource == .prototype)
  }

  @Test func aSubsectionWithoutAnArrayIsOnDiskOnly() throws {
    var sketch = view()
    sketch.put(0, 8, 0x508)
    let finding = try finding(sketch, 0x24000)
    #expect(finding.state == .subsection)
    #expect(finding.content == .file(controlArea: sketch.kernel(0x300), offset: 4 * 4096))
    let classifier = try sketch.classifier(Self.kernel, vadRoot: 0x100)
    let verdict = try sketch.verdict(classifier, 0x24000)
    #expect(verdict.handler.last == "MiResolveMappedFileFault" && verdict.cost == .hard)
  }

  @Test func aDirectFormLeadsToItsEntry() throws {
    var sketch = WindowsSketch(.x86_64)
    let address = sketch.kernel(0x8008).rawValue
    sketch.setUser(0x3000, address << 16 | 0x400)
    sketch.put(0x1234_5921, 8, 0x8008)
    let classifier = try sketch.classifier(Self.kernel)
    let finding = classifier.finding(of: VirtualAddress(0x3456))
    #expect(finding.state == .valid)
    #expect(finding.content == .memory(PhysicalAddress(0x1234_5456)))
    #expect(finding.prototype == sketch.kernel(0x8008))
    // What was read, in order: four tables and the prototype entry.
    #expect(finding.steps.count == 5)
    #expect(finding.steps.last?.address == PhysicalAddress(0x10_8008))
  }

  @Test func theMaskIsTakenOutOfTheAddressFirst() throws {
    var sketch = WindowsSketch(.x86_64)
    let mask: UInt64 = 1 << 45
    let address = sketch.kernel(0x8008).rawValue
    #expect((address << 16 | 0x400) & mask == 0)
    sketch.setUser(0x3000, address << 16 | 0x400 | mask)
    sketch.put(0x1234_5860 | mask, 8, 0x8008)
    let classifier = try sketch.classifier(Self.kernel, mask: mask)
    let finding = classifier.finding(of: VirtualAddress(0x3000))
    #expect(finding.content == .memory(PhysicalAddress(0x1234_5000)))
  }

  @Test func theEntrysProtectionComesBeforeTheViews() throws {
    var sketch = view()
    sketch.put(0x1234_5860, 8, 0x8000)
    // The sentinel with protection 1, and with none.
    sketch.setUser(0x20000, 0xffff_ffff_0000_0420)
    #expect(try finding(sketch, 0x20000).protection?.rawValue == 1)
    sketch.setUser(0x20000, 0xffff_ffff_0000_0400)
    let finding = try finding(sketch, 0x20000)
    #expect(finding.protection?.rawValue == 2 && finding.state == .transition)
  }

  @Test func aPrototypeEntryThatIsNotInTheImageIsUnknown() throws {
    var sketch = view()
    sketch.removeKernelPage(0x8000)
    let finding = try finding(sketch, 0x20000)
    #expect(finding.state == .prototypeVAD && finding.content == .unknown)
    #expect(finding.missing == PhysicalAddress(0x10_8000))
  }

  @Test func arraysInTransitionAreRead() throws {
    var sketch = view()
    sketch.setKernel(0x8000, 0x10_8880)
    sketch.put(0x1234_5860, 8, 0x8000)
    #expect(try finding(sketch, 0x20000).content == .memory(PhysicalAddress(0x1234_5000)))
  }

  @Test func prototypeEntriesThatLeadToThemselvesEnd() throws {
    // The page with the array is mapped by a prototype form whose entry is in that very page.
    var sketch = view()
    sketch.setKernel(0x8000, sketch.kernel(0x8ff8).rawValue << 16 | 0x400)
    let finding = try finding(sketch, 0x20000)
    #expect(finding.failure?.reason == .loop)
    #expect(finding.content == .unknown)
  }

  @Test func aWriteToASharedPageGetsACopy() throws {
    var sketch = view(protection: 5)
    sketch.put(0x1234_5860, 8, 0x8000)
    let classifier = try sketch.classifier(Self.kernel, vadRoot: 0x100)
    let write = try sketch.verdict(classifier, 0x20000, .write)
    #expect(write.status == .copyOnWrite && write.handler.last == "MiCopyOnWrite")
    let read = try sketch.verdict(classifier, 0x20000)
    #expect(read.status == .transition)
    #expect(
      read.handler == [
        "MmAccessFault", "MiCheckVirtualAddress", "MiDispatchFault", "MiResolveProtoPteFault",
        "MiResolveTransitionFault",
      ])
  }
}
