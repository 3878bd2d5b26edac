import Machine
import Testing
import VirtualFiles

/// The files about processes: names, parents and the tree of all.
@Suite struct ProcessTests {
  private static let list = "sys/proc/proc.txt"

  /// A machine with processes of these numbers, names and parents.
  private static func tree(_ processes: [(pid: UInt64, name: String, parent: UInt64?)]) throws
    -> FileTree
  {
    var machine = try Fixture.machine("x86/x64-4k-basic")
    machine.addressSpaces = processes.enumerated().map { number, process in
      AddressSpace(
        register: UInt64(number + 1) << 12, pid: process.pid, process: process.name,
        parent: process.parent, foundBy: "test")
    }
    return FileTree(machine)
  }

  private static func lines(_ tree: FileTree) throws -> [Substring] {
    try tree.text(list).split(separator: "\n").dropFirst(2).map { $0.prefix(42) }
  }

  /// As MemProcFS 5.19 was seen to give it, but for what a name hides.
  @Test func linesAreThoseOfMemProcFS() throws {
    let tree = try Self.tree([(4, "System", 0), (1234, "bench.exe", 4)])
    let times = "                    ***                      ***"
    #expect(
      try tree.text(Self.list) == """
          Process                      Pid Parent   Flag User             Create Time              Exit Time\("              ")
        \(String(repeating: "-", count: 114))
        - System                         4      0                         \(times)
        -- bench.exe                  1234      4                         \(times)

        """)
    #expect(try tree.text("pid/1234/ppid.txt") == "4         \n")
    #expect(try tree.text("pid/1234/state.txt") == "0         \n")
    #expect(try tree.text("pid/4/ppid.txt") == "0         \n")
  }

  @Test func processesStandBelowTheirParentsByNumber() throws {
    let tree = try Self.tree([
      (30, "c", 10), (10, "a", 2), (20, "b", 10), (40, "d", 20), (5, "e", 99), (7, "f", nil),
    ])
    #expect(
      try Self.lines(tree) == [
        "- f                              7        ", "- a                             10      2 ",
        "-- b                            20     10 ", "--- d                           40     20 ",
        "-- c                            30     10 ", "- e                              5     99 ",
      ])
  }

  /// A list of a corrupt image may have any parents.
  @Test func processesThatMadeEachOtherAreListedOnce() throws {
    let tree = try Self.tree([(1, "a", 2), (2, "b", 1), (3, "c", 3), (4, "d", 3)])
    #expect(
      try Self.lines(tree).map { $0.prefix(3) } == ["- b", "-- ", "- c", "-- "])
  }

  /// Ten marks and a plus, however deep; nothing calls itself.
  @Test func chainsOfParentsMayBeLong() throws {
    let tree = try Self.tree((1...5000).map { (UInt64($0), "p", UInt64($0 - 1)) })
    let lines = try tree.text(Self.list).split(separator: "\n")
    #expect(lines.count == 5002 && lines.allSatisfy { $0.utf8.count == 114 })
    #expect(lines[11].hasPrefix("---------- p                    10      9 "))
    #expect(lines[12].hasPrefix("----------- p                   11     10 "))
    #expect(lines[13].hasPrefix("----------+ p                   12     11 "))
    #expect(lines[5001].hasPrefix("----------+ p"))
  }

  @Test(arguments: [
    ("x\n- System                         4", "x_- System     "),
    ("aaaaaaaaaaaaaa\u{e4}", "aaaaaaaaaaaaaa_"), ("\u{20ac}uro", "___uro         "),
    ("a/b\\c:d*e?f\"g|h", "a_b_c_d_e_f_g_h"), ("<a>\u{7f}", "_a_            "),
    ("\u{1b}[2J", "_[2J           "), ("sixteen letters!", "sixteen letters"),
    ("", "               "),
  ])
  func namesForgeNothing(name: String, shown: String) throws {
    let tree = try Self.tree([(9, name, nil)])
    #expect(try tree.read("pid/9/name.txt") == Array("\(shown)\n".utf8))
    #expect(try Self.lines(tree).map { $0.prefix(42) } == ["- \(shown)                9        "])
    let folder = try tree.names(in: "name")
    #expect(
      folder.count == 1 && folder[0].hasSuffix("-9") && shown.hasPrefix(folder[0].dropLast(2)))
  }

  /// MemProcFS says 0 of what it knows by its root alone; of a process, what is not known is blank.
  @Test func anUnknownParentIsBlank() throws {
    let unknown = try Fixture.tree("x86/x64-4k-basic")
    #expect(try unknown.text("pid/1/ppid.txt") == "0         \n")
    let tree = try Self.tree([(9, "a", nil)])
    #expect(try tree.text("pid/9/ppid.txt") == "          \n")
  }
}
