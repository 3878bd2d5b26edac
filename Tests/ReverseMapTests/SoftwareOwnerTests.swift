import Foundation
import Machine
import PhysicalMemory
import ReverseMap
import TestSupport
import Testing
import WindowsMemory
import Workbench

/// Owners whose entries the processor does not see: in transition, and by prototype entries.
@Suite struct SoftwareOwnerTests {
  private static func machine(_ mode: String, _ kernel: String, os: String? = nil) throws -> Machine
  {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "shared.yaml")
    try Data(SharedSection.scenario(mode: mode, kernel: kernel).utf8).write(to: file)
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

  @Test(arguments: SharedSection.kernels, ReverseMapTests.forms)
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

  @Test(arguments: SharedSection.kernels, ReverseMapTests.forms)
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
  @Test(arguments: SharedSection.kernels, ReverseMapTests.forms)
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
