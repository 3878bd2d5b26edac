import LinuxMemory
import Testing

/// Special swap types are counted from the top, so each depends on which others there are.
@Suite struct SwapTypeTests {
  private static let all: LinuxOptions = [.memoryFailure, .migration, .devicePrivate, .markers]

  /// MAX_SWAPFILES with everything configured; the counts are those that the Linux Test Project
  /// gives in libs/swap/libswap.c, tst_max_swapfiles.
  @Test(arguments: [
    (LinuxVersion(4, 13), 32 - 3), (LinuxVersion(4, 14), 32 - 5), (LinuxVersion(5, 13), 32 - 5),
    (LinuxVersion(5, 14), 32 - 7), (LinuxVersion(5, 18), 32 - 7), (LinuxVersion(5, 19), 32 - 10),
    (LinuxVersion(6, 1), 32 - 10), (LinuxVersion(6, 2), 32 - 9), (LinuxVersion(6, 14), 32 - 9),
    (LinuxVersion(6, 15), 32 - 8),
  ])
  func theNumberOfSwapAreasFollowsTheVersion(version: LinuxVersion, count: Int) {
    #expect(SwapTypes(version, Self.all).areaCount == UInt64(count))
  }

  /// Debian 12's own choice, as its guests showed it: a poisoned page and a marker.
  @Test func typesAreThoseOfRealGuests() throws {
    let x64 = try LinuxKernel(LinuxVersion(6, 1), .x64)
    #expect(x64.swapTypes.meaning(of: 25) == .area(25))
    #expect(x64.swapTypes.meaning(of: 26) == .poisoned)
    #expect(x64.swapTypes.meaning(of: 27) == .migration(.read))
    #expect(x64.swapTypes.meaning(of: 28) == .migration(.readExclusive))
    #expect(x64.swapTypes.meaning(of: 29) == .migration(.write))
    #expect(x64.swapTypes.meaning(of: 30) == .marker)
    #expect(x64.swapTypes.meaning(of: 31) == .swapInError)
    for format in [LinuxEntryFormat.pae, .i386, .arm64] {
      let kernel = try LinuxKernel(LinuxVersion(6, 1), format)
      #expect(kernel.swapTypes.meaning(of: 26) == .area(26))
      #expect(kernel.swapTypes.meaning(of: 27) == .poisoned)
    }
  }

  @Test func aTypeMeansSomethingElseWithAnotherConfiguration() {
    let version = LinuxVersion(6, 12)
    #expect(SwapTypes(version, Self.all).meaning(of: 23) == .poisoned)
    #expect(SwapTypes(version, [.memoryFailure, .migration]).meaning(of: 23) == .area(23))
    #expect(SwapTypes(version, []).meaning(of: 31) == .marker)
    #expect(SwapTypes(LinuxVersion(5, 18), []).meaning(of: 31) == .area(31))
  }

  @Test func aMeaningAndItsTypeLeadToEachOther() {
    for version in SwapEntryTests.boundaries {
      let types = SwapTypes(version, Self.all)
      for type in 0..<UInt64(SwapTypes.count) {
        let meaning = types.meaning(of: type)
        let first = types.type(of: meaning)
        // Two types for pages that a device uses alone: for writable ones and for others.
        #expect(first == type || (meaning == .deviceExclusive && first.map { $0 + 1 } == type))
      }
    }
  }
}
