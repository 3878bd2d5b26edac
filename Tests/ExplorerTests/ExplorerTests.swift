import Explorer
import Foundation
import Machine
import Paging
import PhysicalMemory
import Report
import ScenarioFile
import Synchronization
import Testing
import Workbench

/// The pages of `explore`, without a network.
@Suite struct ExplorerTests {
  /// One page at 0x400000 that user mode may read and write; the PTE is at 0x4000.
  static let scenario = """
    mmubench: 1
    scenario: small
    title: A page
    source: the tests of the explorer
    machine: { mode: x86-64, memory: 1 MiB, root: 0x1000, tables: { from: 0x2000 } }
    map:
      - { va: 0x40_0000, to: 0x5000 }
    golden: false
    """

  static func machine(_ text: String = scenario) throws -> Machine {
    try OpenScenario(ScenarioParser.read(text: text, path: "small.yaml")).machine
  }

  static func explorer(_ text: String = scenario) throws -> Explorer {
    Explorer(try machine(text), title: "small.yaml", indexedAs: nil)
  }

  private func page(
    _ path: String, _ query: KeyValuePairs<String, String> = [:], of explorer: Explorer? = nil
  ) throws -> (status: Int, text: String) {
    let page = try (explorer ?? Self.explorer()).page(
      path, query: query.map { (name: $0.key, value: $0.value) })
    return (page.status, String(decoding: page.bytes, as: UTF8.self))
  }

  @Test func pagesHaveNeitherScriptNorStyleWithin() throws {
    for (path, query) in [("/", [:]), ("/", ["va": "0x400000"]), ("/map", [:])]
      as [(String, KeyValuePairs<String, String>)]
    {
      let (status, text) = try page(path, query)
      #expect(status == 200)
      #expect(text.contains("<script src=\"/page.js\"></script>"))
      #expect(!text.contains("<style"))
      #expect(!text.contains(" style="))
    }
    #expect(try page("/page.js").text.contains("use strict"))
    #expect(try page("/page.css").status == 200)
    #expect(try page("/etc/passwd").status == 404)
  }

  /// A map of 400 runs.
  private static let manyRuns = {
    let pages = (0..<400).map { "{ va: \((0x40_0000 + $0 * 0x2000).hex), to: 0x5000 }" }
    return """
      mmubench: 1
      scenario: small
      title: Small
      source: the test
      machine: { mode: x86-64, memory: 16 MiB }
      map: [\(pages.joined(separator: ", "))]

      """
  }()

  /// A map of more runs than can be looked at is one of bands, and each leads to its own runs.
  @Test func aBandOfSeveralRunsLeadsToThem() throws {
    let explorer = try Self.explorer(Self.manyRuns)
    let coarse = try page("/map", of: explorer).text
    let link = try #require(coarse.firstMatch(of: /href="\/map\?in=([^"]+)"/)).1
    let range = link.replacing("%2E", with: ".")
    let (status, fine) = try page("/map", ["in": String(range)], of: explorer)
    #expect(status == 200 && !fine.contains("/map?in="))
    let runs = fine.components(separatedBy: "<code>0x5000</code>").count - 1
    #expect((2...320).contains(runs))
  }

  @Test func whatIsTypedIsText() throws {
    let (status, text) = try page("/", ["va": "<script>alert(1)</script>"])
    #expect(status == 400)
    #expect(!text.contains("<script>alert"))
    #expect(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;` is not a number"))
  }

  /// RW is bit 1 of the PTE, which the walk finds at 0x4000.
  @Test func aBitThatIsInvertedChangesTheAnswer() throws {
    let pte = try #require(try Self.machine().walk(VirtualAddress(0x40_0000)).steps.last)
    let flip = "\(pte.entryAddress).1"
    let write: KeyValuePairs = ["va": "0x400000", "access": "write", "as": "user"]
    let before = try page("/", write).text
    #expect(before.contains("translated to 0x5000"))
    #expect(before.contains("flip=\(flip)"), "the bit is a link")
    let after = try page(
      "/", ["va": "0x400000", "access": "write", "as": "user", "flip": flip]
    ).text
    #expect(after.contains("As you changed it"))
    #expect(after.contains("page fault, error code 0x7 (P W U)"))
    #expect(after.contains("refused: writes need RW=1 in every entry: RW=0 in PTE"))
    // The same bit once more is no change: the link that undoes it has none.
    #expect(after.contains("href=\"/?va=0x400000&amp;access=write&amp;as=user\""))
  }

