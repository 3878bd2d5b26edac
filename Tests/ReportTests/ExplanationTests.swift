import Foundation
import Machine
import Paging
import PhysicalMemory
import Report
import Testing

/// Explanations, as people and as scripts see them.
@Suite struct ExplanationTests {
  @Test(arguments: AccessGoldenTests.machines)
  func explanationsOfAccessesAreAsRecorded(name: String) throws {
    let machine = try Fixture.machine(name)
    let text = Fixture.written { out in
      for question in AccessGoldenTests.questions(name) {
        let access = question.access
        out.write("\(question.pointer) \(access.kind.rawValue) \(access.privilege.rawValue)\n")
        let answer = machine.access(question.pointer, access)
        Explanation(answer, in: machine.memory).writeText(to: &out)
      }
    }
    try Fixture.expect(text, isRecordedAs: "explain-fault-\(name).txt")
  }

  @Test(arguments: WalkGoldenTests.machines)
  func explanationsOfWalksAreAsRecorded(name: String) throws {
    let machine = try Fixture.machine(name)
    let text = Fixture.written { out in
      for address in WalkGoldenTests.addresses(name) {
        out.write("\(address)\n")
        let walk = machine.walk(address)
        Explanation(walk, of: machine.paging, in: machine.memory).writeText(to: &out)
      }
    }
    try Fixture.expect(text, isRecordedAs: "explain-walk-\(name).txt")
  }

  /// A read of a supervisor page by user mode, with what was asked of it in the machine.
  private func sentences(
    _ va: UInt64, _ kind: Access.Kind, as who: Access.Privilege,
    _ change: (inout PagingState) -> Void = { _ in }
  ) throws -> String {
    var machine = try Fixture.machine("access")
    change(&machine.paging)
    let answer = machine.access(VirtualAddress(va), Access(kind, as: who))
    return Fixture.written { Explanation(answer, in: machine.memory).writeText(to: &$0) }
  }

  @Test func writeProtectionIsNamed() throws {
    let text = try sentences(0x40_1000, .write, as: .supervisor) { state in
      state.cr4 = 0x20
    }
    #expect(text.contains("\n    with CR0.WP=0 this write would succeed\n"))
    #expect(text.contains("\n    with RW=1 in the PTE this write would succeed\n"))
  }

