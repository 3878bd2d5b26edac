import ImageBuilder
import Machine
import Paging
import PhysicalMemory
import ScenarioFile
import Testing
import WindowsMemory

/// The kernel's structures, read from the memory of built images like from a dump.
@Suite struct WindowsStructureTests {
  private static let layout = """
    windows:
      invalid-mask: 0x2000_0000_0000
      pfn-database: true
      sections:
        - name: data
          kind: page-file
          subsections:
            - pages: 4
              ptes:
                - { page: 0, state: transition, to: auto, protection: READWRITE }
                - { page: 1, state: valid, to: 0x50000, protection: READWRITE }
            - { pages: 8, ptes: [{ page: 2, state: page-file, file: 1, offset: 9, protection: 4 }] }
    processes:
      - name: notepad.exe
        pid: 1234
        map: [{ va: 0x40_0000..0x40_3fff, to: { from: 0x30000 } }]
        ptes:
          - { va: 0x1f_0000..0x1f_3fff, state: demand-zero, protection: READWRITE }
          - { va: 0x1f_5000, state: transition, to: 0x40000, protection: READONLY }
          - { va: 0x20_1000, state: valid, to: 0x50000, protection: READONLY }
        vads:
          - { va: 0x1f_0000..0x1f_ffff, kind: private, commit: true, protection: READWRITE }
          - { va: 0x20_0000..0x20_bfff, kind: mapped, section: data, protection: READONLY }
          - { va: 0x30_0000..0x30_0fff, kind: private, protection: READWRITE }
          - { va: 0x40_0000..0x40_3fff, kind: private, commit: true, protection: READWRITE }
          - { va: 0x50_0000..0x50_ffff, kind: private, protection: READONLY }
      - { name: hidden.exe, pid: 666, listed: false }
      - { name: a-name-that-is-too-long.exe, pid: 8 }
    """

  private static let kernels: [(mode: String, id: String)] = [
    ("pae", "windows-3790.3959"), ("x86", "windows-2600.6419"), ("x86", "windows-7601.17514"),
    ("pae", "windows-9600.17031"), ("pae", "windows-19041.508"),
    ("x86-64", "windows-3790.3959"), ("x86-64", "windows-6002.18005"),
    ("x86-64", "windows-7601.17514"), ("x86-64", "windows-9200.16384"),
    ("x86-64", "windows-9600.17031"), ("x86-64", "windows-10240.16384"),
    ("x86-64", "windows-17134.619"), ("x86-64", "windows-19041.508"),
    ("x86-64", "windows-22000.194"), ("x86-64", "windows-26100"),
  ]

  private static func image(_ kernel: (mode: String, id: String)) throws -> BuiltImage {
    // Nobody has published how 24H2 keeps the state of a frame.
    let hasDatabase = kernel.id != "windows-26100"
    let layout = hasDatabase ? layout : layout.replacing("pfn-database: true", with: "")
    return try Fixture.build(
      layout, machine: "{ mode: \(kernel.mode), memory: 4 MiB, os: \(kernel.id) }")
  }

  @Test(arguments: kernels)
  func listOfProcessesIsInMemory(kernel: (mode: String, id: String)) throws {
    let machine = try Self.image(kernel).machine
    let system = try #require(machine.system.windows)
    let head = try #require(system.processListHead)
    let structure = try #require(WindowsStructures(system.kernel).process)
    // By the tables of each process: they all have the kernel half.
    for space in machine.addressSpaces {
      let memory = KernelMemory(machine.memory, machine.paging(of: space), system.decoder)
      let list = ProcessList(head: head, memory, structure)
      #expect(list.problem == nil)
      #expect(list.processes.map(\.pid) == [1234, 8, 4])
      let names = ["notepad.exe", "a-name-that-is-too-long.exe", "System"]
      let kept = structure.imageFileName.size - 1
      #expect(list.processes.map(\.name) == names.map { String($0.prefix(kept)) })
    }
    #expect(machine.addressSpaces.map(\.pid) == [1234, 666, 8, 4])
    #expect(machine.addressSpaces.map { $0.record?.pid } == [1234, nil, 8, 4])
  }

