import Paging
import PhysicalMemory
import Testing
import WindowsMemory

@Suite struct ProcessListTests {
  private static let head: UInt64 = 0x100
  private static let records: [UInt64] = [0x1000, 0x2000, 0x3000]

  private func sketch() -> WindowsSketch {
    var sketch = WindowsSketch(.x86_64)
    let links = Self.records.map { $0 + 0x448 }
    sketch.point(Self.head, to: links[0])
    sketch.putProcess10(0x1000, pid: 4, "System", root: 0x1aa000, userRoot: 1, nextLinks: links[1])
    sketch.putProcess10(
      0x2000, pid: 0x1a4, "csrss.exe", root: 0x1bb002, userRoot: 0x1cc003, vadRoot: 0x5000,
      nextLinks: links[2])
    sketch.putProcess10(
      0x3000, pid: 0x99, "fifteenletters.", root: 0x1dd000, nextLinks: Self.head)
    return sketch
  }

  private func list(_ sketch: WindowsSketch) throws -> ProcessList {
    let system = try sketch.system("windows-19041.508")
    let memory = system.kernelMemory(try sketch.memory, sketch.paging)
    let structure = try #require(WindowsStructures(system.kernel).process)
    return ProcessList(head: sketch.kernel(Self.head), memory, structure)
  }

  @Test func theListIsFollowedBackToItsHead() throws {
    let sketch = sketch()
    let list = try list(sketch)
    #expect(list.problem == nil)
    #expect(list.processes.map(\.pid) == [4, 0x1a4, 0x99])
    #expect(list.processes.map(\.name) == ["System", "csrss.exe", "fifteenletters."])
    // CR3 has the PCID in its low bits; they are kept as they are stored.
    #expect(list.processes.map(\.directoryTableBase) == [0x1aa000, 0x1bb002, 0x1dd000])
    // 0 and 1 say that user mode has no root of its own.
    #expect(list.processes.map(\.userDirectoryTableBase) == [nil, 0x1cc003, nil])
    #expect(list.processes.map(\.vadRoot) == [nil, sketch.kernel(0x5000), nil])
  }

  /// `InheritedFromUniqueProcessId`; of a kernel whose records are not known so well it is nothing.
  @Test func parentsAreRead() throws {
    var sketch = sketch()
    sketch.put(4, 8, 0x2540)
    sketch.put(0x1a4, 8, 0x3540)
    #expect(try list(sketch).processes.map(\.parent) == [0, 4, 0x1a4])
  }

  /// Offsets in listings of the kernels' types, as debuggers show them.
  @Test(arguments: [
    ("windows-2600.5512", PagingMode.x86, 0x14c), ("windows-7601.17514", .pae, 0x140),
    ("windows-19041.508", .pae, 0x170), ("windows-6002.18005", .x86_64, 0x1f0),
    ("windows-7601.17514", .x86_64, 0x290), ("windows-17763.529", .x86_64, 0x3e0),
  ])
  func parentsAreWhereTypesSay(kernel: String, mode: PagingMode, offset: UInt64) throws {
    let structure = WindowsStructures(try WindowsKernel(named: kernel, mode: mode)).process
    #expect(structure?.inheritedFromUniqueProcessId?.offset == offset)
  }

  @Test func aListThatLoopsEnds() throws {
    var sketch = sketch()
    sketch.point(0x3448, to: 0x2448)
    let list = try list(sketch)
    #expect(list.processes.map(\.pid) == [4, 0x1a4, 0x99])
    #expect(list.problem?.contains("comes back") == true)
  }

  @Test func aRecordThatIsNotInTheImageEndsTheList() throws {
    var sketch = sketch()
    sketch.removeKernelPage(0x2000)
    let list = try list(sketch)
    #expect(list.processes.map(\.pid) == [4])
    #expect(list.problem?.contains("the image does not hold 0x102") == true)
  }

  @Test func aRecordInTransitionIsRead() throws {
    var sketch = sketch()
    // Frame 0x102 in transition, protection 4: the processor does not see it, but it is there.
    sketch.setKernel(0x2000, 0x10_2880)
    #expect(try list(sketch).processes.map(\.pid) == [4, 0x1a4, 0x99])
  }
}