  @Test func reservedBitsSayWhatWouldFreeThem() throws {
    let text = try sentences(0x40_1000, .read, as: .user) { $0.efer = 0x500 }
    #expect(
      text.contains(
        "\n    with EFER.NXE=1 bit 63 of the PTE would not be reserved, and this read would succeed"
      ))
    let fetch = try sentences(0x40_1000, .execute, as: .user) { $0.efer = 0x500 }
    #expect(
      fetch.contains(
        "with EFER.NXE=1 bit 63 of the PTE would not be reserved, but this fetch would page-fault "
          + "with 0x15 (P U I)"))
  }

  @Test func theExplanationIsAMemberOfTheObject() throws {
    let machine = try Fixture.machine("access")
    let answer = machine.access(VirtualAddress(0x40_1000), Access(.write, as: .user))
    let explanation = Explanation(answer, in: machine.memory)
    let line = Fixture.written { AccessJSON().write(answer, explanation, to: &$0) }
    let plain = Fixture.written { AccessJSON().write(answer, to: &$0) }
    #expect(line.hasPrefix(plain.dropLast(2)), "what stands there without it stands there with it")
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let member = try #require(object["explanation"] as? [String: Any])
    #expect((member["steps"] as? [String])?.count == 6)
    #expect(
      member["rules"] as? [String] == [
        "refused: writes need RW=1 in every entry: RW=0 in PTE (SDM 3A, 4.6.1)"
      ])
    let changes = try #require(member["counterfactuals"] as? [[String: Any]])
    #expect(changes.count == 1)
    #expect(changes[0]["with"] as? [String] == ["RW=1 in the PTE"])
    #expect(changes[0]["outcome"] as? String == "translated")
    #expect(changes[0]["pa"] as? String == "0x11000")
    #expect(changes[0]["sentence"] as? String == "with RW=1 in the PTE this write would succeed")
  }

  /// What is said of an access to the machine `arm64`.
  private func sentencesOfARM64(
    _ va: UInt64, _ kind: Access.Kind, as who: Access.Privilege,
    _ change: (inout PagingState) -> Void = { _ in }
  ) throws -> String {
    var machine = try Fixture.machine("arm64")
    change(&machine.paging)
    let answer = machine.access(VirtualAddress(va), Access(kind, as: who))
    return Fixture.written { Explanation(answer, in: machine.memory).writeText(to: &$0) }
  }

  @Test(
    arguments: [
      (0x40_0123, .read, .supervisor, "with PSTATE.PAN=0 this read would succeed"),
      (0x40_0120, .execute, .user, "with SCTLR_EL1.WXN=0 this fetch would succeed"),
      (0x40_2000, .execute, .supervisor, "with SCTLR_EL1.WXN=0 this fetch would succeed"),
      (0x40_4000, .read, .user, "with TCR_EL1.HA=1 this read would succeed"),
      (0x40_4000, .read, .user, "with AF=1 in the L3 this read would succeed"),
      (0x40_5000, .write, .user, "with TCR_EL1.HA=1 and TCR_EL1.HD=1 this write would succeed"),
      (0x40_1000, .write, .user, "with AP[2]=0 in the L3 this write would succeed"),
      (0x40_2000, .read, .user, "with AP[1]=1 in the L3 this read would succeed"),
      (0x40_7000, .read, .user, "with type=1 in the L3 this read would succeed"),
      (0x40_8000, .read, .user, "bit 40 of the L3 would be within the output size, and this"),
      (0xc000_0000, .read, .user, "with TCR_EL1.HPD0=1 this read would succeed"),
      (0xc000_0000, .read, .user, "with APTable[0]=0 in the L2 this read would succeed"),
      (0xffff_8000_0000_0000, .read, .user, "with TCR_EL1.E0PD1=0 this read would succeed"),
      (0xaaff_8000_0000_1000, .execute, .supervisor, "with TCR_EL1.TBID1=0 this fetch would"),
    ] as [(UInt64, Access.Kind, Access.Privilege, String)])
  func registersAndDescriptorsOfARM64AreNamed(
    va: UInt64, kind: Access.Kind, who: Access.Privilege, sentence: String
  ) throws {
    let text = try sentencesOfARM64(va, kind, as: who)
    #expect(text.contains(sentence), "\(text)")
  }

  @Test func noTableIsReadWhereTheProcessorLooksAtRegistersFirst() throws {
    let text = try sentencesOfARM64(0xffff_8000_0000_0000, .read, as: .user)
    #expect(text.contains("before it reads any table"))
    #expect(!text.contains("L0["))
  }

  @Test func disabledWalksOfARM64AreNamed() throws {
    let text = try sentencesOfARM64(0x40_0000, .read, as: .user) { $0.tcr |= 1 << 7 }
    #expect(text.contains("with TCR_EL1.EPD0=0 this read would succeed"), "\(text)")
  }

  @Test func dirtyStateAndHierarchyAreExplainedWhereTheyCount() throws {
    let dirty = try sentencesOfARM64(0x40_5000, .write, as: .user) { $0.tcr |= 3 << 39 }
    #expect(dirty.contains("DBM=1 gives it back, the page is clean: a write clears AP[2]"))
    let flat = try sentencesOfARM64(0xc000_0000, .read, as: .user) { $0.tcr |= 1 << 41 }
    #expect(flat.contains("TCR_EL1.HPD0=1 leaves APTable=3 out of account"))
    #expect(flat.contains("it takes no right away; TCR_EL1.HPD0=1"))
  }

  @Test func theSyndromeIsExplainedFieldByField() throws {
    let text = try sentencesOfARM64(0x40_1000, .write, as: .user)
    #expect(text.contains("EC=0x24"))
    #expect(text.contains("WnR=1"))
    #expect(text.contains("DFSC=0xf"))
    #expect(text.contains("permission fault, level 3 (ARM ARM D19.2, ESR_EL1)"))
  }
}
