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
}
