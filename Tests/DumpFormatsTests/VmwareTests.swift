import DumpFormats
import PhysicalMemory
import TestSupport
import Testing

/// VMware's snapshots, and memory beside them or within.
@Suite struct VmwareTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Two regions: two frames from 0 on, and one at 4 GiB.
  private static let regions = WrittenSnapshot.tags(
    width: 4, ("regionsCount", [], 2),
    ("regionPPN", [0], 0), ("regionPageNum", [0], 0), ("regionSize", [0], 2),
    ("regionPPN", [1], 0x10_0000), ("regionPageNum", [1], 2), ("regionSize", [1], 1))

  private static let registers = WrittenSnapshot.tags(
    width: 8,
    ("CR64", [0, 0], 0x8005_0031), ("CR64", [0, 3], 0x1aa000), ("CR64", [0, 4], 0x6f8),
    ("CR64", [1, 0], 0x8005_0031), ("CR64", [1, 3], 0x1ab000), ("CR64", [1, 4], 0x6f8))

  private func expectMemory(_ dump: DumpFile) {
    #expect(dump.format == .vmware)
    #expect(
      dump.memory.runs == [
        MemoryRun(start: PhysicalAddress(0), byteCount: 0x2000),
        MemoryRun(start: PhysicalAddress(1 << 32), byteCount: 0x1000),
      ])
    let found = [0, 0x1000, 1 << 32].map { dump.memory.load(UInt8.self, at: PhysicalAddress($0)) }
    #expect(found == [1, 2, 3])
    #expect(dump.warnings == [])
  }

  @Test(arguments: ["vm.vmem", "vm.vmss"])
  func memoryBesideASnapshotHasItsRegionsAndRegisters(_ opened: String) throws {
    _ = try folder.write(CrashDumpFixture.pages([1, 2, 3]), to: "vm.vmem")
    let snapshot = WrittenSnapshot.file([("cpu", Self.registers), ("memory", Self.regions)])
    _ = try folder.write(snapshot, to: "vm.vmss")
    let dump = try DumpFile.open(folder.file(opened))
    expectMemory(dump)
    #expect(Set(dump.files) == Set(["vm.vmem", "vm.vmss"].map(folder.file)))
    #expect(dump.files.first == dump.path)
    #expect(dump.processors.map(\.cr3) == [0x1aa000, 0x1ab000])
    #expect(dump.processors.map(\.cr4) == [0x6f8, 0x6f8])
    #expect(dump.architecture == .x8664)
    #expect(dump.processors.first?.source == "CR64[0] of the snapshot")
  }

  @Test(arguments: [".xz", ".gz", ".zst", ".lz4"], [true, false])
  func eitherOfTheTwoMayBeCompressed(_ ending: String, packsMemory: Bool) throws {
    let memory = CrashDumpFixture.pages([1, 2, 3])
    let snapshot = WrittenSnapshot.file([("cpu", Self.registers), ("memory", Self.regions)])
    func packed(_ bytes: [UInt8]) throws -> [UInt8] {
      switch ending {
      case ".xz": try Compressors.xz(bytes)
      case ".gz": try Compressors.gzip(bytes)
      case ".zst": try Compressors.zstd(bytes)
      default: try Compressors.lz4(bytes)
      }
    }
    let names = packsMemory ? ["vm.vmem\(ending)", "vm.vmss"] : ["vm.vmem", "vm.vmss\(ending)"]
    _ = try folder.write(packsMemory ? packed(memory) : memory, to: names[0])
    _ = try folder.write(packsMemory ? snapshot : packed(snapshot), to: names[1])
    for name in names {
      let dump = try DumpFile.open(folder.file(name))
      expectMemory(dump)
      #expect(dump.processors.map(\.cr3) == [0x1aa000, 0x1ab000])
    }
  }

  @Test func aSnapshotThatCannotBeReadIsAWarning() throws {
    let path = try folder.write(CrashDumpFixture.pages([1]), to: "vm.vmem")
    _ = try folder.write([1, 2, 3], to: "vm.vmss")
    let dump = try DumpFile.open(path)
    #expect(dump.format == .raw)
    #expect(dump.warnings.count == 1)
    #expect(
      dump.warnings[0].hasSuffix(
        "; without it memory is taken for one piece from address 0 on"))
  }

  @Test func memoryMayBeWithinTheSnapshot() throws {
    let block = WrittenSnapshot.block("Memory", CrashDumpFixture.pages([1, 2, 3]))
    let snapshot = WrittenSnapshot.file([("memory", Self.regions + block)])
    expectMemory(try DumpFile.open(folder.write(snapshot, to: "vm.vmsn")))
  }

  @Test func withoutRegionsMemoryIsInOnePiece() throws {
    let block = WrittenSnapshot.block("Memory", CrashDumpFixture.pages([7]))
    let dump = try DumpFile.open(
      folder.write(WrittenSnapshot.file([("memory", block)]), to: "vm.vmsn"))
    #expect(dump.memory.runs == [MemoryRun(start: PhysicalAddress(0), byteCount: 4096)])
  }

  @Test func withoutASnapshotTheMemoryIsARawImage() throws {
    let dump = try DumpFile.open(folder.write(CrashDumpFixture.pages([1]), to: "vm.vmem"))
    #expect(dump.format == .raw)
  }

  @Test func aSnapshotWithoutMemorySaysWhatIsMissing() throws {
    let path = try folder.write(WrittenSnapshot.file([("memory", Self.regions)]), to: "vm.vmss")
    let error = try dumpError { _ = try DumpFile.open(path) }
    #expect(error.description.hasSuffix("without memory; put its .vmem file beside it"))
    let packed = WrittenSnapshot.block("Memory", [1, 2, 3], memorySize: 4096)
    let other = try folder.write(WrittenSnapshot.file([("memory", packed)]), to: "vm.vmsn")
    #expect(throws: DumpError.self) { try DumpFile.open(other) }
  }

  @Test func regionsThatTheFileDoesNotHoldAreMissing() throws {
    _ = try folder.write(CrashDumpFixture.pages([1]), to: "vm.vmem")
    let path = try folder.write(WrittenSnapshot.file([("memory", Self.regions)]), to: "vm.vmss")
    let dump = try DumpFile.open(path)
    #expect(dump.memory.runs == [MemoryRun(start: PhysicalAddress(0), byteCount: 4096)])
    #expect(
      dump.warnings == [
        "region at 0x0: 0x1000 of its 0x2000 bytes are not in the file",
        "region at 0x100000000: 0x1000 of its 0x1000 bytes are not in the file",
      ])
  }

  /// The law of mutation: a typed error or readable memory.
  @Test func everyTruncationAndEveryByteThatIsWrongIsAnErrorOrMemory() throws {
    let block = WrittenSnapshot.block("Memory", CrashDumpFixture.pages([1, 2, 3]))
    let good = WrittenSnapshot.file([("cpu", Self.registers), ("memory", Self.regions + block)])
    let headers = good.count - 3 * 4096
    var opened = 0
    func probe(_ bytes: [UInt8]) throws {
      let path = try folder.write(bytes, to: "vm.vmsn")
      do {
        let dump = try DumpFile.open(path)
        opened += 1
        for run in dump.memory.runs {
          #expect(dump.memory.load(UInt8.self, at: run.start) != nil)
          #expect(dump.memory.load(UInt8.self, at: run.last) != nil)
        }
      } catch { #expect(error.exitStatus == 65) }
    }
    for count in stride(from: 1, to: headers, by: 3) { try probe(Array(good[..<count])) }
    for place in 0..<headers {
      var bytes = good
      bytes[place] = bytes[place] == 0xff ? 0 : 0xff
      try probe(bytes)
    }
    #expect(opened > 0 && opened < headers)
  }
}
