import Foundation
import Testing

/// The verb that lists mappings: what it shows, and in which forms.
@Suite struct MapTests {
  private let place: Workplace

  init() throws {
    place = try Workplace()
    // By hand: a user page that is read-only, one that is not executable, one for the kernel; a large page; and
    // a table of one page used at two addresses more.
    try place.write(
      Workplace.scenario(
        "kinds",
        """
        map:
          - { va: 0x40_0000, to: 0x5000, rights: { write: false, execute: false } }
          - { va: 0x40_1000, to: 0x6000, rights: { execute: false } }
          - { va: 0x40_2000, to: 0x7000, rights: { user: false } }
          - { va: 0x80_0000, to: 0x20_0000, page: 2 MiB }
        """), to: "kinds.yaml")
    try place.write(
      """
      mmubench: 1
      scenario: two
      title: Two processes
      source: the tests
      machine: { mode: x86-64, memory: 1 MiB }
      golden: false
      processes:
        - { pid: 4, name: "System", map: [{ va: 0x40_0000, to: 0x5000 }] }
        - { pid: 8, name: 'a "quoted", name', map: [{ va: 0x40_0000, to: 0x6000 }, { va: 0x40_1000, to: 0x7000 }] }
      """, to: "two.yaml")
  }

  private func run(_ arguments: String...) throws -> Command.Outcome {
    try Command.run(arguments, in: place)
  }

  @Test(
    arguments: [
      (["--filter", "w"], ["0x401000", "0x402000", "0x800000"]),
      (["--filter", "ro"], ["0x400000"]), (["--filter", "s"], ["0x402000"]),
      (["--filter", "u _x"], ["0x400000", "0x401000"]),
      (["--filter", "w", "--filter", "x"], ["0x402000", "0x800000"]),
      (["--filter", "2M"], ["0x800000"]), (["--filter", "uc"], []),
      (["--has", "0x401fff"], ["0x401000"]), (["--has", "0x9abcde"], ["0x800000"]),
      (["--has", "0x800000", "--has", "0x401fff"], ["0x401000", "0x800000"]),
      (["--has", "0x401fff", "--has", "0x401000", "--has", "0x500000"], ["0x401000"]),
      (["--has", "0x403000"], []), (["--has", "0x401000", "--filter", "ro"], []),
      (["--before", "0x402000"], ["0x400000", "0x401000"]),
      (["--after", "0x402000"], ["0x402000", "0x800000"]),
      (["--after", "4_202_496", "--before", "0x403000"], ["0x402000"]),
      (["--range", "0x401000+8K"], ["0x401000", "0x402000"]),
      (["--physical", "0x6000..0x7fff"], ["0x401000", "0x402000"]),
      (["--physical", "0x2fffff"], ["0x800000"]),
    ] as [([String], [String])])
  func onlyWhatIsAskedForIsShown(options: [String], expected: [String]) throws {
    let outcome = try Command.run(["map", "kinds.yaml", "--json"] + options, in: place)
    #expect(outcome.status == 0, "\(outcome)")
    let starts = outcome.lines.compactMap { line in
      line.split(separator: "\"").dropFirst(3).first.map { String($0) }
    }
    #expect(starts.filter { $0.hasPrefix("0x") } == expected, "\(outcome.output)")
  }

