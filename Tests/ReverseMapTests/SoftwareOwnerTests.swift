import Foundation
import Machine
import PhysicalMemory
import ReverseMap
import Testing
import WindowsMemory
import Workbench

/// Owners whose entries the processor does not see: in transition, and by prototype entries.
@Suite struct SoftwareOwnerTests {
  /// Two processes and a section of four pages in memory; all frames are chosen here.
  ///
  /// The first has the section in a view that it never touched, one page of it in a table of its own; the
  /// other one's page table at 0x4000_0000 is in transition.
  private static func text(_ mode: String, _ kernel: String) -> String {
    """
    mmubench: 1
    scenario: shared
    title: Pages in transition and of a section
    source: the tests
    machine: { mode: \(mode), memory: 64 MiB, os: \(kernel) }
    windows:
      sections:
        - name: data
          kind: page-file
          subsections:
            - pages: 2
              ptes:
                - { page: 0, state: transition, to: 0x140_0000, protection: READWRITE }
                - { page: 1, state: valid, to: 0x141_0000 }
            - pages: 3
              ptes:
                - { page: 0, state: valid, to: 0x143_0000 }
                - { page: 1, state: demand-zero, protection: READWRITE }
                - { page: 2, state: valid, to: 0x144_0000 }
    processes:
      - name: one.exe
        pid: 100
        ptes:
          - { va: 0x40_0000, state: transition, to: 0x142_0000, protection: READWRITE }
          - { va: 0x40_1000, state: prototype, section: data, page: 0 }
          - { va: 0x40_2000, state: prototype, section: data, page: 1 }
          - { va: 0x40_3000, state: demand-zero, protection: READWRITE }
          - { va: 0x40_4000, state: valid, to: 0x141_0000, protection: READONLY }
          - { va: 0x5000_1000, state: decommitted }
        vads:
          - { va: 0x5000_0000..0x5000_4fff, kind: mapped, section: data, page: 0, protection: READONLY }
          - { va: 0x6000_0000..0x6000_0fff, kind: private, commit: true, protection: READWRITE }
      - name: two.exe
        pid: 200
        ptes:
          - { va: 0x700_0000, state: prototype, section: data, page: 1 }
          - { va: 0x710_1000, state: prototype-vad }
          - { va: 0x4000_0000, level: PDE, state: transition, to: 0x145_0000, protection: READWRITE }
          - { va: 0x4000_0000, state: transition, to: 0x146_0000, protection: READWRITE }
          - { va: 0x4000_1000, state: valid, to: 0x147_0000, protection: READWRITE }
        vads:
          - { va: 0x710_0000..0x710_1fff, kind: mapped, section: data, page: 0, protection: READONLY }
          - { va: 0x3000_0000..0x3000_1fff, kind: mapped, section: data, page: 3, protection: READWRITE }
    golden: false
    """
  }