  /// The map that is kept is that of the machine as it is looked at.
  @Test func aMapIsThatOfWhatWasChanged() throws {
    let explorer = try Self.explorer()
    let pte = try #require(try Self.machine().walk(VirtualAddress(0x40_0000)).steps.last)
    let whole = try page("/map", of: explorer)
    #expect(whole.text.contains("0x400fff"))
    let other = try page("/map", ["flip": "\(pte.entryAddress).0"], of: explorer)
    #expect(!other.text.contains("0x400fff"))
    let part = try page("/map", ["in": "0x800000..0x8fffff"], of: explorer)
    #expect(!part.text.contains("0x400fff"))
    for _ in 0..<2 { #expect(try page("/map", of: explorer).text == whole.text) }
    #expect(try page("/map", ["va": "0x400000"], of: explorer).text.contains("value=\"0x400000\""))
  }

  @Test func aRegisterBitThatIsInvertedChangesTheAnswer() throws {
    let text = Self.scenario.replacing("to: 0x5000", with: "to: 0x5000, rights: { write: false }")
    let explorer = try Self.explorer(text)
    let question: KeyValuePairs = ["va": "0x400000", "access": "write", "as": "supervisor"]
    #expect(try page("/", question, of: explorer).text.contains("page fault, error code 0x3"))
    let changed = try page(
      "/", ["va": "0x400000", "access": "write", "as": "supervisor", "set": "CR0.WP"], of: explorer)
    #expect(changed.text.contains("translated to 0x5000"))
  }

  @Test func whatNoProcessorIsInIsSaid() throws {
    // CR4.CET needs CR0.WP (SDM 3A, 2.5).
    let text = try page("/", ["va": "0x400000", "set": "CR0.WP", "set": "CR4.CET"]).text
    #expect(text.contains("CR4.CET cannot be inverted"))
    #expect(try page("/", ["set": "CR9.XX"]).text.contains("no register bit `CR9.XX`"))
    #expect(try page("/", ["flip": "0x40000000.1"]).text.contains("does not hold 0x40000000"))
    #expect(try page("/", ["flip": "0x4000.64"]).status == 400)
    for query in [["set": "CR9.XX"], ["flip": "0x40000000.1"], ["pid": "7"]]
      as [KeyValuePairs<String, String>]
    {
      #expect(try page("/", query).status == 400)
    }
    #expect(try page("/", ["va": "0x1", "va": "0x2"]).text.contains("va: it is said twice"))
    #expect(try page("/", ["root": "0x9000"]).text.contains("no address space has the root"))
  }

  /// A link leads to a page that answers; what was refused is not among what is changed.
  @Test(arguments: ["x86", "pae", "x86-64", "la57", "arm64"])
  func everyBitThatIsALinkCanBeInverted(mode: String) throws {
    let explorer = try Self.explorer(Self.scenario.replacing("mode: x86-64", with: "mode: \(mode)"))
    let text = try page("/", [:], of: explorer).text
    let names = text.matches(of: /href="\/\?set=([A-Za-z0-9_.]+)"/).map { String($0.output.1) }
    #expect(names.count > 5, "\(names)")
    for name in names {
      #expect(try page("/", ["set": name], of: explorer).status == 200, "\(name)")
    }
    let refused = ["x86": "CR4.PCIDE", "pae": "CR4.PCIDE", "arm64": "SCTLR_EL1.EE"]
    guard let bit = refused[mode] else { return }
    #expect(!names.contains(bit))
    #expect(text.contains("it cannot be inverted: "))
    let (status, answer) = try page("/", ["set": bit], of: explorer)
    #expect(status == 400)
    #expect(!answer.contains("changed: "))
  }

  /// Nothing is worked out for a page that refuses: the map of a large space is not in it.
  @Test(
    arguments: [
      ("/favicon.ico", nil), ("/", ("va", "zz")), ("/", ("set", "CR9.XX")),
      ("/map", ("root", "0x9")),
      ("/owners", ("pa", "zz")), ("/", ("flip", "0x40000000.1")),
    ] as [(String, (String, String)?)])
  func aRefusalIsSmall(path: String, parameter: (String, String)?) throws {
    let explorer = try Self.explorer()
    let answer = explorer.page(path, query: parameter.map { [(name: $0.0, value: $0.1)] } ?? [])
    #expect(answer.status >= 400)
    #expect(answer.bytes.count < 32 << 10)
    let text = String(decoding: answer.bytes, as: UTF8.self)
    #expect(!text.contains("Address space</h2>") && !text.contains("id=\"map\""), "no map")
  }

  /// Of a timeline the page says which moment it is, and the moments beside it are links.
  @Test func aMomentOfATimelineIsAsked() throws {
    let path = SavedAnswersTests.scenarios.appending(path: "timelines/linux-fork.yaml").path
    let exhibit = try Exhibit(path)
    let count = exhibit.steps.count
    let explorer = Explorer(
      exhibit.machine, title: "fork", indexedAs: nil,
      moments: Moments(exhibit.steps) { try Exhibit(path, through: $0).machine })
    let end = try page("/", of: explorer).text
    #expect(end.contains("after the last step, \(count)"))
    #expect(end.contains("href=\"/?step=\(count - 1)\""))
    let first = try page("/", ["step": "1"], of: explorer)
    #expect(first.status == 200)
    #expect(first.text.contains("after step 1 of \(count)"))
    #expect(first.text.contains("href=\"/?step=2\""))
    #expect(!first.text.contains("href=\"/?step=0\""))
    let maps = end.matches(of: /<section id="map[0-9]*"/)
    #expect(Set(maps.map { String($0.output) }).count == exhibit.machine.addressSpaces.count)
    #expect(try page("/", ["step": "\(count + 1)"], of: explorer).status == 400)
    #expect(try page("/", ["step": "1"]).text.contains("this machine has no timeline"))
  }

  /// Of the two roots of an isolated process each owner says which it is.
  @Test func ownersOfTwoRootsAreToldApart() throws {
    let path = SavedAnswersTests.scenarios.appending(path: "dumps/linux-tasks-pti.yaml").path
    let explorer = Explorer(try Exhibit(path).machine, title: "pti", indexedAs: nil)
    let text = try page("/owners", ["pa": "0x8000"], of: explorer).text
    let owners = text.matches(of: /\(77\), root 0x[0-9a-f]+</).map { String($0.output) }
    #expect(Set(owners).count == 2, "\(owners)")
  }

  @Test func addressesBeyondTheModeAreRefused() throws {
    let text = Self.scenario.replacing("x86-64", with: "x86")
    let (status, page) = try page("/", ["va": "0x100000000"], of: Self.explorer(text))
    #expect(status == 400)
    #expect(page.contains("is not an address in mode x86"))
  }

  @Test func aFrameLeadsBackToItsOwners() throws {
    let text = try page("/owners", ["pa": "0x5123"]).text
    #expect(text.contains("0x0000000000400123"))
    #expect(text.contains("href=\"/?va=0x400123&amp;root=0x1000\""))
    #expect(try page("/owners").status == 400)
    #expect(try page("/owners", ["pa": "0x9000"]).text.contains("no page table that is known"))
  }

  /// With NXE=0 an entry that has XD is malformed, and maps nothing.
  @Test func theOwnersAreThoseOfTheRegistersAsTheyAre() throws {
    let explorer = try Self.explorer(
      Self.scenario.replacing("to: 0x5000", with: "to: 0x5000, rights: { execute: false }"))
    let owners = "0x0000000000400000"
    #expect(try page("/owners", ["pa": "0x5000"], of: explorer).text.contains(owners))
    let without = try page("/owners", ["pa": "0x5000", "set": "EFER.NXE"], of: explorer).text
    #expect(without.contains("no page table that is known"))
    #expect(try page("/owners", ["pa": "0x5000"], of: explorer).text.contains(owners))
  }

  @Test func aMapThatNobodyWantsAnyMoreEndsWhereItIs() throws {
    let machine = try Self.machine(Self.manyRuns)
    let looks = Mutex(0)
    var page = ExplorePage(title: "small.yaml", original: machine, machine: machine)
    page.content = .map
    page.isWanted = {
      looks.withLock {
        $0 += 1
        return $0 <= 10
      }
    }
    let text = String(decoding: page.bytes, as: UTF8.self)
    #expect(looks.withLock { $0 } == 11)
    #expect(text.contains("400000") && !text.contains("416000"))
  }

  @Test func nothingIsWorkedOutForSomebodyWhoHasGone() throws {
    let asker = Asker()
    asker.leave()
    for path in ["/", "/map", "/owners"] {
      let query = path == "/owners" ? [(name: "pa", value: "0x5000")] : []
      let page = try Self.explorer().page(path, query: query, for: asker)
      #expect(page.status == 503)
    }
  }
}
