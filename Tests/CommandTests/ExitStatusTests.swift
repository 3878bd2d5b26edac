import Foundation
import Testing

/// The statuses that scripts rely on, and that nothing is written where something is wrong.
@Suite struct ExitStatusTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  private func run(_ arguments: String..., input: String = "") throws -> Command.Outcome {
    try Command.run(arguments, input: input, in: place)
  }

  @Test func theProgramIsThere() {
    #expect(FileManager.default.isExecutableFile(atPath: Command.program.path))
  }

  @Test func theVersionIsSaidInOneLine() throws {
    let outcome = try run("--version")
    #expect(outcome.status == 0)
    #expect(outcome.output.wholeMatch(of: /mmubench [0-9]+\.[0-9]+\.[0-9]+\n/) != nil)
  }

  @Test(arguments: [
    "run", "build", "info", "walk", "vtop", "translate", "map", "digest", "diff", "check",
    "fault", "pte", "mount", "export",
  ])
  func everyVerbHasHelp(verb: String) throws {
    let outcome = try run(verb, "--help")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("USAGE: mmubench"))
    #expect(outcome.errors == "")
  }

  @Test(arguments: [1, 80, 4095])
  func anImageBelowAPageSaysNothingOfItsMode(count: Int) throws {
    try Data(count: count).write(to: place.url.appendingPathComponent("small.raw"))
    let info = try run("info", "small.raw")
    #expect(info.status == 0 && info.output.contains("give --mode"))
    let walk = try run("walk", "small.raw", "0")
    #expect(walk.status == 64 && walk.errors.contains("give --mode"))
  }

  @Test func aWalkThatFindsNothingIsAnAnswer() throws {
    let outcome = try run("walk", "plain.yaml", "0x900000", "--json")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains(#""outcome":"not-present","stopped_at":"PDE""#))
  }

  @Test(arguments: [
    ["bogus"], ["walk"], ["walk", "plain.yaml"], ["walk", "plain.yaml", "zz"],
    ["walk", "plain.yaml", "0x10000000000000000"], ["walk", "plain.yaml", "0", "--mode", "x87"],
    ["walk", "plain.yaml", "0", "--physical-bits", "53"],
    ["walk", "plain.yaml", "0", "--ttbr1", "0"],
    ["walk", "plain.yaml", "0", "--os", "windows-1"], ["walk", "plain.yaml", "0", "--bogus"],
    ["walk", "plain.yaml", "0", "--pid", "7"], ["walk", "plain.yaml", "0", "--accept", "all"],
    ["walk", "plain.yaml", "0", "--cr0", "1"], ["walk", "plain.yaml", "0", "--color", "sometimes"],
    ["map", "plain.yaml", "--range", "5..4"],
    ["map", "plain.yaml", "--filter", "wx"], ["map", "plain.yaml", "--limit", "-1"],
    ["digest", "plain.yaml", "--shard", "5/4"], ["digest", "plain.yaml", "--shard", "1"],
    ["digest", "plain.yaml", "--shard", "1/2", "--combine", "x"],
    ["build", "plain.yaml"], ["build", "plain.yaml", "--output", "x", "--format", "vhd"],
    ["build", "memory.raw", "--output", "x"], ["run", "--jobs", "0"],
    ["pte"], ["pte", "zz"], ["pte", "1", "--level", "PTTE"], ["pte", "1", "--mode", "x87"],
    ["pte", "0x100000000", "--mode", "x86"], ["pte", "1", "--mode", "pae", "--level", "PML4E"],
    ["pte", "1", "--os", "windows-6"], ["pte", "1", "--c-bit", "12"],
    ["fault", "plain.yaml"], ["fault", "plain.yaml", "0", "--batch"],
    ["fault", "plain.yaml", "0", "--access", "fetch"],
    ["fault", "plain.yaml", "0", "--as", "root"],
    ["fault", "plain.yaml", "--batch", "--as", "user"],
    ["fault", "plain.yaml", "--batch", "--explain"], ["fault", "plain.yaml", "zz"],
    ["walk", "plain.yaml", "0", "--c-bit", "12"], ["walk", "plain.yaml", "0", "--c-bit", "64"],
    ["walk", "plain.yaml", "0", "--shared-bit", "47", "--c-bit", "47"],
    ["walk", "plain.yaml", "0", "--vendor", "via"], ["fault", "small.yaml", "0x1_0000_0000"],
    ["fault", "plain.yaml", "0", "--cr4", "0x1020"],
    ["fault", "plain.yaml", "0", "--cr4", "0x800020", "--cr0", "0x80000001"],
    ["walk", "memory.raw", "0"], ["walk", "memory.raw", "0", "--mode", "x86-64"],
    ["diff", "plain.yaml", "small.yaml"],
    ["walk", "small.yaml", "0x1_0000_0000"], ["map", "small.yaml", "--range", "0..0x1_0000_0000"],
  ])
  func whatCannotBeAskedEndsWith64(arguments: [String]) throws {
    try place.write(String(repeating: "\0", count: 8192), to: "memory.raw")
    try place.write(Workplace.scenario("small", "", mode: "pae"), to: "small.yaml")
    let outcome = try Command.run(arguments, in: place)
    #expect(outcome.status == 64, "\(outcome.errors)")
    #expect(outcome.output == "")
    #expect(outcome.errors != "")
    #expect(try place.files == ["memory.raw", "plain.yaml", "small.yaml"])
  }

  /// Without a handler the system ends whoever writes more than `ulimit -f` allows.
  @Test func aFileThatMayNotGrowEndsWith74AndLeavesNothing() throws {
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.currentDirectoryURL = place.url
    shell.arguments = [
      "-c",
      "ulimit -f 8; exec '\(Command.program.path)' build plain.yaml --output out.elf --format elf",
    ]
    let errors = Pipe()
    shell.standardError = errors
    try shell.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(shell.terminationReason == .exit)
    #expect(shell.terminationStatus == 74)
    #expect(text.contains("out.elf: cannot write: File too large"))
    #expect(try place.files == ["plain.yaml"])
  }

  @Test func anUnknownVerbIsNamedWithTheKnownOnes() throws {
    let outcome = try run("wlak", "plain.yaml", "0")
    #expect(outcome.status == 64)
    #expect(
      outcome.errors.hasPrefix("mmubench: error: no verb `wlak`; there are run, build, convert"))
    #expect(outcome.errors.hasSuffix("did you mean `walk`?\n"))
    #expect(try run("bogus", "--help").status == 64)
  }

  @Test func aMalformedScenarioEndsWith65AndSaysWhere() throws {
    try place.write(Workplace.scenario("bad", "mapp: []"), to: "bad.yaml")
    for verb in ["info", "map", "check", "digest", "translate"] {
      let outcome = try run(verb, "bad.yaml")
      #expect(outcome.status == 65)
      #expect(outcome.errors.hasPrefix("bad.yaml:7:1: error[E0202]: unknown key `mapp`"))
      #expect(outcome.errors.contains("did you mean `map`?"))
    }
  }

  @Test func aMistakeOfTheFileHidesNoneOfTheMachine() throws {
    try place.write(
      Workplace.scenario("bad", "deviates: none\nmap: [{ va: 0x40_0001, to: 0x5000 }]"),
      to: "bad.yaml")
    for verb in ["info", "run"] {
      let outcome = try run(verb, "bad.yaml")
      #expect(outcome.status == 65)
      let text = outcome.errors + outcome.output
      #expect(text.contains("bad.yaml:7:11: error[E0204]"))
      #expect(text.contains("bad.yaml:8:13: error[E0302]"))
    }
  }

  @Test func aMalformedDumpEndsWith65AndSaysWhere() throws {
    try place.write("\u{7f}ELF" + String(repeating: "\0", count: 200), to: "bad.elf")
    let outcome = try run("info", "bad.elf")
    #expect(outcome.status == 65)
    #expect(outcome.errors.contains("bad.elf: byte 0x"))
  }

  @Test(arguments: ["nowhere.elf", "nowhere.yaml", ".", "/dev/null/x"])
  func whatCannotBeOpenedEndsWith66(path: String) throws {
    let outcome = try run("info", path)
    #expect(outcome.status == 66, "\(outcome.errors)")
    #expect(outcome.errors.contains(path))
  }

  @Test func runOfWhatIsNotThereEndsWith66() throws {
    let outcome = try run("run", "nowhere")
    #expect(outcome.status == 66)
    #expect(outcome.errors.contains("nowhere"))
  }

  @Test func outputsAreNeverOverwrittenUnasked() throws {
    try place.write("precious", to: "there")
    let outcome = try run("build", "plain.yaml", "--output", "there", "--truth", "truth")
    #expect(outcome.status == 73)
    #expect(outcome.errors.contains("--force"))
    #expect(try place.read("there") == "precious")
    #expect(try place.files == ["plain.yaml", "there"])

    let truth = try run("build", "plain.yaml", "--output", "new", "--truth", "there")
    #expect(truth.status == 73)
    #expect(try place.files == ["plain.yaml", "there"])

    let junit = try run("run", "plain.yaml", "--junit", "there")
    #expect(junit.status == 73)
    #expect(try place.read("there") == "precious")

    let forced = try run("build", "plain.yaml", "--output", "there", "--force")
    #expect(forced.status == 0)
    #expect(try place.read("there") != "precious")
  }

  @Test func outputsThatCannotBeCreatedEndWith73() throws {
    let outcome = try run("build", "plain.yaml", "--output", "nowhere/file")
    #expect(outcome.status == 73)
  }

  @Test(arguments: [
    ["--output", "plain.yaml"], ["--output", "./plain.yaml"],
    ["--output", "image", "--truth", "plain.yaml"], ["--output", "image", "--truth", "./image"],
  ])
  func noOutputReplacesTheScenarioOrAnotherOutput(options: [String]) throws {
    let text = try place.read("plain.yaml")
    for force in [[], ["--force"]] {
      let outcome = try Command.run(["build", "plain.yaml"] + options + force, in: place)
      #expect(outcome.status == 73)
      #expect(outcome.errors.contains("too; name another file"))
      #expect(try place.files == ["plain.yaml"])
      #expect(try place.read("plain.yaml") == text)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func aPipeThatNobodyWritesToEndsWith66() throws {
    let pipe = place.url.appendingPathComponent("pipe.yaml").path
    let made = unsafe mkfifo(pipe, 0o600)
    #expect(made == 0)
    let outcome = try run("info", "pipe.yaml")
    #expect(outcome.status == 66)
    #expect(outcome.errors.contains("pipe.yaml: cannot open: it is a pipe"))
  }

  @Test func aFullDiskEndsWith74() throws {
    let process = Process()
    process.executableURL = Command.program
    process.arguments = ["map", place.url.appendingPathComponent("plain.yaml").path]
    process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 74)
    #expect(text.contains("standard output: cannot write"))
  }

  @Test func findingsEndWith1() throws {
    let outcome = try run("check", "plain.yaml")
    #expect(outcome.status == 1, "a page that may be written and executed is a finding")
    let limited = try run("check", "plain.yaml", "--limit", "0", "--json")
    #expect(limited.status == 1)
    #expect(limited.output == "")
    try place.write(
      Workplace.scenario("clean", "map: [{ va: 0, to: 0x5000, rights: { write: false } }]"),
      to: "clean.yaml")
    #expect(try run("check", "clean.yaml").status == 0)
  }

  @Test func differencesEndWith1() throws {
    try place.write(
      Workplace.scenario("other", "map: [{ va: 0x40_0000, to: 0x6000 }]"), to: "other.yaml")
    let outcome = try run("diff", "plain.yaml", "other.yaml", "--json")
    #expect(outcome.status == 1)
    #expect(outcome.lines.count == 1)
    #expect(
      outcome.output.contains(
        #""path":"PML4E[0x0] → PDPTE[0x0] → PDE[0x2] → PTE[0x0]","a":{"outcome":"mapped","#))
    #expect(try run("diff", "plain.yaml", "plain.yaml").status == 0)
  }
}