  @Test(arguments: kernels)
  func descriptorsAnswerForTheirFirstAndLastPage(kernel: (mode: String, id: String)) throws {
    let machine = try Self.image(kernel).machine
    let space = machine.addressSpaces[0]
    let classifier = try #require(machine.classifier(in: space))
    func range(_ address: UInt64) -> ClosedRange<UInt64>? {
      guard case .found(let vad) = classifier.finding(of: VirtualAddress(address)).vad else {
        return nil
      }
      return vad.start.rawValue...vad.last.rawValue
    }
    let parts: [ClosedRange<UInt64>] = [
      0x1f_6000...0x1f_ffff, 0x20_2000...0x20_bfff, 0x50_0000...0x50_ffff,
    ]
    for whole in parts {
      let expected = whole.lowerBound & ~0xffff...whole.upperBound
      #expect(range(whole.lowerBound) == expected)
      #expect(range(whole.upperBound) == expected)
    }
    #expect(range(0x20_c000) == nil)
    #expect(range(0x50_0000 - 1) == nil)
  }

  @Test(arguments: kernels)
  func viewsCrossTheirSubsections(kernel: (mode: String, id: String)) throws {
    let machine = try Self.image(kernel).machine
    let classifier = try #require(machine.classifier(in: machine.addressSpaces[0]))
    let valid = classifier.finding(of: VirtualAddress(0x20_1123))
    #expect(valid.content == .memory(PhysicalAddress(0x50123)))
    // Page 6 of the section is page 2 of its second subsection.
    let paged = classifier.finding(of: VirtualAddress(0x20_6000))
    #expect(paged.content == .pageFile(number: 1, page: 9))
    #expect(classifier.finding(of: VirtualAddress(0x20_b000)).state == .demandZero)
  }