  private static func machine(_ mode: String, _ kernel: String, os: String? = nil) throws -> Machine
  {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "shared.yaml")
    try Data(text(mode, kernel).utf8).write(to: file)
    var overrides = MachineOverrides()
    overrides.system = os
    return try Workbench.open(file.path, overrides: overrides)
  }

  /// Virtual address, process and state of each owner.
  private static func owners(_ map: ReverseMap, _ machine: Machine, _ page: UInt64) throws
    -> [String]
  {
    try ReverseMapTests.mappings(map, of: page...page).map { mapping in
      let pid = machine.addressSpaces[mapping.space].pid ?? 0
      return "\(mapping.address.rawValue.hex) \(pid) \(mapping.state?.rawValue ?? "valid")"
    }
  }

  static let kernels: [(mode: String, name: String)] = [
    ("x86", "windows-2600.6419"), ("pae", "windows-7601.17514"), ("x86-64", "windows-7601.17514"),
    ("x86-64", "windows-9600.17031"), ("x86-64", "windows-10240.16384"),
    ("x86-64", "windows-19041.508"), ("x86-64", "windows-22000.194"),
  ]

  @Test(arguments: kernels, ReverseMapTests.forms)
  func ownersThatTheProcessorDoesNotSeeAreFound(
    kernel: (mode: String, name: String), form: IndexBuilder.Form?
  ) throws {
    let machine = try Self.machine(kernel.mode, kernel.name)
    let map = try ReverseMapTests.map(machine, form)
    func owners(_ page: UInt64) throws -> [String] { try Self.owners(map, machine, page) }
    #expect(try owners(0x142_0abc) == ["0x400abc 100 transition"])
    // One has page 0 by an entry and by a view that it never touched, two by a view alone.
    #expect(
      try owners(0x140_0000) == [
        "0x401000 100 prototype", "0x50000000 100 prototype", "0x7100000 200 prototype",
      ])
    // In one's view page 1 is decommitted: the entry is not empty, and the view does not count.
    #expect(
      try owners(0x141_0000) == [
        "0x402000 100 prototype", "0x404000 100 valid", "0x7000000 200 prototype",
        "0x7101000 200 prototype",
      ])
    // The view goes on in the second subsection, whose prototype entries lie elsewhere.
    #expect(try owners(0x143_0000) == ["0x50002000 100 prototype"])
    #expect(
      try owners(0x144_0008) == ["0x50004008 100 prototype", "0x30001008 200 prototype"])
  }

  @Test(arguments: kernels, ReverseMapTests.forms)
  func whatATableInTransitionSaysCounts(
    kernel: (mode: String, name: String), form: IndexBuilder.Form?
  ) throws {
    let machine = try Self.machine(kernel.mode, kernel.name)
    let map = try ReverseMapTests.map(machine, form)
    #expect(try Self.owners(map, machine, 0x146_0010) == ["0x40000010 200 transition"])
    #expect(try Self.owners(map, machine, 0x147_0000) == ["0x40001000 200 transition"])
  }

  @Test func withoutASystemTheyAreNoOwners() throws {
    let machine = try Self.machine("x86-64", "windows-19041.508", os: "none")
    let map = try ReverseMapTests.map(machine)
    for page in [0x142_0000, 0x140_0000, 0x143_0000, 0x146_0000, 0x147_0000] as [UInt64] {
      #expect(try Self.owners(map, machine, page) == [])
    }
    #expect(try Self.owners(map, machine, 0x141_0000) == ["0x404000 100 valid"])
  }

  /// Of every page of every process: who finds its content in memory by the classifier is an owner, and
  /// nobody else.
  @Test(arguments: kernels, ReverseMapTests.forms)
  func ownersAreThoseWhoseFindingsLeadThere(
    kernel: (mode: String, name: String), form: IndexBuilder.Form?
  ) throws {
    let machine = try Self.machine(kernel.mode, kernel.name)
    let map = try ReverseMapTests.map(machine, form)
    var expected: Set<String> = []
    let user =
      [
        0x40_0000...0x40_5fff, 0x300_0000...0x300_1fff, 0x700_0000...0x710_2fff,
        0x3000_0000...0x3000_2fff, 0x4000_0000...0x4000_2fff, 0x5000_0000...0x5000_5fff,
        0x6000_0000...0x6000_1fff,
      ] as [ClosedRange<UInt64>]
    for (space, description) in machine.addressSpaces.enumerated() where description.pid != nil {
      guard let classifier = machine.classifier(in: description) else { continue }
      for address in user.flatMap({ stride(from: $0.lowerBound, to: $0.upperBound, by: 4096) }) {
        let content = classifier.finding(of: VirtualAddress(address)).content
        if case .memory(let place) = content { expected.insert("\(place) \(space) \(address.hex)") }
      }
    }
    #expect(expected.count > 10)
    var found: Set<String> = []
    for mapping in try ReverseMapTests.mappings(map, expanding: true)
    where machine.addressSpaces[mapping.space].pid != nil
      && user.contains(where: { $0.contains(mapping.address.rawValue) })
    {
      found.insert("\(mapping.physical) \(mapping.space) \(mapping.address.rawValue.hex)")
    }
    #expect(found == expected)
  }

  @Test(arguments: ReverseMapTests.forms)
  func pagesOfViewsAreSharedToo(form: IndexBuilder.Form?) throws {
    let machine = try Self.machine("x86-64", "windows-19041.508")
    let map = try ReverseMapTests.map(machine, form)
    var shared: [String] = []
    try map.sharedPages(of: 0...UInt64.max) { mapping in
      shared.append("\(mapping.physical.rawValue.hex) \(mapping.address.rawValue.hex)")
      return true
    }
    let own = shared.filter { $0.hasPrefix("0x14") && $0.split(separator: " ")[0].count == 9 }
    #expect(
      own.filter { $0.hasPrefix("0x1440000") } == ["0x1440000 0x50004000", "0x1440000 0x30001000"])
    #expect(!own.contains { $0.hasPrefix("0x1430000") }, "only one process has it")
  }
}
