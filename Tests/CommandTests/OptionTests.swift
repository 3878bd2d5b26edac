import Foundation
import Testing

/// What the options of the verbs do.
@Suite struct OptionTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  private func run(_ arguments: String...) throws -> Command.Outcome {
    try Command.run(arguments, in: place)
  }

  @Test(arguments: ["--root", "--dtb", "--cr3"])
  func theRootHasThreeNames(option: String) throws {
    #expect(try run("build", "plain.yaml", "-o", "memory.raw").status == 0)
    let outcome = try run(
      "vtop", "memory.raw", "0x400123", "--mode", "x86-64", option, "0x1018", "--json")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains(#""root":"0x1000","outcome":"mapped","pa":"0x5123""#))
    let text = try run("walk", "memory.raw", "0x400123", "--mode", "x86-64", option, "0x1018")
    #expect(text.output.contains("CR3 is 0x1018, its bits 0x18 are no address"))
  }

  @Test func theBaseMovesARawImage() throws {
    #expect(try run("build", "plain.yaml", "-o", "memory.raw").status == 0)
    let outcome = try run(
      "walk", "memory.raw", "0x400123", "--mode", "x86-64", "--root", "0x1000", "--base", "0x1000",
      "--json")
    #expect(outcome.status == 0)
    #expect(!outcome.output.contains("mapped"))
    #expect(
      try run("info", "memory.raw", "--base", "0x1000", "--json").output.contains(
        #""runs":[{"start":"0x1000","end":"0x100fff"}]"#))
  }

  @Test func everyOptionSaysItsSource() throws {
    let outcome = try run(
      "walk", "plain.yaml", "0", "--efer", "0x500", "--cr4", "0x20", "--cr0", "0x80000001",
      "--pkru", "4", "--pkrs", "8", "--physical-bits", "40", "--os", "none", "--ac", "--c-bit",
      "47", "--vendor", "amd")
    #expect(outcome.status == 0)
    for option in [
      "--efer", "--cr4", "--cr0", "--pkru", "--pkrs", "--physical-bits", "--ac", "--c-bit",
      "--vendor",
    ] {
      #expect(outcome.output.contains(option), "\(option)")
    }
    #expect(
      try run("walk", "plain.yaml", "0", "--shared-bit", "46").output.contains("--shared-bit"))
  }

  /// Whose the option is, and how it is given; each with a mode of the other architecture.
  @Test(
    arguments: [
      ["arm64", "--cr0", "1"], ["arm64", "--cr4", "0x20"], ["arm64", "--efer", "0x500"],
      ["arm64", "--pkru", "1"], ["arm64", "--pkrs", "1"], ["arm64", "--ac"],
      ["arm64", "--vendor", "amd"], ["arm64", "--accept", "pdpte-accessed"],
      ["arm64", "--c-bit", "47"], ["arm64", "--shared-bit", "47"], ["x86-64", "--tcr", "0x10"],
      ["x86-64", "--ttbr1", "0x1000"], ["la57", "--sctlr", "1"], ["pae", "--pan"],
    ])
  func optionsOfTheOtherArchitectureAreErrorsThatSaySo(arguments: [String]) throws {
    #expect(try run("build", "plain.yaml", "-o", "memory.raw").status == 0)
    let outcome = try Command.run(
      ["walk", "memory.raw", "0", "--root", "0x1000", "--mode"] + arguments, in: place)
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains(arguments[0] == "arm64" ? "of x86" : "of arm64"))
    #expect(outcome.errors.contains(arguments[0]))
  }

  @Test(arguments: [["--tcr", "0x8"], ["--tcr", "0x780100010"], ["--sctlr", "0"]])
  func impossibleRegistersOfARM64AreErrors(arguments: [String]) throws {
    #expect(try run("build", "plain.yaml", "-o", "memory.raw").status == 0)
    let outcome = try Command.run(
      ["walk", "memory.raw", "0", "--root", "0x1000", "--mode", "arm64"] + arguments, in: place)
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("ARM ARM"))
  }

  /// Said by the option, with what is right.
  @Test(
    arguments: [
      (["--cr4", "0x1020"], "which is mode la57"), (["--cr0", "0x80010040"], "bit 6 set"),
      (["--vendor", "intel", "--c-bit", "47"], "AMD's SME"),
      (["--vendor", "amd", "--shared-bit", "47"], "Intel's TDX"),
      (["--vendor", "amd", "--cr4", "0x1000020"], "CR4.PKS=1"),
      (["--vendor", "intel", "--efer", "0x100d00"], "EFER.UAIE=1"),
      (["--cr3", "0x10000000001000"], "bit 52 set"), (["--accept", "pdpte-walked"], "mode pae"),
      (["--accept", "pdpte-accessed"], "mode pae"),
    ] as [([String], String)])
  func impossibleStatesAreErrorsBesideAMode(options: [String], words: String) throws {
    #expect(try run("build", "plain.yaml", "-o", "memory.raw").status == 0)
    let root = options.contains("--cr3") ? [] : ["--root", "0x1000"]
    for verb in ["walk", "fault"] {
      let outcome = try Command.run(
        [verb, "memory.raw", "0x400123", "--mode", "x86-64"] + root + options, in: place)
      #expect(outcome.status == 64)
      #expect(outcome.output == "")
      #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }
  }

  @Test func processorOptionsAreTaken() throws {
    let outcome = try run(
      "walk", "plain.yaml", "0x400123", "--ac", "--vendor", "amd", "--c-bit", "51")
    #expect(outcome.status == 0, "\(outcome.errors)")
    for option in ["--ac", "--vendor", "--c-bit"] { #expect(outcome.output.contains(option)) }
    #expect(try run("walk", "plain.yaml", "0", "--c-bit", "52").status == 64)
    #expect(try run("walk", "plain.yaml", "0", "--shared-bit", "11").status == 64)
  }

  @Test(arguments: ["0x80010000", "0x80000000", "0x80050033"])
  func theBitsOfCR0ThatPagingLooksAtAreEnough(cr0: String) throws {
    let outcome = try run("walk", "plain.yaml", "0x400123", "--cr0", cr0)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("CR0   \(cr0)"))
  }

  @Test func anotherModeStartsAtTheRootOfTheDump() throws {
    #expect(try run("build", "plain.yaml", "--format", "elf", "-o", "memory.elf").status == 0)
    let text = try run("walk", "memory.elf", "0", "--mode", "la57")
    #expect(text.output.contains("root  0x1000  QEMU note of processor 0"))
    let json = try run("walk", "memory.elf", "0", "--mode", "x86", "--json")
    #expect(json.output.contains(#""mode":"x86","root":"0x1000""#))
  }

  @Test(arguments: ["lime", "raw"])
  func aDumpWithoutRegistersSaysThatNXEIsTakenAsSet(format: String) throws {
    #expect(try run("build", "plain.yaml", "--format", format, "-o", "memory").status == 0)
    let words = ["walk", "memory", "0", "--root", "0x1000", "--mode"]
    let outcome = try Command.run(words + ["x86-64"], in: place)
    #expect(outcome.output.contains("NXE   1       default of the mode"))
    #expect(!(try Command.run(words + ["x86"], in: place)).output.contains("NXE"))
  }

  @Test func aGivenEFERReplacesWhatWasAssumedOfNXE() throws {
    #expect(try run("build", "plain.yaml", "--format", "elf", "-o", "memory.elf").status == 0)
    #expect(try run("walk", "memory.elf", "0").output.contains("assumed: the dump does not record"))
    let outcome = try run("walk", "memory.elf", "0", "--efer", "0x500")
    #expect(!outcome.output.contains("NXE"))
    #expect(outcome.output.contains("EFER  0x500"))
  }

  @Test(arguments: ["raw", "elf", "elf32", "lime"])
  func informationNamesFormatsAsBuildDoes(format: String) throws {
    #expect(try run("build", "plain.yaml", "--format", format, "-o", "memory").status == 0)
    #expect(try run("info", "memory", "--json").output.hasPrefix(#"{"format":"\#(format)","size""#))
    let gzip = Process()
    gzip.executableURL = URL(fileURLWithPath: "/bin/gzip")
    gzip.arguments = [place.url.appendingPathComponent("memory").path]
    try gzip.run()
    gzip.waitUntilExit()
    let packed = try run("info", "memory.gz", "--json")
    #expect(packed.output.hasPrefix(#"{"format":"\#(format)","compression":"gzip","size""#))
  }

  @Test(arguments: [("always", true), ("never", false), ("auto", false)])
  func coloursAreThereWhenAsked(choice: String, isColored: Bool) throws {
    let outcome = try run("walk", "plain.yaml", "0x400000", "--color", choice)
    #expect(outcome.output.contains("\u{1b}[") == isColored)
    let json = try run("walk", "plain.yaml", "0x400000", "--json", "--color", choice)
    #expect(!json.output.contains("\u{1b}"))
  }

  @Test func aReaderWhoLeavesIsNoError() throws {
    try place.write(
      Workplace.scenario(
        "long", "map: [{ va: 0..0xff_ffff, to: { random: 0..0xf_ffff, seed: 1 } }]"),
      to: "long.yaml")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = [
      "-c", "set -o pipefail; \"$0\" map long.yaml --json | head -n 2", Command.program.path,
    ]
    process.currentDirectoryURL = place.url
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let lines = output.fileHandleForReading.readDataToEndOfFile().split(separator: 0x0a)
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(lines.count == 2)
    #expect(complaint.isEmpty)
    #expect(process.terminationStatus == 0)
  }

  @Test func shardsCombineToTheSameDigest() throws {
    try place.write(
      Workplace.scenario(
        "wide", "map: [{ va: 0..0xf_ffff_ffff, to: 0x5000, every: 1 GiB }]"), to: "wide.yaml")
    let whole = try run("digest", "wide.yaml", "--json")
    #expect(whole.status == 0)
    for count in 1...3 {
      for index in 1...count {
        let shard = try run("digest", "wide.yaml", "--shard", "\(index)/\(count)")
        try place.write(shard.output, to: "shard\(index)")
      }
      let files = (1...count).map { "shard\($0)" }
      let combined = try Command.run(
        ["digest", "wide.yaml", "--json", "--combine"] + files, in: place)
      #expect(combined.status == 0, "\(combined.errors)")
      #expect(combined.output == whole.output)
      let partial = try Command.run(
        ["digest", "wide.yaml", "--combine"] + files.dropLast(), in: place)
      #expect(count == 1 || partial.status == 65)
    }
    let stranger = try run("digest", "plain.yaml", "--efer", "0x500", "--combine", "shard1")
    #expect(stranger.status == 65)
    try place.write(try place.read("shard1").replacing("xxh3", with: "xxh4"), to: "shard1")
    #expect(try run("digest", "wide.yaml", "--combine", "shard1").status == 65)
    #expect(try run("digest", "wide.yaml", "--combine", "plain.yaml").status == 65)
  }

  @Test(arguments: ["raw", "elf", "elf32", "lime"])
  func builtDumpsTranslateAsTheirScenario(format: String) throws {
    let built = try run(
      "build", "plain.yaml", "--format", format, "--output", "memory", "--truth", "truth")
    #expect(built.status == 0)
    #expect(built.output == "")
    #expect(
      try place.read("truth")
        == #"{"va":"0x400000","mode":"x86-64","root":"0x1000","outcome":"mapped","pa":"0x5000","#
        + #""page_size":4096,"write":true,"user":true,"execute":true}"# + "\n")
    let same = try run("diff", "memory", "plain.yaml", "--mode", "x86-64", "--root", "0x1000")
    #expect(same.status == 0, "\(same.errors)")
  }

  @Test func informationOfARawImageSaysWhatItLacks() throws {
    try place.write(String(repeating: "\0", count: 8192), to: "memory.raw")
    let outcome = try run("info", "memory.raw")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("give --mode"))
  }
}