  @Test(arguments: kernels.dropLast())
  func framesAndTheirEntriesNameEachOther(kernel: (mode: String, id: String)) throws {
    let machine = try Self.image(kernel).machine
    let system = try #require(machine.system.windows)
    let classifier = try #require(machine.classifier(in: machine.addressSpaces[0]))
    let database = try #require(classifier.pfnDatabase)
    let roots = Set(machine.addressSpaces.map { machine.paging(of: $0).root.rawValue >> 12 })
    var counts: [PFNEntry.Location: Int] = [:]
    for pfn in 0..<1024 as Range<UInt64> {
      let entry = try database.entry(of: pfn)
      counts[entry.location, default: 0] += 1
      guard entry.location == .active || entry.location == .standby else { continue }
      // PAE's table of four pointers is not among the pages of the self-map.
      if kernel.mode == "pae", roots.contains(pfn) { continue }
      // The entry is where the frame says, seen through a process's own tables.
      let owners = machine.addressSpaces.compactMap { space -> UInt64? in
        let walk = machine.walk(entry.pteAddress, in: space)
        return walk.result.translation?.address.rawValue
      }.filter { $0 >> 12 == entry.pteFrame }
      let place = try #require(owners.first, "frame \(pfn.hex) at \(entry.pteAddress)")
      let word: UInt64? =
        machine.paging.entrySize == 4
        ? machine.memory.load(UInt32.self, at: PhysicalAddress(place)).map(UInt64.init)
        : machine.memory.load(UInt64.self, at: PhysicalAddress(place))
      let reading = system.decoder.reading(
        of: try #require(word), table: entry.isPrototype ? .prototype : .process)
      #expect(reading.pfn == pfn, "frame \(pfn.hex) at \(entry.pteAddress)")
      #expect(reading.state == (entry.location == .active ? .valid : .transition))
      if entry.location == .active {
        #expect(entry.referenceCount == 1 && (entry.shareCount ?? 0) >= 1)
      } else {
        #expect(entry.referenceCount == 0)
      }
    }
    // The transition page of the process and that of the section.
    #expect(counts[.standby] == 2)
    #expect(try database.entry(of: 0x50).isPrototype)
    #expect(try !database.entry(of: 0x40).isPrototype)
    #expect(try database.entry(of: 0x33).isPrototype == false)
  }

  @Test func tablesCountTheirEntriesInUse() throws {
    let machine = try Self.image(("x86-64", "windows-7601.17514")).machine
    let classifier = try #require(machine.classifier(in: machine.addressSpaces[0]))
    let database = try #require(classifier.pfnDatabase)
    let steps = machine.walk(VirtualAddress(0x1f_5000), in: machine.addressSpaces[0]).steps
    let table = try #require(steps.last).entryAddress.rawValue >> 12
    // One page in transition; those that are filled with zeros are in no frame.
    #expect(try database.entry(of: table).shareCount == 1)
  }

  @Test func selfMapIsFixedBeforeItWasRandom() throws {
    func slots(_ id: String, _ tables: String = "") throws -> [UInt64] {
      let image = try Fixture.build(
        Self.layout, machine: "{ mode: x86-64, memory: 4 MiB, os: \(id)\(tables) }")
      let root = image.machine.paging.root
      return (0..<512).filter { index in
        let entry = image.machine.paging.entry(of: root, at: index, in: image.machine.memory) ?? 0
        return entry & 0xf_ffff_ffff_f000 == root.rawValue && entry & 1 == 1
      }.map { UInt64($0) }
    }
    #expect(try slots("windows-10240.16384") == [0x1ed])
    let random = try slots("windows-19041.508")
    #expect(random.count == 1 && (0x100..<0x1ff).contains(random[0]))
    let other = try slots("windows-19041.508", ", tables: { seed: 7 }")
    #expect(other.count == 1 && other != random)
  }

  @Test func kernelShadowHidesTheKernelAndKeepsProgramsFromIt() throws {
    let image = try Fixture.build(
      """
      windows: { kva-shadow: true }
      processes:
        - { name: a.exe, pid: 100, map: [{ va: 0x40_0000, to: 0x30000, rights: { write: false } }] }
        - { name: b.exe, pid: 200, kva-shadow: false }
      """, machine: "{ mode: x86-64, memory: 4 MiB, os: windows-19041.508 }")
    let machine = image.machine
    #expect(machine.addressSpaces.map(\.pid) == [100, 200, 4, 100])
    let (kernel, user) = (machine.addressSpaces[0], machine.addressSpaces[3])
    let address = VirtualAddress(0x40_0000)
    // The first root maps the program, but takes execution away at the top.
    #expect(machine.walk(address, in: kernel).result.translation?.rights == [.user])
    #expect(machine.walk(address, in: user).result.translation?.rights == [.user, .execute])
    let head = try #require(machine.system.windows?.processListHead)
    #expect(machine.walk(head, in: kernel).result.outcome == .mapped)
    #expect(machine.walk(head, in: user).result.outcome == .notPresent)
    let records = machine.addressSpaces.compactMap(\.record)
    #expect(records.first { $0.pid == 100 }?.userDirectoryTableBase == user.register)
    #expect(records.first { $0.pid == 200 }?.userDirectoryTableBase == nil)
    #expect(image.disagreements() == [])
  }

  @Test func processWithAPidOf4IsTheSystem() throws {
    let machine = try Fixture.build(
      "processes: [{ name: x, pid: 8 }, { name: Sys, pid: 4, root: 0x9000 }]",
      machine: "{ mode: x86-64, memory: 4 MiB, os: windows-7601.17514 }"
    ).machine
    #expect(machine.addressSpaces.map(\.pid) == [8, 4])
    #expect(machine.system.windows?.systemRoot == 0x9000)
  }

  @Test(arguments: [
    (
      "windows: { sections: [{ name: a, kind: page-file, subsections: [{ pages: 4 }] }] }\n"
        + "vads: [{ va: 0x1000..0x1fff, kind: mapped, section: b }]", "E0209"
    ),
    (
      "windows: { sections: [{ name: a, kind: page-file, subsections: [{ pages: 4 }] }] }\n"
        + "vads: [{ va: 0x1000..0x1fff, kind: mapped, section: a, page: 4 }]", "E0214"
    ),
    (
      "windows: { sections: [{ name: a, kind: page-file, subsections: [{ pages: 4 }] }] }\n"
        + "ptes: [{ va: 0x1000..0x4fff, state: prototype, section: a, page: 1 }]", "E0214"
    ),
    ("vads: [{ va: 0x1000..0x1ffe, kind: private }]", "E0302"),
    (
      "vads: [{ va: 0x1000..0x2fff, kind: private }, { va: 0x2000..0x2fff, kind: private }]",
      "E0301"
    ),
    (
      "windows: { sections: [{ name: a, kind: page-file, subsections: [{ pages: 0x1000_0000 }] }] }",
      "E0310"
    ),
  ])
  func structuresThatCannotBeAreRefused(lines: String, code: String) {
    let faults = Fixture.faults(
      lines, machine: "{ mode: x86-64, memory: 4 MiB, os: windows-19041.508 }")
    #expect(faults.map { $0.prefix(5) } == [code[...]], "\(faults)")
  }
}
