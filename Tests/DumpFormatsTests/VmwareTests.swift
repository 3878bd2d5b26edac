import DumpFormats
import PhysicalMemory
import Testing

/// VMware's snapshots, put together by hand as the open readers take them apart: a header, groups of
/// 80 bytes, and tags of flags, length of the name, name, indices and data.
@Suite struct VmwareTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func number(_ value: UInt64, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(value >> ($0 * 8) & 0xff) }
  }

  private static func tag(_ name: String, _ indices: [UInt64], _ data: [UInt8]) -> [UInt8] {
    [UInt8(indices.count << 6 | data.count), UInt8(name.utf8.count)] + Array(name.utf8)
      + indices.flatMap { number($0, 4) } + data
  }

  /// A block: its size in the file and in memory, then padding up to a page, then the bytes.
  private static func block(_ name: String, _ data: [UInt8], memorySize: Int? = nil) -> [UInt8] {
    [62, UInt8(name.utf8.count)] + Array(name.utf8) + number(UInt64(data.count), 8)
      + number(UInt64(memorySize ?? data.count), 8) + number(3, 2) + [0, 0, 0] + data
  }

  private static func snapshot(_ groups: [(String, [UInt8])]) -> [UInt8] {
    var file = number(0xbed2_bed2, 4) + number(8, 4) + number(UInt64(groups.count), 4)
    var offset = UInt64(12 + groups.count * 80)
    for (name, tags) in groups {
      file += Array(name.utf8) + [UInt8](repeating: 0, count: 64 - name.utf8.count)
      file += number(offset, 8) + number(UInt64(tags.count + 2), 8)
      offset += UInt64(tags.count + 2)
    }
    return file + groups.flatMap { $0.1 + [0, 0] }
  }

  /// Two regions: two frames from 0 on, and one at 4 GiB.
  private static let regions: [UInt8] = [
    tag("regionsCount", [], number(2, 4)),
    tag("regionPPN", [0], number(0, 4)), tag("regionPageNum", [0], number(0, 4)),
    tag("regionSize", [0], number(2, 4)),
    tag("regionPPN", [1], number(0x10_0000, 4)), tag("regionPageNum", [1], number(2, 4)),
    tag("regionSize", [1], number(1, 4)),
  ].flatMap { $0 }

  private static let registers: [UInt8] = [
    tag("CR64", [0, 0], number(0x8005_0031, 8)), tag("CR64", [0, 3], number(0x1aa000, 8)),
    tag("CR64", [0, 4], number(0x6f8, 8)), tag("CR64", [1, 0], number(0x8005_0031, 8)),
    tag("CR64", [1, 3], number(0x1ab000, 8)), tag("CR64", [1, 4], number(0x6f8, 8)),
  ].flatMap { $0 }

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
    let snapshot = Self.snapshot([("cpu", Self.registers), ("memory", Self.regions)])
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
    let snapshot = Self.snapshot([("cpu", Self.registers), ("memory", Self.regions)])
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
    let block = Self.block("Memory", CrashDumpFixture.pages([1, 2, 3]))
    let snapshot = Self.snapshot([("memory", Self.regions + block)])
    expectMemory(try DumpFile.open(folder.write(snapshot, to: "vm.vmsn")))
  }

  @Test func withoutRegionsMemoryIsInOnePiece() throws {
    let block = Self.block("Memory", CrashDumpFixture.pages([7]))
    let dump = try DumpFile.open(folder.write(Self.snapshot([("memory", block)]), to: "vm.vmsn"))
    #expect(dump.memory.runs == [MemoryRun(start: PhysicalAddress(0), byteCount: 4096)])
  }

  @Test func withoutASnapshotTheMemoryIsARawImage() throws {
    let dump = try DumpFile.open(folder.write(CrashDumpFixture.pages([1]), to: "vm.vmem"))
    #expect(dump.format == .raw)
  }

  @Test func aSnapshotWithoutMemorySaysWhatIsMissing() throws {
    let path = try folder.write(Self.snapshot([("memory", Self.regions)]), to: "vm.vmss")
    let error = try dumpError { _ = try DumpFile.open(path) }
    #expect(error.description.hasSuffix("without memory; put its .vmem file beside it"))
    let packed = Self.block("Memory", [1, 2, 3], memorySize: 4096)
    let other = try folder.write(Self.snapshot([("memory", packed)]), to: "vm.vmsn")
    #expect(throws: DumpError.self) { try DumpFile.open(other) }
  }

  @Test func regionsThatTheFileDoesNotHoldAreMissing() throws {
    _ = try folder.write(CrashDumpFixture.pages([1]), to: "vm.vmem")
    let path = try folder.write(Self.snapshot([("memory", Self.regions)]), to: "vm.vmss")
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
    let block = Self.block("Memory", CrashDumpFixture.pages([1, 2, 3]))
    let good = Self.snapshot([("cpu", Self.registers), ("memory", Self.regions + block)])
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
