import DumpFormats
import Foundation
import LinuxMemory
import Machine
import Paging
import PhysicalMemory
import ReverseMap
import Testing
import WindowsMemory

/// What is kept has a limit, and what opening a dump found comes back as it was.
@Suite struct CacheFolderTests {
  private let url = FileManager.default.temporaryDirectory.appending(path: "cache-\(UUID())")

  /// Writes files of 64 KiB, each used a minute after the one before.
  private func write(_ names: [String]) throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    for (number, name) in names.enumerated() {
      let file = url.appending(path: name)
      try Data(repeating: 7, count: 1 << 16).write(to: file)
      let time = Date(timeIntervalSince1970: Double(1_000_000 + 60 * number))
      try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: file.path)
    }
  }

  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
  }

  @Test func whatWasNotUsedForTheLongestTimeGoesFirst() throws {
    defer { try? FileManager.default.removeItem(at: url) }
    try write(["reverse-c.index", "machine-a.found", "notes.txt", "reverse-b.index"])
    let folder = CacheFolder(url.path)
    folder.trim(to: 1 << 20, keeping: "")
    #expect(try names.count == 4, "what is within the limit stays")
    folder.trim(to: 3 << 16, keeping: "")
    #expect(try names.count == 4, "files of others do not count")
    folder.trim(to: 2 << 16, keeping: "")
    #expect(try names == ["machine-a.found", "notes.txt", "reverse-b.index"])
    folder.trim(to: 0, keeping: url.appending(path: "machine-a.found").path)
    #expect(try names == ["machine-a.found", "notes.txt"])
  }

  @Test(arguments: PagingMode.allCases) func everyFieldOfAMachineComesBack(mode: PagingMode) throws
  {
    var machine = try RandomSpaces.machine(mode, seed: 3)
    machine.paging.vendor = .amd
    machine.paging.encryptionBit = 47
    machine.paging.arm64.ttbr1 = 0x1234_5000
    machine.addressSpaces[0].pid = 7
    machine.addressSpaces[0].parent = 1
    machine.addressSpaces[0].process = "caf\u{e9}"
    machine.addressSpaces[0].kernelRoot = PhysicalAddress(0x9000)
    machine.addressSpaces[0].sureness = .likely
    machine.warnings = ["one", ""]
    machine.provenance = [.init("mode", mode.rawValue, from: "a test", isAside: true)]
    let bytes = try #require(try MachineFields(machine)?.bytes())
    let fields = try MachineFields(reading: bytes)
    #expect(fields.paging == machine.paging)
    #expect(fields.spaces == machine.addressSpaces)
    #expect(fields.provenance == machine.provenance)
    #expect(fields.warnings == machine.warnings)
    for count in 0..<bytes.count {
      #expect(throws: FieldTape.Unreadable.self) {
        try MachineFields(reading: Array(bytes.prefix(count)))
      }
    }
    #expect(throws: FieldTape.Unreadable.self) { try MachineFields(reading: bytes + [0]) }
  }

  private static func windows() throws -> WindowsSystem {
    WindowsSystem(
      try WindowsKernel(named: "windows-19041.508", mode: .x86_64), from: .init(.given, "a test"))
  }

  @Test func whatIsKnownOfWindowsComesBack() throws {
    var machine = try RandomSpaces.machine(.x86_64, seed: 4)
    var windows = try Self.windows()
    windows.invalidMask = InvalidPTEMask(rawValue: 1 << 45)
    windows.origins[.invalidMask] = .init(.inferred, "from entries")
    windows.systemRoot = 0x1a_a000
    windows.processListHead = VirtualAddress(0xffff_f800_0000_1000)
    windows.pfnDatabase = VirtualAddress(0xffff_fa80_0000_0000)
    windows.virtualStore = 2
    windows.pools = PoolBases(paged: 1, nonPaged: 2)
    machine.system = .windows(windows)
    machine.addressSpaces[0].record = WindowsProcess(
      record: VirtualAddress(0xffff_8000_0000_0000), pid: 4, name: "System",
      directoryTableBase: 0x1000, userDirectoryTableBase: 0x2000, vadRoot: VirtualAddress(9),
      parent: 1)
    let bytes = try #require(try MachineFields(machine)?.bytes())
    let fields = try MachineFields(reading: bytes)
    #expect(fields.spaces == machine.addressSpaces)
    let found = try #require(fields.windows)
    #expect(found.kernel.id == windows.kernel.id && found.invalidMask == windows.invalidMask)
    #expect(found.systemRoot == windows.systemRoot && found.pools == windows.pools)
    #expect(found.processListHead == windows.processListHead)
    #expect(found.pfnDatabase == windows.pfnDatabase)
    #expect(found.virtualStore == 2 && found.origins == windows.origins)
  }

  /// What a kernel's memory says is read again where it was found: areas of processes, descriptors of frames.
  @Test func whatIsKnownOfLinuxComesBack() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Scenarios/dumps/linux-tasks-la57.elf.xz").path
    let dump = try DumpFile.open(path)
    let machine = try Machine(dump)
    let linux = try #require(machine.system.linux)
    let bytes = try #require(try MachineFields(machine)?.bytes())
    let fields = try MachineFields(reading: bytes)
    let kept = try #require(fields.linux)
    #expect(kept.kernel.version == linux.kernel.version && kept.foundBy == linux.foundBy)
    #expect(kept.kernel.options == linux.kernel.options)
    #expect(kept.trace != nil && kept.trace == linux.trace)
    #expect(throws: FieldTape.Unreadable.self) {
      try MachineFields(reading: bytes.dropLast(8) + [])
    }
    var again = fields.machine(dump)
    #expect(again.system.linux?.areaReader == nil && again.system.linux?.frames == nil)
    again.readKernelAgain()
    let read = try #require(again.system.linux)
    #expect(again.addressSpaces == machine.addressSpaces)
    #expect(again.provenance == machine.provenance && again.warnings == machine.warnings)
    let areas = try #require(linux.areaReader?.areas(ofProcess: 77))
    #expect(read.areaReader?.areas(ofProcess: 77) == areas)
    let frames = try #require(linux.frames)
    #expect(try read.frames?.frame(7) == frames.frame(7))
    #expect(read.facts.descriptors != nil)
  }

  /// What is kept names every property, and so does the name of the file that it is kept in; whoever adds
  /// one adds it there (`MachineFields.swift`, `IndexKey+Question.swift`), and counts it here.
  @Test func everyPropertyIsKept() throws {
    let space = AddressSpace(register: 0, foundBy: "")
    #expect(Mirror(reflecting: space).children.count == 10)
    #expect(Mirror(reflecting: MachineOverrides()).children.count == 30)
    let machine = try RandomSpaces.machine(.x86, seed: 1)
    #expect(Mirror(reflecting: machine).children.count == 11)
    let windows = try Self.windows()
    #expect(Mirror(reflecting: windows).children.count == 9)
    let linux = LinuxSystem(try LinuxKernel(id: "linux-6.1", mode: .x86_64), foundBy: "a test")
    #expect(Mirror(reflecting: linux).children.count == 7)
    let process = WindowsProcess(
      record: VirtualAddress(0), pid: 4, name: "System", directoryTableBase: 0x1000)
    // The stack is that of a timeline: no record of a dump says it.
    #expect(Mirror(reflecting: process).children.count == 9)
  }
}
