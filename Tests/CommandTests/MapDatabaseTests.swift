import Foundation
import Testing

/// The maps in a database, asked by SQLite's own program where it is installed.
@Suite struct MapDatabaseTests {
  private let place: Workplace

  init() throws {
    place = try Workplace()
    try place.write(
      """
      mmubench: 1
      scenario: two
      title: Two processes with a kernel half and a table that is used twice
      source: the tests
      machine: { mode: x86-64, memory: 1 MiB }
      golden: false
      processes:
        - { pid: 4, name: System, map: [{ va: 0x40_0000, to: 0x5000 }] }
        - name: it's
          pid: 8
          map:
            - { va: 0x40_0000, to: 0x6000, rights: { write: false } }
            - { va: 0x40_1000, to: 0x7000, rights: { write: false } }
            - { va: 0xffff_8000_0000_0000, to: 0x9000, rights: { user: false } }
      """, to: "two.yaml")
  }

  /// What Python's sqlite3, which is of another build than ours, reads.
  private func query(_ statement: String, _ file: String = "maps.db") throws -> String? {
    let script = """
      import sqlite3, sys
      for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]):
          print('|'.join('' if v is None else str(v) for v in row))
      """
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script, file, statement]
    process.currentDirectoryURL = place.url
    let output = Pipe()
    process.standardOutput = output
    process.standardError = Pipe()
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus != 127 else { return nil }
    #expect(process.terminationStatus == 0, "\(statement)")
    return String(decoding: text, as: UTF8.self)
  }

  @Test func queriesFindWhatIsMapped() throws {
    #expect(try Command.run(["map", "two.yaml", "--sqlite", "maps.db"], in: place).status == 0)
    guard
      let maps = try query(
        #"SELECT pid, process, va, last_va, pa, page_size, pages, "write", user, "execute", memory_type FROM map ORDER BY pid, va"#
      )
    else { return }
    #expect(
      maps == """
        4|System|0x0000000000400000|0x0000000000400fff|0x0000000000005000|4096|1|1|1|1|WB
        8|it's|0x0000000000400000|0x0000000000401fff|0x0000000000006000|4096|2|0|1|1|WB
        8|it's|0xffff800000000000|0xffff800000000fff|0x0000000000009000|4096|1|1|0|1|WB

        """)
    #expect(
      try query("SELECT pa FROM mapping WHERE va = 0xffff800000000000") == "36864\n")
    #expect(try query("SELECT value FROM machine WHERE subject = 'mode'") == "x86-64\n")
    #expect(try query("SELECT count(*) FROM copies") == "0\n")
    #expect(try query("PRAGMA user_version") == "2\n")
    #expect(try query("PRAGMA integrity_check") == "ok\n")
  }

  @Test func copiesAreRows() throws {
    try place.writeTables(
      "alias",
      [
        (0x1000, 0x2007), (0x2000, 0x3007), (0x3000, 0x4007), (0x3008, 0x4007), (0x3010, 0x4007),
        (0x4000, 0x5007),
      ])
    #expect(try Command.run(["map", "alias.yaml", "--sqlite", "maps.db"], in: place).status == 0)
    if let copies = try query("SELECT va, last_va, stride, count FROM copies") {
      #expect(copies == "2097152|4194303|2097152|2\n")
    }
    #expect(
      try Command.run(
        ["map", "alias.yaml", "--expand", "--sqlite", "maps.db", "--force"], in: place
      )
      .status == 0)
    if let count = try query("SELECT count(*) FROM mapping") { #expect(count == "3\n") }
  }

  @Test func filesAreNotOverwrittenUnlessForced() throws {
    try place.write("mine", to: "maps.db")
    let refused = try Command.run(["map", "two.yaml", "--sqlite", "maps.db"], in: place)
    #expect(refused.status == 73)
    #expect(try place.read("maps.db") == "mine")
    let nowhere = try Command.run(["map", "two.yaml", "--sqlite", "no/such/maps.db"], in: place)
    #expect(nowhere.status == 73)
    #expect(
      try Command.run(["map", "two.yaml", "--sqlite", "maps.db", "--force"], in: place).status == 0)
    #expect(try Command.run(["map", "two.yaml", "--sqlite", "/dev/full"], in: place).status == 73)
    let hidden = try FileManager.default.contentsOfDirectory(atPath: place.url.path)
      .filter { $0.hasPrefix(".mmubench") }
    #expect(hidden == [], "nothing is left behind")
  }
}
