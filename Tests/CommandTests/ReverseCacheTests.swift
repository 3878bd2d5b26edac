import Foundation
import Glibc
import Testing

/// What `reverse` keeps of a dump: the index of its tables, and what was found in opening it.
@Suite struct ReverseCacheTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  private func run(_ arguments: String...) throws -> Command.Outcome {
    try Command.run(arguments, in: place, environment: place.caching)
  }

  /// A question that options can be added to.
  private func question(_ words: String...) -> (String...) throws -> Command.Outcome {
    { more in try Command.run(words + more, in: place, environment: place.caching) }
  }

  private var indexes: [URL] { kept("index") }

  /// What is kept in the cache folder with names that end so.
  private func kept(_ ending: String) -> [URL] {
    let folder = place.url.appending(path: "cache/mmubench")
    let files = try? FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    return files?.filter { $0.pathExtension == ending } ?? []
  }

  /// Images whose index is a graph, and a list: the tables of the latter have a page each.
  static let images = ["plain", "sparse"]

  private func buildDump(of image: String) throws {
    let pages = (0..<12).map { "{ va: 0x\(String($0 << 39 + 0x40_0000, radix: 16)), to: 0x5000 }" }
    try place.write(
      Workplace.scenario("sparse", "map: [\(pages.joined(separator: ", "))]"), to: "sparse.yaml")
    let outcome = try run("build", "\(image).yaml", "--format", "elf", "-o", "memory.elf")
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test(arguments: images) func theIndexOfADumpIsKeptAndUsed(image: String) throws {
    try buildDump(of: image)
    let first = try run("reverse", "memory.elf", "0x5000", "--json", "--no-cache")
    #expect(first.status == 0, "\(first.errors)")
    #expect(indexes.isEmpty)
    #expect(try run("reverse", "memory.elf", "0x5000", "--json").output == first.output)
    #expect(indexes.count == 1)
    let kept = try Data(contentsOf: #require(indexes.first))
    #expect(kept.count <= 256 + 16 * first.lines.count)
    let verified = try run("reverse", "memory.elf", "0x5000", "--json", "--verify-cache")
    #expect(verified.output == first.output)
    #expect(verified.errors.contains("agrees with the page tables"))
    #expect(try Data(contentsOf: #require(indexes.first)) == kept)
    // Scenarios are built each time; there is nothing to keep.
    #expect(try run("reverse", "plain.yaml", "0x5000").status == 0)
    #expect(indexes.count == 1)
  }

  @Test func aDumpThatChangedHasANewIndex() throws {
    try place.write(
      Workplace.scenario("other", "map: [{ va: 0x40_0000, to: 0x6000 }]"), to: "other.yaml")
    #expect(try run("build", "plain.yaml", "--format", "elf", "-o", "memory.elf").status == 0)
    #expect(try run("build", "other.yaml", "--format", "elf", "-o", "other.elf").status == 0)
    #expect(try run("reverse", "memory.elf", "0x5000", "--json").lines.count == 1)
    // The same file, written over.
    let handle = try FileHandle(forWritingTo: place.url.appending(path: "memory.elf"))
    try handle.write(contentsOf: Data(contentsOf: place.url.appending(path: "other.elf")))
    try handle.close()
    #expect(try run("reverse", "memory.elf", "0x5000", "--json").lines.isEmpty)
    #expect(try run("reverse", "memory.elf", "0x6000", "--json").lines.count == 1)
    #expect(indexes.count == 1, "the old index is replaced")
  }

  /// The answers with what is written above them, which tells how each root was found.
  @Test func whatOpeningADumpFoundIsKeptAndUsed() throws {
    try buildDump(of: "plain")
    let ask = question("reverse", "memory.elf", "0x5000", "--physical-bits", "40")
    let first = try ask("--no-cache")
    #expect(first.output.contains("MAXPHYADDR  40") && kept("found").isEmpty)
    #expect(try ask().output == first.output)
    let file = try #require(kept("found").first)
    #expect(kept("found").count == 1)
    let right = try Data(contentsOf: file)
    #expect(try ask().output == first.output)
    #expect(try ask("--verify-cache").status == 0)
    var wrong = right
    for byte in [0, 20, 47, 48, right.count - 1] {
      wrong = right
      wrong[byte] ^= 4
      try wrong.write(to: file)
      let outcome = try ask()
      #expect(outcome.output == first.output && outcome.errors.contains("searched again"))
      #expect(try Data(contentsOf: file) == right)
    }
    // Whatever is there is not read for ever.
    try FileHandle(forWritingTo: file).truncate(atOffset: 1 << 36)
    let outcome = try ask()
    #expect(outcome.output == first.output && outcome.errors.contains("searched again"))
    #expect(try Data(contentsOf: file) == right)
    try wrong.write(to: file)
    #expect(try ask("--verify-cache").status == 1, "what was kept differs")
    #expect(try Data(contentsOf: file) == right)
    // Other options make another machine.
    let other = try run("reverse", "memory.elf", "0x5000", "--physical-bits", "41")
    #expect(other.output.contains("MAXPHYADDR  41") && kept("found").count == 2)
  }

  /// Where others may write to the folder, a name there may be a link to anything of the user's.
  @Test(arguments: ["index", "found"])
  func whatALinkInTheFolderLeadsToIsNotWrittenOver(ending: String) throws {
    try buildDump(of: "plain")
    let first = try run("reverse", "memory.elf", "0x5000", "--json")
    let file = try #require(kept(ending).first)
    try place.write("of the user", to: "other")
    let other = place.url.appending(path: "other")
    try FileManager.default.removeItem(at: file)
    try FileManager.default.createSymbolicLink(at: file, withDestinationURL: other)
    #expect(try run("reverse", "memory.elf", "0x5000", "--json").output == first.output)
    #expect(try String(contentsOf: other, encoding: .utf8) == "of the user")
    let kind = try FileManager.default.attributesOfItem(atPath: file.path)[.type]
    #expect(kind as? FileAttributeType == .typeRegular)
  }

  /// What one verb keeps another uses: damage to it comes to light there.
  @Test func verbsShareWhatTheyKeep() throws {
    try buildDump(of: "plain")
    let find = question("find", "memory.elf", "--hex", "07 20", "--json")
    let first = try find("--no-cache")
    #expect(!first.lines.isEmpty && kept("found").isEmpty)
    #expect(try find().output == first.output)
    let file = try #require(kept("found").first)
    #expect(kept("found").count == 1 && indexes.count == 1)
    let right = try Data(contentsOf: file)
    var wrong = right
    wrong[right.count - 1] ^= 4
    try wrong.write(to: file)
    let verified = try find("--no-owners", "--verify-cache")
    #expect(verified.status == 1 && verified.errors.contains("searched again"), "\(verified)")
    #expect(try Data(contentsOf: file) == right)
    try wrong.write(to: file)
    let outcome = try run("reverse", "memory.elf", "0x5000")
    #expect(outcome.status == 0 && outcome.errors.contains("searched again"), "\(outcome)")
    #expect(try find().output == first.output && kept("found").count == 1)
    // A dump that changed is searched again, and its file replaced.
    try place.write(
      Workplace.scenario("plain", "map: [{ va: 0x80_0000, to: 0x5000 }]"), to: "plain.yaml")
    #expect(
      try run("build", "plain.yaml", "--format", "elf", "-o", "memory.elf", "--force").status == 0)
    #expect(try find().output == find("--no-cache").output)
  }

  @Test(.enabled(if: LiveMount.refusal == nil, "\(LiveMount.refusal ?? "")"))
  func aMountKeepsWhatItFoundUnlessToldNotTo() throws {
    try buildDump(of: "plain")
    for (options, count) in [(["--no-cache"], 0), ([], 1)] {
      let mount = try LiveMount(["memory.elf"] + options, in: place)
      #expect(mount.write("5000", to: "misc/phys2virt/phys.txt") == 0)
      #expect(try mount.read("misc/phys2virt/virt.txt").contains("0000000000400000"))
      #expect(try mount.end(SIGTERM) == 0)
      #expect(kept("found").count == count && indexes.count == count, "\(options)")
    }
  }

  /// Each file of a dump decides what it says, whichever of them was named.
  @Test(arguments: ["vm.vmss", "vm.vmem"]) func aPartOfADumpThatChangedHasANewIndex(
    named name: String
  ) throws {
    try Data(VmwareFiles.snapshot).write(to: place.url.appending(path: "vm.vmss"))
    let memory = place.url.appending(path: "vm.vmem")
    try Data(VmwareFiles.memory(mapping: [3])).write(to: memory)
    #expect(try run("reverse", name, "0x5000", "--json").lines.count == 1)
    #expect(indexes.count == 1)
    try Data(VmwareFiles.memory(mapping: [3, 4])).write(to: memory)
    #expect(try run("reverse", name, "0x5000", "--json").lines.count == 2)
    try Data(VmwareFiles.memory(mapping: [])).write(to: memory)
    #expect(try run("reverse", name, "0x5000", "--json").lines.isEmpty)
  }

  @Test func aScenarioThatNamesADumpKeepsItsIndex() throws {
    try buildDump(of: "plain")
    try place.write(
      """
      mmubench: 1
      scenario: named
      title: A dump that a scenario names
      source: the tests
      machine: { memory: { dump: memory.elf } }
      golden: false
      """, to: "named.yaml")
    #expect(try run("reverse", "named.yaml", "0x5000", "--json").lines.count == 1)
    #expect(indexes.count == 1)
    let verified = try run("reverse", "named.yaml", "0x5000", "--json", "--verify-cache")
    #expect(verified.errors.contains("agrees with the page tables"))
  }

  @Test(arguments: [40, 200, 5000], images)
  func aDamagedIndexIsBuiltAgain(byte: Int, image: String) throws {
    try buildDump(of: image)
    let answer = try run("reverse", "memory.elf", "0x5000", "--json")
    let index = try #require(indexes.first)
    let right = try Data(contentsOf: index)
    var wrong = right
    wrong[min(byte, wrong.count - 1)] ^= 4
    try wrong.write(to: index)
    let outcome = try run("reverse", "memory.elf", "0x5000", "--json", "--verify-cache")
    #expect(outcome.output == answer.output)
    #expect(outcome.errors.contains("built again"))
    #expect(outcome.status == 1, "the comparison differs")
    #expect(try Data(contentsOf: index) == right)
    try wrong.write(to: index)
    let unverified = try run("reverse", "memory.elf", "0x5000", "--json")
    #expect(unverified.output == answer.output)
    #expect(unverified.status == 0)
    #expect(try Data(contentsOf: index) == right)
  }

  @Test func aComparisonWithNothingSaysSo() throws {
    #expect(try run("build", "plain.yaml", "--format", "elf", "-o", "memory.elf").status == 0)
    for (machine, reason) in [
      ("memory.elf", "no index of this dump was kept"), ("plain.yaml", "no index is kept"),
    ] {
      let outcome = try run("reverse", machine, "0x5000", "--verify-cache")
      #expect(outcome.status == 0)
      #expect(outcome.errors.contains("\(reason): nothing was compared"), "\(outcome.errors)")
    }
    let found = try run("find", "memory.elf", "--hex", "07 20", "--verify-cache")
    #expect(found.status == 0 && found.errors.contains("agrees with the page tables"))
  }

  @Test func aCacheFolderThatCannotBeIsNoObstacle() throws {
    #expect(try run("build", "plain.yaml", "--format", "elf", "-o", "memory.elf").status == 0)
    try place.write("a file", to: "cache")
    let outcome = try run("reverse", "memory.elf", "0x5000", "--json")
    #expect(outcome.status == 0)
    #expect(outcome.lines.count == 1)
    #expect(outcome.errors.contains("not kept"))
  }
}
