import DumpFormats
import PhysicalMemory
import Testing

/// Pages that liblzo2 2.10 compressed, by its fast and by its best compressor.
@Suite struct LzoTests {
  private static let block: [UInt8] = (0..<40).map { UInt8(($0 * 167 + 13) % 256) }

  /// Short matches behind 0 to 3 literals, texts, and runs: every instruction but the farthest.
  static let near: [UInt8] = {
    let text = (0..<400).map { "page \($0) of the frame \($0 * $0); " }.joined().utf8.prefix(700)
    var page = Array(String(repeating: "abcabcabcabdabdxabdxy", count: 3).utf8) + text + block
    page += block[3..<9] + [1, 2] + block[3..<6] + Array("zz".utf8) + block[30..<32]
    page += Array("q".utf8)
    page += [UInt8](repeating: 0xee, count: 2500 - page.count) + block[0..<3] + Array("xyz".utf8)
    page += block[5..<8]
    return page + [UInt8](repeating: 0, count: 4096 - page.count)
  }()

  /// Matches from more than 16384 bytes back.
  static let far: [UInt8] = {
    let page = block + [UInt8](repeating: 0, count: 20000) + block + block[10..<30]
    return page + [UInt8](repeating: 0, count: 32768 - page.count)
  }()

  static let nearFast = bytes(
    """
    0361626361626394000264616264786d00799801200450000005706167652030206f6620746865206672616d6520
    303b209902312c590031d902322c590034d902332c590039d902342c5a003136dd02352c5e003235dd02362c5d00
    33fd05372c5d0034fd0b382c5d0036f911392c5d0038f517312db203313027b8032ebd033227cc002dca033134f5
    0c312dd6033136fd12312ee10339e519312ee80327ed03312df203323527cc002dfa033238279c012d0204333227
    6c022d0a043336fd19322d0d0434270d04322d0e04343427cc002d0e043438fd0c322d0e043532ed13322d0e0435
    37fd19322d0d0436270d04322d0d043628cc002d0c040018370db45b02a950f79e45ec933ae1882fd67d24cb7219
    c0670eb55c03aa51f89f46ed943be28930d77e02900408010202a9507a7a9f4671ee20000000000000750000070d
    b45b78797a50f79e00200000000000000900000b0000000000000000000000000000110000
    """)
  static let nearBest = bytes(
    """
    14616263e900644900786d0079200950000f706167652030206f6620746865206672616d5a013b209902312c5900
    31d902322c590034d902332c590039d902342d110136dd02352c5e003235dd02362c5d0033fd05372dd401fd0b38
    2c5d0036f911392c5d0038f517312db203313027b8032ebd033227cc002dca033134f60c31332e7803fd12312ee1
    0339e519312ee80327ee0331362e500427cc002dfa033238279c012d02043332276d02392e28052704072d0d0434
    270d04322d0e04343427cc002ed90738fd0c322d0e043532ed13322d0e043537fd19322d0d0436270d04322d0d04
    3628cc002d0c040017370db45b02a950f79e45ec933ae1882fd67d24cb7219c0670eb55c03aa51f89f46ed943be2
    8930d77eb20401025e007a7a0a0571ee2000000000000075000043d978797a51d400200000000000001700001100
    00
    """)
  static let farFast = bytes(
    """
    00180db45b02a950f79e45ec933ae1882fd67d24cb7219c0670eb55c03aa51f89f46ed943be28930d77e00002000
    00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
    000000000000000000000000000000000000000000000000000000000000004b0400101f2039100b983910000000
    00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
    9468390d00000000000000000000000000000000110000
    """)
  static let farBest = bytes(
    """
    3a0db45b02a950f79e45ec933ae1882fd67d24cb7219c0670eb55c03aa51f89f46ed943be28930d77e0020000000
    00000000e600002000000000000000e600002000000000000000e600002000000000000000e60000200000000000
    0000e600002000000000000000e600002000000000000000e600002000000000000000e600002000000000000000
    e6000020000000000000040000101f20393274002000000000000000e6ec202000000000000000e6000020000000
    00000000e600002000000000000000e600002000000000000000e600002000000000000000e6000020005c000011
    0000
    """)

  private static func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func memory(_ compressed: [UInt8], blockSize: Int) throws -> MemoryImage {
    let fixture = KdumpFixture(
      pages: [.init(frame: 1, flags: 2, bytes: compressed)], blockSize: blockSize)
    return try DumpFile.open(folder.write(fixture.bytes)).memory
  }

  @Test(arguments: [(nearFast, near), (nearBest, near), (farFast, far), (farBest, far)])
  func whatTheLibraryCompressedIsRead(_ compressed: [UInt8], _ page: [UInt8]) throws {
    let memory = try memory(compressed, blockSize: page.count)
    let start = UInt64(page.count)
    #expect(memory.runs == [MemoryRun(start: PhysicalAddress(start), byteCount: start)])
    #expect(memory.bytes(at: PhysicalAddress(start), count: page.count) == page)
    #expect(memory.damage == [])
  }

  @Test func everyTruncationAndEveryFlippedBitIsDamageOrAPage() throws {
    for count in 1..<Self.nearBest.count {
      let memory = try memory(Array(Self.nearBest[..<count]), blockSize: 4096)
      #expect(memory.load(UInt8.self, at: PhysicalAddress(4096)) == nil, "\(count) bytes")
      #expect(memory.damage.count == 1)
    }
    for bit in 0..<Self.nearBest.count * 8 {
      var bytes = Self.nearBest
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      let memory = try memory(bytes, blockSize: 4096)
      let isThere = memory.load(UInt8.self, at: PhysicalAddress(4096)) != nil
      #expect(isThere == memory.damage.isEmpty, "bit \(bit)")
    }
  }
}
