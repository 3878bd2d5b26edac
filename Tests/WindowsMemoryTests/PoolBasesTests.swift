import Paging
import Testing
import WindowsMemory

/// Entries that count from the start of a pool, where the start is known and where it is not.
@Suite struct PoolBasesTests {
  private static let pools = PoolBases(paged: 0xe100_0000, nonPaged: 0x8200_0000)
  private static let newPools = PoolBases(
    paged: 0xffff_f8a0_0000_0000, nonPaged: 0xffff_fa80_8000_0000)

  private static func pair(
    _ name: String, _ mode: PagingMode, _ pools: PoolBases?
  ) throws -> (decoder: PTEDecoder, encoder: PTEEncoder) {
    let kernel = try WindowsKernel(name, mode)
    return (PTEDecoder(kernel, pools: pools), PTEEncoder(kernel, pools: pools))
  }

  /// A prototype entry of a published session of XP: offset 0x7c078a8, WhichPool 1.
  @Test func subsectionsOfXPCountFromTheNonPagedPool() throws {
    let (decoder, encoder) = try Self.pair("windows-xp", .x86, Self.pools)
    let line = decoder.line(0xfc07_8cca, table: .prototype)
    #expect(line == "subsection protection 6 at 0x89c078a8")
    let protection = try #require(MMProtection(rawValue: 6))
    #expect(try encoder.entry(.subsection(address: 0x89c0_78a8, protection)) == 0xfc07_8cca)
    // From the end downwards where WhichPool is 0, and where the end is nobody says.
    let other = decoder.line(0x7c07_8cca, table: .prototype)
    #expect(other == "subsection protection 6 offset 0x7c078a8")
    let unknown = try Self.pair("windows-xp", .x86, nil).decoder
    #expect(unknown.line(0xfc07_8cca, table: .prototype) == other)
    // The 128 MiB that the offset reaches are not enough for every address.
    #expect(throws: PTEEncodingError.self) {
      try encoder.entry(.subsection(address: 0x8a00_0000, protection))
    }
  }

  /// PoolType says which of two regions a prototype entry is in; subsections are in one.
  @Test func indicesOfBuild28000CountFromTwoRegions() throws {
    let (decoder, encoder) = try Self.pair("windows-28000", .x86_64, Self.newPools)
    let protection = try #require(MMProtection(rawValue: 4))
    for (address, poolType) in [
      (Self.newPools.paged + 0x1238, 1 as UInt64), (Self.newPools.nonPaged + 0x1238, 0),
    ] {
      let entry = try encoder.entry(.prototype(address: address, protection))
      #expect(entry >> 59 & 1 == poolType)
      #expect(entry >> 12 & 0x3ff_ffff_ffff == 0x1238 / 8)
      #expect(decoder.reading(of: entry).prototypeAddress == address)
    }
    let subsection = Self.newPools.nonPaged + 0x40
    let entry = try encoder.entry(.subsection(address: subsection, protection))
    #expect(decoder.reading(of: entry, table: .prototype).subsectionAddress == subsection)
    // A region that nobody knows leaves the offset, as before.
    let unknown = try Self.pair("windows-28000", .x86_64, nil).decoder
    #expect(unknown.reading(of: entry, table: .prototype).subsectionOffset == 0x40)
  }

  /// Of Vista and 7 without PAE nobody has published it: only machines that are made have an address there.
  @Test func subsectionsOfVistaHoldAnAddressWhereTheBenchPutIt() throws {
    let (decoder, encoder) = try Self.pair("windows-7", .x86, Self.pools)
    let entry = try encoder.entry(.subsection(address: 0x8200_0128, .zeroAccess))
    let reading = decoder.reading(of: entry, table: .prototype)
    #expect(reading.subsectionAddress == 0x8200_0128)
    let kernel = try WindowsKernel("windows-7", .x86)
    #expect(reading.caveat(on: kernel)?.contains("nobody has published") == true)
    #expect(Self.pools.caveat(on: kernel)?.hasSuffix("bits 31 to 2 of it there") == true)
    #expect(Self.pools.caveat(on: try WindowsKernel("windows-xp", .x86)) == nil)
    let unknown = try Self.pair("windows-7", .x86, nil).decoder
    #expect(unknown.line(entry, table: .prototype) == "subsection")
  }
}
