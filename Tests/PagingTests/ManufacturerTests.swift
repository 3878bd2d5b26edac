import BitLayout
import Paging
import PhysicalMemory
import Testing

/// Where AMD's processors read entries otherwise than Intel's.
@Suite struct ManufacturerTests {
  /// AMD APM 2, 5.3: bit 8 of a PML4E and a PML5E must be zero, beside bit 7; PDPTEs and PDEs that lead to
  /// tables have no such rule, nor do Intel's processors.
  @Test(
    arguments: [ReferenceProcessor.Mode.fourLevel, .fiveLevel], [PagingState.Vendor.intel, .amd])
  func bit8OfTheTopEntriesIsReservedByAMDAlone(
    mode: ReferenceProcessor.Mode, vendor: PagingState.Vendor
  ) throws {
    let path = try ValidWalk(ReferenceProcessor(mode: mode), leaf: 1)
    var state = path.state
    state.vendor = vendor
    for (level, address, entry) in path.entries {
      path.image.write(entry | 0x100, at: address)
      let result = state.access(
        VirtualAddress(path.address), Access(.write, as: .user), in: path.image.memory)
      if vendor == .amd, level > 3 {
        guard case .pageFault(let fault) = result, case .stopped(let stop) = fault.walk else {
          Issue.record("level \(level): \(result)")
          continue
        }
        #expect(fault.errorCode.rawValue == 0xf)
        #expect(stop.level == level && stop.cause == .reservedBits(0x100))
      } else {
        #expect(result.outcome == .translated, "level \(level)")
      }
      path.image.write(entry, at: address)
    }
  }

  /// All bits that offend are named, PS among them.
  @Test func bit8IsNamedBesidePS() throws {
    var state = PagingState(mode: .x86_64)
    state.vendor = .amd
    #expect(state.meaning(of: 0x2187, level: 4) == .reserved(0x180))
    #expect(state.meaning(of: 0x2107, level: 4) == .reserved(0x100))
    #expect(state.layout(level: 4, isPage: false)?.field(named: "G")?.kind == .reserved)
    state.vendor = .intel
    #expect(state.meaning(of: 0x2187, level: 4) == .reserved(0x80))
    #expect(state.meaning(of: 0x2107, level: 4) == .table(PhysicalAddress(0x2000)))
    #expect(state.layout(level: 4, isPage: false)?.field(named: "G") == nil)
  }

  /// A C-bit is AMD's, so that nobody need say whose the processor is.
  @Test func bit8IsReservedWhereRegistersSayAMD() {
    var state = PagingState(mode: .la57)
    #expect(state.meaning(of: 0x2107, level: 5) == .table(PhysicalAddress(0x2000)))
    state.encryptionBit = 47
    #expect(state.meaning(of: 0x8000_0000_2107, level: 5) == .reserved(0x100))
    // A shared bit is Intel's.
    state.encryptionBit = nil
    state.sharedBit = 47
    #expect(
      state.meaning(of: 0x8000_0000_2107, level: 5) == .table(PhysicalAddress(0x2000)))
  }
}
