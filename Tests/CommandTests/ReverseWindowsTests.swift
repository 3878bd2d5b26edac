import TestSupport
import Testing

/// How owners whose entries the processor does not see are shown, and their bytes.
@Suite struct ReverseWindowsTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  private func write(_ mode: String, _ kernel: String, _ lines: String = "") throws {
    try place.write(
      SharedSection.scenario(mode: mode, kernel: kernel, lines), to: "shared.yaml")
  }

  @Test func peopleAreToldTheState() throws {
    try write("x86-64", "windows-19041.508")
    let text = try Command.run(["reverse", "shared.yaml", "0x1420000"], in: place)
    #expect(text.output.contains("one.exe (100)  transition"), "\(text.output)")
    #expect(text.output.contains("4K    wu-"), "MM_READWRITE: \(text.output)")
    let shared = try Command.run(
      ["reverse", "shared.yaml", "0x1410000", "--shared", "--json"], in: place)
    #expect(shared.lines.count == 4, "\(shared)")
  }

  /// Bytes of pages in transition and behind prototype entries, and the reason for those that are nowhere.
  @Test(arguments: SharedSection.kernels)
  func pagesThatAreStillInMemoryAreRead(kernel: (mode: String, name: String)) throws {
    try write(
      kernel.mode, kernel.name,
      """
      contents:
        - { pa: 0x142_0ffc, text: "abcd" }
        - { pa: 0x140_0000, text: "efgh" }
      """)
    let outcome = try Command.run(
      ["read", "shared.yaml", "0x400ffc..0x401003", "0x403000+4", "--json", "--pid", "100"],
      in: place)
    #expect(
      outcome.output == """
        {"va":"0x400ffc","pa":"0x1420ffc","length":4,"bytes":"61626364","state":"transition"}
        {"va":"0x401000","pa":"0x1400000","length":4,"bytes":"65666768","state":"prototype"}
        {"va":"0x403000","length":4,"outcome":"not-present","stopped_at":"PTE",\
        "state":"demand-zero"}

        """, "\(outcome)")
    let plain = try Command.run(
      ["read", "shared.yaml", "0x400ff0..0x40100f", "0x403000+16", "--pid", "100"], in: place)
    #expect(plain.output.contains("61 62 63 64  ............abcd"), "\(plain.output)")
    #expect(plain.output.contains("65 66 67 68"), "\(plain.output)")
    #expect(plain.output.contains("to Windows demand-zero"), "\(plain.output)")
  }

  /// An image that names no list of processes has their records all the same, kept or not.
  @Test(arguments: [[], ["--no-cache"]])
  func ownersInARawImageAreNamed(options: [String]) throws {
    try place.write(
      """
      mmubench: 1
      scenario: two
      title: Two processes have the kernel's shared page
      source: the tests
      machine: { mode: x86-64, memory: 16 MiB, os: windows-19041.508 }
      processes: [{ name: a.exe, pid: 100 }, { name: b.exe, pid: 200 }]
      timeline:
        - { read: 0x7ffe_0014, process: a.exe }
        - { read: 0x7ffe_0014, process: b.exe }
      golden: false

      """, to: "two.yaml")
    func run(_ arguments: [String]) throws -> Command.Outcome {
      try Command.run(arguments, in: place, environment: place.caching)
    }
    let built = try run(["build", "two.yaml", "--format", "raw", "-o", "memory.raw"])
    #expect(built.status == 0, "\(built.errors)")
    let ask = [
      "reverse", "memory.raw", "0xfc8000", "--mode", "x86-64", "--os", "windows-19041.508",
    ]
    let everyone = try run(ask + options)
    for owner in ["a.exe (100)", "b.exe (200)"] {
      #expect(everyone.output.contains(owner), "\(everyone)")
    }
    #expect(try run(ask + options).output == everyone.output)
    // A root that is chosen is asked alone.
    let one = try run(ask + options + ["--root", "0x2000"])
    #expect(!one.output.contains("(200)"), "\(one)")
  }
}
