import DumpFormats
import Foundation
import Machine
import Paging
import PhysicalMemory
import TestSupport
import Testing

/// Opens dumps as machines whose header, registers and words about the kernel are wrong; the law is a typed error or a
/// machine that answers.
@Suite struct DumpMutationTests {
  private static let kernel = """
    OSRELEASE=6.1.0
    PAGESIZE=4096
    SYMBOL(init_uts_ns)=ffffffff81a00000
    SYMBOL(swapper_pg_dir)=ffffffff81001000
    SYMBOL(_stext)=ffffffff81000000
    NUMBER(phys_base)=0
    NUMBER(pgtable_l5_enabled)=0
    NUMBER(VA_BITS)=48
    NUMBER(TCR_EL1_T1SZ)=0x10
    NUMBER(kimage_voffset)=0xffff800010000000
    KERNELOFFSET=0
    CONFIG_X86_PAE=y

    """

  private let path: String
  /// Header, program headers and notes.
  private let front: Data
  private let file: FileHandle

  init() throws {
    path =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("mmubench-\(UUID().uuidString)").path
    try DumpWriter(
      .elf, processors: [ProcessorState(cr0: 0x8000_0001, cr3: 0x1000, cr4: 0x20, source: "")],
      vmcoreinfo: Self.kernel
    ).write(TableSketch.onePage().memory, to: path)
    file = try FileHandle(forUpdating: URL(filePath: path))
    front = try #require(try file.read(upToCount: 4096))
  }

  @Test(arguments: [nil] + PagingMode.allCases)
  func noDamageTraps(_ mode: PagingMode?) throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    var opened = 0
    for _ in 0..<1000 {
      try file.seek(toOffset: 0)
      try file.write(contentsOf: damaged(using: &random))
      var overrides = MachineOverrides()
      overrides.mode = mode
      if random.chance(2) { overrides.root = random.next() >> (random.next() % 64) }
      guard let dump = try? DumpFile.open(path),
        let machine = try? Machine(dump, overrides: overrides)
      else { continue }
      opened += 1
      for _ in 0..<8 {
        let address = random.next() >> (random.next() % 64) & machine.paging.mode.lastAddress
        _ = machine.walk(VirtualAddress(address), in: machine.addressSpaces.last)
      }
    }
    #expect(opened > 0, "seed \(seed)")
  }

  private func damaged(using random: inout SeededGenerator) -> Data {
    var bytes = [UInt8](front)
    let text = Array("0123456789abcdef-=x\n".utf8)
    for _ in 0..<(1 + random.next() % 4) {
      let place = Int(random.next() % UInt64(bytes.count))
      switch random.next() % 5 {
      case 0: bytes[place] ^= 1 << UInt8(random.next() % 8)
      case 1: for index in place..<min(place + 8, bytes.count) { bytes[index] = 0xff }
      case 2: for index in place..<min(place + 8, bytes.count) { bytes[index] = 0 }
      default: bytes[place] = text[Int(random.next() % UInt64(text.count))]
      }
    }
    return Data(bytes)
  }
}
