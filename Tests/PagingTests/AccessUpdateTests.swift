import Paging
import PhysicalMemory
import Testing

/// Accessed and dirty bits (SDM 3A, 4.8), and the exceptions that no error code describes.
@Suite struct AccessUpdateTests {
  private func access(
    _ path: ValidWalk, _ kind: Access.Kind, _ change: (inout PagingState) -> Void = { _ in }
  ) -> AccessResult {
    var state = path.state
    change(&state)
    return state.access(
      VirtualAddress(path.address), Access(kind, as: .user), in: path.image.memory)
  }

  private func updates(_ result: AccessResult) -> [EntryUpdate]? {
    if case .translated(_, let updates) = result { Array(updates) } else { nil }
  }

  @Test func readsSetAccessedInEveryEntryButPAEPDPTEs() throws {
    for mode in ReferenceProcessor.Mode.allCases {
      for leaf in ReferenceProcessor(mode: mode).leafLevels {
        let path = try ValidWalk(ReferenceProcessor(mode: mode), leaf: leaf)
        let expected = path.entries.filter { mode != .pae || $0.level < 3 }.map {
          EntryUpdate(
            address: PhysicalAddress($0.address), level: $0.level, before: $0.entry,
            after: $0.entry | 0x20)
        }
        #expect(updates(access(path, .read)) == expected, "\(mode) \(leaf)")
        #expect(updates(access(path, .execute)) == expected, "\(mode) \(leaf)")
      }
    }
  }

  @Test func writesSetDirtyInTheLastEntryOnly() throws {
    for mode in ReferenceProcessor.Mode.allCases {
      for leaf in ReferenceProcessor(mode: mode).leafLevels {
        let path = try ValidWalk(ReferenceProcessor(mode: mode), leaf: leaf)
        let bits = try #require(updates(access(path, .write))).map { $0.before ^ $0.after }
        #expect(bits.last == 0x60)
        #expect(bits.dropLast().allSatisfy { $0 == 0x20 }, "\(mode) \(leaf)")
      }
    }
  }

  @Test func entriesThatAreMarkedDoNotChangeAgain() throws {
    let path = try ValidWalk(ReferenceProcessor(mode: .fiveLevel), leaf: 1)
    for kind in [Access.Kind.read, .write] {
      for update in try #require(updates(access(path, kind))) {
        path.image.write(update.after, at: update.address.rawValue)
      }
      #expect(updates(access(path, kind)) == [])
    }
  }

  @Test func onlyWhatChangesIsListed() throws {
    let path = try ValidWalk(ReferenceProcessor(mode: .fourLevel), leaf: 1)
    let (_, address, entry) = path.entries[1]
    path.image.write(entry | 0x20, at: address)
    #expect(updates(access(path, .write))?.map(\.level) == [4, 2, 1])
  }

  @Test func accessesThatFaultHaveNoUpdates() throws {
    let path = try ValidWalk(ReferenceProcessor(mode: .fourLevel), leaf: 1)
    path.image.write(path.entries[3].entry & ~2, at: path.entries[3].address)
    guard case .pageFault(let fault) = access(path, .write) else {
      Issue.record("no fault")
      return
    }
    #expect(fault.refusal == .readOnly)
    #expect(fault.walk.translation?.level == 1)
  }

  @Test func refusalsNameEveryRule() throws {
    let path = try ValidWalk(ReferenceProcessor(mode: .fourLevel), leaf: 1)
    path.image.write(path.entries[3].entry & ~2 | 1 << 59, at: path.entries[3].address)
    let state = path.state
    var prevented = state
    prevented.cr4 |= 0x60_0000
    prevented.pkru = 0x8
    let result = prevented.access(
      VirtualAddress(path.address), Access(.write, as: .supervisor), in: path.image.memory)
    guard case .pageFault(let fault) = result else {
      Issue.record("no fault")
      return
    }
    #expect(fault.refusal == [.readOnly, .accessPrevention, .keyDisablesWrite])
    #expect(fault.errorCode.description == "P W PK")
    let rules = AccessRefusal.rules.map(\.refusal)
    #expect(AccessRefusal(rules).rawValue == 0x1ff)
    #expect(Set(rules).count == rules.count)
  }

  /// 4.4.1: the processor finds reserved bits of a PDPTE as it loads CR3.
  @Test func reservedBitsOfPDPTEsAreGeneralProtection() throws {
    let path = try ValidWalk(ReferenceProcessor(mode: .pae), leaf: 1)
    for bit in [1, 2, 5, 6, 7, 8, 52, 63] as [UInt64] {
      path.image.write(path.entries[0].entry | 1 << bit, at: path.entries[0].address)
      #expect(access(path, .read).outcome == .generalProtection, "bit \(bit)")
      let walked = access(path, .read) { $0.features.walksPDPTEs = true }
      if bit == 5 {
        #expect(updates(walked)?.map(\.level) == [2, 1])
      } else if case .pageFault(let fault) = walked {
        #expect(fault.errorCode.rawValue == 0xd)
      } else {
        Issue.record("\(walked)")
      }
    }
    path.image.write(path.entries[0].entry | 0x20, at: path.entries[0].address)
    let accepted = access(path, .read) { $0.features.acceptsAccessedPDPTE = true }
    #expect(updates(accepted)?.map(\.level) == [2, 1])
    path.image.write(path.entries[0].entry, at: path.entries[0].address)
    let walked = access(path, .read) { $0.features.walksPDPTEs = true }
    #expect(updates(walked)?.map(\.level) == [3, 2, 1])
    path.image.write(0, at: path.entries[0].address)
    #expect(access(path, .read).outcome == .pageFault)
  }

  @Test func absentTablesAndOddAddressesAreNoPageFaults() throws {
    let path = try ValidWalk(ReferenceProcessor(mode: .fourLevel), leaf: 1)
    path.image.write(0x7fff_f027, at: path.entries[2].address)
    #expect(access(path, .read).outcome == .missing)
    let odd = path.state.access(
      VirtualAddress(0x8000_0000_0000), Access(.read, as: .user), in: path.image.memory)
    #expect(odd.outcome == .generalProtection)
  }

  /// 4.3: no XD in 32-bit paging, so fetches are told apart by SMEP alone.
  @Test func fetchesOf32BitPagingAreToldApartBySMEPAlone() throws {
    let path = try ValidWalk(ReferenceProcessor(mode: .x86), leaf: 1)
    path.image.write32(0, at: path.entries[1].address)
    for (cr4, code) in [(0x10, 0x4), (0x10_0010, 0x14)] as [(UInt64, UInt32)] {
      let result = access(path, .execute) {
        $0.cr4 = cr4
        $0.efer = 0x800
      }
      guard case .pageFault(let fault) = result else {
        Issue.record("\(result)")
        continue
      }
      #expect(fault.errorCode.rawValue == code)
    }
  }

  @Test func namesOfErrorCodesComeBack() throws {
    for code in 0..<UInt32(128) {
      let code = PageFaultErrorCode(rawValue: code)
      let names = code.rawValue == 0 ? [] : code.description.split(separator: " ").map(String.init)
      #expect(PageFaultErrorCode(names: names) == code)
    }
    #expect(PageFaultErrorCode(names: ["P", "p"]) == nil)
  }
}