  @Test func summariesCountWhatIsMapped() throws {
    let outcome = try run("map", "kinds.yaml", "--summary", "--json")
    #expect(
      outcome.output == """
        {"pages":1,"bytes":"0x1000","page_size":4096,"write":false,"user":true,"execute":false,"memory_type":"WB"}
        {"pages":1,"bytes":"0x1000","page_size":4096,"write":true,"user":true,"execute":false,"memory_type":"WB"}
        {"pages":1,"bytes":"0x1000","page_size":4096,"write":true,"user":false,"execute":true,"memory_type":"WB"}
        {"pages":1,"bytes":"0x200000","page_size":2097152,"write":true,"user":true,"execute":true,"memory_type":"WB"}

        """)
    let text = try run("map", "kinds.yaml", "--summary")
    #expect(
      text.output.hasSuffix(
        "4 pages, 0x203000 bytes, 2 of them both writable and executable\n"), "\(text.output)")
    #expect(
      try run("map", "kinds.yaml", "--summary", "--has", "0x401000").output.contains(
        "1 page, 0x1000 bytes, none both"))
  }

  /// Copies of tables are pages too: 2 GiB of small pages on a handful of tables.
  @Test func summariesCountSharedTablesWhereverTheyAreUsed() throws {
    let rows = stride(from: 0 as UInt64, to: 4096, by: 8)
    try place.writeTables(
      "alias",
      [(0x1000, 0x2007), (0x2000, 0x3007), (0x2008, 0x3007)]
        + rows.map { (0x3000 + $0, 0x4007) } + rows.map { (0x4000 + $0, 0x5007) })
    let outcome = try run("map", "alias.yaml", "--summary", "--json")
    #expect(
      outcome.output.hasPrefix(#"{"pages":524288,"bytes":"0x80000000","page_size":4096"#),
      "\(outcome)")
    let runs = try run("map", "alias.yaml", "--json", "--filter", "w")
    #expect(runs.lines.count < 600)
  }

  @Test func valuesHaveCommasBetweenThem() throws {
    let outcome = try run("map", "two.yaml", "--csv", "--all")
    #expect(outcome.status == 0, "\(outcome)")
    let lines = outcome.lines
    #expect(
      lines.first
        == "root,pid,process,start,end,pa,page_size,pages,write,user,execute,memory_type,repeat,stride"
    )
    let own = lines.dropFirst().map { $0.drop { $0 != "," } }
    #expect(
      own == [
        ",4,System,0x400000,0x400fff,0x5000,4096,1,true,true,true,WB,,",
        #",8,"a ""quoted"", name",0x400000,0x401fff,0x6000,4096,2,true,true,true,WB,,"#,
      ])
    let one = try run("map", "two.yaml", "--csv", "--pid", "8")
    #expect(one.lines.count == 2)
  }

  /// Two pages of one run, of which the second is not cached (PCD).
  @Test func aRunHasAMemoryTypeIfItsPagesHaveOne() throws {
    try place.writeTables(
      "types",
      [
        (0x1000, 0x2007), (0x2000, 0x3007), (0x3000, 0x4007), (0x4000, 0x5007), (0x4008, 0x6017),
        (0x4018, 0x9017),
      ])
    let objects = try run("map", "types.yaml", "--json").lines
    #expect(objects.count == 2)
    #expect(objects.first?.contains("memory_type") == false)
    #expect(objects.last?.hasSuffix(#","memory_type":"UC-"}"#) == true)
    let values = try run("map", "types.yaml", "--csv").lines
    #expect(values.dropFirst().map { $0.hasSuffix(",,,") } == [true, false])
    #expect(
      try run("map", "types.yaml", "--json", "--filter", "wb").output.contains(
        #""memory_type":"WB""#))
  }

  @Test func objectsOfAllSpacesSayWhoseTheyAre() throws {
    let outcome = try run("map", "two.yaml", "--json", "--all", "--filter", "w")
    #expect(outcome.lines.count == 2)
    #expect(outcome.lines[0].contains(#","pid":4,"process":"System","start":"0x400000","#))
    #expect(try run("map", "two.yaml", "--json", "--all", "--limit", "1").lines.count == 1)
    #expect(
      try run("map", "two.yaml", "--all").output.contains("a \"quoted\", name (8)"))
  }

  @Test(arguments: [
    ["--csv", "--json"], ["--csv", "--summary"], ["--sqlite", "x", "--json"], ["--force"],
    ["--summary", "--limit", "1"], ["--filter", "y"], ["--before", "0"],
    ["--after", "2", "--before", "2"], ["--range", "2..1"],
  ])
  func contradictionsAreRefused(options: [String]) throws {
    let outcome = try Command.run(["map", "kinds.yaml"] + options, in: place)
    #expect(outcome.status == 64, "\(outcome)")
  }

  /// QEMU's page walk sets the bit, which is reserved there (SDM 3A, table 4-8).
  @Test func whereAllOfTheTopIsRefusedTheCureIsNamed() throws {
    try place.writeTables(
      "qemu", [(0x1000, 0x2021), (0x2000, 0x3007), (0x3000, 0x5007)], mode: "pae")
    for words in [
      ["map", "qemu.yaml"], ["map", "qemu.yaml", "--all"], ["map", "qemu.yaml", "--summary"],
      ["reverse", "qemu.yaml", "0x5000"], ["info", "qemu.yaml"],
    ] {
      let outcome = try Command.run(words, in: place)
      #expect(outcome.status == 0)
      #expect(outcome.errors.contains("all present PDPTEs of root "), "\(words): \(outcome)")
      #expect(outcome.errors.contains("(0x20)"), "\(outcome.errors)")
      #expect(outcome.errors.contains("--accept pdpte-accessed"), "\(outcome.errors)")
      let cured = try Command.run(words + ["--accept", "pdpte-accessed"], in: place)
      #expect(cured.errors == "", "\(words): \(cured.errors)")
    }
    let map = try run("map", "qemu.yaml", "--accept", "pdpte-accessed", "--json")
    #expect(map.lines.count == 1)
  }

  /// The four of PAE are loaded together (SDM 3A, 4.4.1), and QEMU marks those that it used.
  ///
  /// Of other tables, one entry that leads on is reason enough to say nothing. Other bits have no cure.
  @Test(arguments: [
    ("pae", 0x2021, 0x2001, "PDPTEs of root "), ("pae", 0x20e1, 0, "(0xe0)"),
    ("x86-64", 0x2081, 0x2007, ""),
  ])
  func topTablesThatAreRefusedInPart(
    mode: String, first: UInt64, second: UInt64, said: String
  ) throws {
    try place.writeTables("other", [(0x1000, first), (0x1008, second)], mode: mode)
    let outcome = try run("map", "other.yaml")
    #expect(outcome.errors.isEmpty == said.isEmpty, "\(outcome.errors)")
    #expect(outcome.errors.contains(said) || said.isEmpty)
    #expect(!outcome.errors.contains("all present") || second == 0)
    #expect(outcome.errors.contains("--accept pdpte-accessed") == (first == 0x2021))
  }

  @Test func memoryTypesOfARM64NeedMAIR() throws {
    try place.write(
      Workplace.scenario("arm", "map: [{ va: 0x40_0000, to: 0x5000 }]", mode: "arm64"),
      to: "arm.yaml")
    let refused = try run("map", "arm.yaml", "--filter", "wb")
    #expect(refused.status == 64)
    #expect(refused.errors.contains("--mair"))
    let outcome = try run("map", "arm.yaml", "--filter", "wb", "--mair", "0xff", "--json")
    #expect(outcome.lines.count == 1, "\(outcome)")
    #expect(try run("map", "arm.yaml", "--filter", "uc", "--mair", "0xff", "--json").output == "")
  }
}
