import Foundation
import Golden
import Machine
import Paging
import PhysicalMemory
import Report
import Testing

/// The objects that scripts rely on, key by key.
@Suite struct JSONTests {
  private static let json = WalkJSON(mode: .x86_64, root: PhysicalAddress(0x271e_c000))

  private static let page = WalkResult.mapped(
    Translation(
      address: PhysicalAddress(0x1a58_f000), level: 1, entry: 0x1a58_f005,
      rights: [.user, .execute], pageShift: 12))

  private func line(_ result: WalkResult, isInImage: Bool = true, va: UInt64 = 0x766c_0000)
    -> String
  {
    Fixture.written {
      Self.json.write(result, for: VirtualAddress(va), isInImage: isInImage, to: &$0)
    }
  }

  private func stop(_ cause: WalkStop.Cause, level: Int) -> WalkResult {
    .stopped(
      WalkStop(cause: cause, level: level, entryAddress: PhysicalAddress(0x3008), entry: 0x2083))
  }

  private static let head =
    #"{"va":"0x766c0000","mode":"x86-64","root":"0x271ec000","outcome":"#

  @Test func aWalkIsTheObjectOfTheManual() {
    let walk = Walk(
      address: VirtualAddress(0x766c_0000), mode: .x86_64, root: PhysicalAddress(0x271e_c000),
      result: Self.page,
      steps: [
        WalkStep(
          level: 4, index: 0, entryAddress: PhysicalAddress(0x271e_c000),
          entry: 0x70_0000_0884_4867, rights: .all),
        WalkStep(
          level: 1, index: 0xc0, entryAddress: PhysicalAddress(0x7b5_5600), entry: 0x1a58_f005,
          rights: [.user, .execute]),
      ], isInImage: true)
    #expect(
      Fixture.written { Self.json.write(walk, to: &$0) } == Self.head
        + #""mapped","pa":"0x1a58f000","page_size":4096,"write":false,"user":true,"execute":true,"#
        + #""entries":[{"name":"PML4E","address":"0x271ec000","value":"0x70000008844867"},"#
        + #"{"name":"PTE","address":"0x7b55600","value":"0x1a58f005"}]}"# + "\n")
  }

  @Test func aFrameOutsideOfTheImageSaysSo() {
    #expect(
      line(Self.page, isInImage: false) == Self.head
        + #""mapped","pa":"0x1a58f000","page_size":4096,"write":false,"user":true,"execute":true,"#
        + #""in_image":false}"# + "\n")
  }

  @Test func stopsNameTheEntryThatDecided() {
    #expect(
      line(stop(.notPresent, level: 1)) == Self.head + #""not-present","stopped_at":"PTE"}"# + "\n")
    #expect(
      line(stop(.reservedBits(0x2000), level: 2)) == Self.head
        + #""reserved-bits","stopped_at":"PDE","reserved":"0x2000"}"# + "\n")
    #expect(
      line(stop(.missing, level: 3)) == Self.head
        + #""missing","stopped_at":"PDPTE","missing":"0x3008"}"# + "\n")
    #expect(line(stop(.nonCanonical, level: 0)) == Self.head + #""non-canonical"}"# + "\n")
  }

  @Test func zeroIsWrittenAsZero() {
    #expect(line(Self.page, va: 0).hasPrefix(#"{"va":"0x0","#))
  }

  @Test func rightsAreWrittenInAllCombinations() throws {
    for bits in 0..<UInt8(8) {
      let rights = Rights(rawValue: bits)
      let result = WalkResult.mapped(
        Translation(
          address: PhysicalAddress(0), level: 1, entry: 0, rights: rights, pageShift: 12))
      let object = try object(line(result))
      #expect(object["write"] as? Bool == rights.contains(.write))
      #expect(object["user"] as? Bool == rights.contains(.user))
      #expect(object["execute"] as? Bool == rights.contains(.execute))
    }
  }

  private func object(_ line: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  @Test func aDigestHasItsBytesAsText() throws {
    let machine = try Fixture.machine("processes")
    let digest = TranslationDigest(
      digest: Digest128(high: 1, low: 0xab), mappings: 3, bytes: 0x3000)
    let line = Fixture.written {
      DigestReport(machine).writeJSON(digest, of: machine.addressSpaces[0], to: &$0)
    }
    let expected =
      #"{"root":"0x1000","pid":1,"process":"init","mappings":3,"bytes":"0x3000","#
      + #""digest":"xxh3-128:000000000000000100000000000000ab"}"# + "\n"
    #expect(line == expected)
  }

  @Test func aDifferenceHasBothAnswers() {
    var report = DifferenceReport(.x86_64)
    let difference = TranslationDifference(
      address: VirtualAddress(0x5000),
      path: [.init(name: "PDE", index: 0x1ed), .init(name: "PTE", index: 5)],
      a: .page(PhysicalAddress(0x9000), shift: 12, [.write]), b: .reserved(0x2000))
    let expected =
      #"{"va":"0x5000","path":"PDE[0x1ed] → PTE[0x5]","a":{"outcome":"mapped","pa":"0x9000","#
      + #""page_size":4096,"write":true,"user":false,"execute":false},"#
      + #""b":{"outcome":"reserved-bits","reserved":"0x2000"}}"# + "\n"
    let line = Fixture.written { report.writeJSON(difference, to: &$0) }
    #expect(line == expected)
    #expect(report.count == 1)
  }

  @Test func aFindingLeavesOutWhatIsNotKnown() throws {
    var report = FindingReport(try Fixture.machine("faults"))
    let finding = Finding(.selfMap, root: PhysicalAddress(0x1000), detail: "no \"slot\"")
    let line = Fixture.written { report.writeJSON(finding, to: &$0) }
    #expect(
      line == #"{"finding":"self-map","root":"0x1000","detail":"no \"slot\""}"# + "\n")
  }

  @Test(arguments: [
    "", "\"\\/", "\u{0}\u{1}\u{1f}\u{7f}", "\n\r\t\u{8}\u{c}", "é→𝄞", "\u{2028}\u{feff}",
  ])
  func textSurvivesJSON(text: String) throws {
    let line = Fixture.written { out in
      out.openObject()
      out.member("text", text)
      out.openArray("list")
      out.element(text)
      out.element(text)
      out.closeArray()
      out.closeLine()
    }
    #expect(line.filter { $0 == "\n" }.count == 1)
    let object = try object(line)
    #expect(object["text"] as? String == text)
    #expect(object["list"] as? [String] == [text, text])
  }
}
