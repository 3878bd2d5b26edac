import Foundation
import Machine
import Paging
import PhysicalMemory
import TestSupport
import Testing
import VirtualFiles
import Workbench

/// Which files there are, and what writing to them does.
@Suite struct FileTreeTests {
  private static let rekall = "dumps/rekall-pas2vas-1a58f000"
  private static let basic = "x86/x64-4k-basic"
  private static let folder = "pid/1/virt2phys"

  @Test func processesHaveFoldersByNumberAndByName() throws {
    let tree = try Fixture.tree(Self.rekall)
    #expect(try tree.names(in: "") == ["memory.pmem", "misc", "name", "pid", "sys"])
    #expect(try tree.names(in: "pid") == ["2616", "2920", "2912"])
    #expect(try tree.names(in: "name") == ["Console.exe-2616", "vol.exe-2920", "vol.exe-2912"])
    #expect(
      try tree.names(in: "pid/2912") == [
        "name.txt", "pid.txt", "ppid.txt", "state.txt", "dtb.txt", "memory.vmem", "memmap",
        "virt2phys", "phys2virt",
      ])
    #expect(try tree.text("pid/2912/dtb.txt") == "00000000271ec000")
    #expect(try tree.text("name/vol.exe-2912/pid.txt") == "2912      \n")
    #expect(try tree.text("pid/2616/name.txt") == "Console.exe    \n")
  }

  /// MemProcFS calls what it knows only by its root process 1.
  @Test func aRootWithoutAProcessIsProcessOne() throws {
    let tree = try Fixture.tree(Self.basic)
    #expect(try tree.names(in: "pid") == ["1"])
    #expect(try tree.names(in: "name") == ["unknown_process-1"])
    #expect(try tree.text("pid/1/name.txt") == "unknown_process\n")
  }

  @Test func furtherRootsOfAProcessAreInItsFolder() throws {
    let machine = try Fixture.machine("dumps/x64-4l-pti")
    let tree = FileTree(machine)
    let roots = machine.addressSpaces(pid: 79, process: nil).map { machine.paging(of: $0).root }
    try #require(roots.count == 2)
    #expect(try tree.names(in: "pid/79").last == "root-2")
    #expect(try tree.text("pid/79/dtb.txt") == hex(roots[0]))
    #expect(try tree.text("pid/79/root-2/dtb.txt") == hex(roots[1]))
    try tree.write("401000", to: "pid/79/root-2/virt2phys/virt.txt")
    #expect(try tree.text("pid/79/virt2phys/virt.txt") == "0000000000000000")
  }

  /// The dump names no processes; which roots were allocated as a pair is in its tables.
  @Test func aPairOfRootsIsOneProcessWithoutANumberToo() throws {
    let path = Repository.file("Scenarios/dumps/x64-4l-pti.elf.xz").path
    let machine = try Workbench.open(path)
    try #require(machine.addressSpaces.allSatisfy { $0.pid == nil })
    let tree = FileTree(machine)
    let names = try tree.names(in: "pid")
    #expect(names == (1...21).map { "\($0)" })
    for name in names {
      let (kernel, user) = try (
        tree.text("pid/\(name)/dtb.txt"), tree.text("pid/\(name)/root-2/dtb.txt")
      )
      #expect(UInt64(user, radix: 16) == UInt64(kernel, radix: 16).map { $0 + 0x1000 })
    }
  }

  private func hex(_ address: PhysicalAddress) -> String {
    let text = String(address.rawValue, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }

  @Test func bothFoldersOfAProcessAreOne() throws {
    let tree = try Fixture.tree(Self.rekall)
    try tree.write("766c0123", to: "name/vol.exe-2912/virt2phys/virt.txt")
    #expect(try tree.text("pid/2912/virt2phys/phys.txt") == "000000001a58f123")
    #expect(try tree.text("pid/2920/virt2phys/virt.txt") == "0000000000000000")
  }

  @Test(arguments: ["nothing", "pid/2", "pid/1/virt2phys/pt_pml5.mem", "pid/1/name.txt/x", "PID"])
  func whatIsNotThereIsNotFound(path: String) throws {
    let tree = try Fixture.tree(Self.basic)
    #expect(throws: FileFailure.notFound) { try tree.attributes(of: path) }
  }

  @Test func foldersAreNotOpenedAndOtherFilesNotWritten() throws {
    let tree = try Fixture.tree(Self.basic)
    #expect(throws: FileFailure.isFolder) { try tree.open("pid") }
    for name in ["map.txt", "phys.txt", "readme.txt"] {
      #expect(throws: FileFailure.readOnly) {
        try tree.open("\(Self.folder)/\(name)", forWriting: true)
      }
    }
  }

  @Test func aWrittenTableChangesTheNextWalk() throws {
    let machine = try Fixture.machine(Self.basic)
    let tree = FileTree(machine)
    try tree.write("400123", to: "\(Self.folder)/virt.txt")
    let table = try tree.open("\(Self.folder)/pt_pt.mem", forWriting: true)
    #expect(try table.write([0x07, 0x60, 0, 0, 0, 0, 0, 0], at: 0) == 8)
    #expect(try tree.text("\(Self.folder)/phys.txt") == "0000000000006123")
    #expect(tree.writtenFrames == 1)
    #expect(tree.machine.walk(VirtualAddress(0x40_0123)).result.outcome == .mapped)
    let before = machine.walk(VirtualAddress(0x40_0123)).result.translation
    #expect(before?.address == PhysicalAddress(0x5123), "the machine itself was written to")
  }

  /// Who has read a table changes that one, whatever address others ask about meanwhile.
  @Test func anOpenFileStaysWithItsFrame() throws {
    let tree = try Fixture.tree(Self.basic)
    try tree.write("400123", to: "\(Self.folder)/virt.txt")
    let page = try tree.open("\(Self.folder)/page.mem", forWriting: true)
    try tree.write("7ffffffff123", to: "\(Self.folder)/virt.txt")
    #expect(try page.write([0xaa], at: 0x10) == 1)
    try tree.write("400123", to: "\(Self.folder)/virt.txt")
    #expect(try tree.read("\(Self.folder)/page.mem")[0x10] == 0xaa)
    // From its beginning it is read anew.
    try tree.write("7ffffffff123", to: "\(Self.folder)/virt.txt")
    #expect(try page.read(at: 0, count: 32)[0x10] == 0)
    #expect(try page.write([0xbb], at: 0x10) == 1)
    #expect(try tree.read("\(Self.folder)/page.mem")[0x10] == 0xbb)
  }

  @Test func filesEndWhereTheirFrameEnds() throws {
    let tree = try Fixture.tree(Self.basic)
    try tree.write("400123", to: "\(Self.folder)/virt.txt")
    let page = try tree.open("\(Self.folder)/page.mem", forWriting: true)
    #expect(try page.write([1, 2, 3, 4], at: 4094) == 2)
    #expect(throws: FileFailure.beyondEnd) { try page.write([1], at: 4096) }
    #expect(try page.read(at: 4090, count: 100).count == 6)
    #expect(try page.read(at: 5000, count: 100).isEmpty)
    try tree.write("600000", to: "\(Self.folder)/virt.txt")
    let unmapped = try tree.open("\(Self.folder)/page.mem", forWriting: true)
    #expect(throws: FileFailure.unmapped) { try unmapped.write([1], at: 0) }
    let missing = try Fixture.tree(Self.rekall)
    try missing.write("766c0123", to: "pid/2912/virt2phys/virt.txt")
    let page2 = try missing.open("pid/2912/virt2phys/page.mem", forWriting: true)
    #expect(throws: FileFailure.absent(PhysicalAddress(0x1a58_f000))) {
      try page2.write([1], at: 0)
    }
  }

  @Test func memoryIsReadAndWrittenAtItsAddresses() throws {
    let tree = try Fixture.tree(Self.basic)
    let physical = try tree.open("memory.pmem", forWriting: true)
    #expect(physical.size == 32 << 20)
    let text = Array("The offset passes through.".utf8)
    #expect(try physical.read(at: 0x5123, count: 26) == text)
    let virtual = try tree.open("pid/1/memory.vmem", forWriting: true)
    #expect(virtual.size == 1 << 48)
    #expect(try virtual.read(at: 0x40_0123, count: 26) == text)
    #expect(throws: FileFailure.absent(nil)) { try virtual.read(at: 0x40_1000, count: 1) }
    #expect(try virtual.read(at: 0x40_0fff, count: 100).count == 1)
    // Offset 0x8000_0000_0000 is the first address of the upper half.
    #expect(try virtual.write([0x5a], at: 0x8000_0000_0007) == 1)
    #expect(try physical.read(at: 0x7007, count: 1) == [0x5a])
    #expect(try virtual.write([1, 2], at: 0x40_0fff) == 1)
    #expect(throws: FileFailure.unmapped) { try virtual.write([1], at: 0x40_1000) }
  }

  @Test func ownersFollowTheAddressAndTheTables() throws {
    let tree = try Fixture.tree(Self.rekall)
    #expect(try tree.text("misc/phys2virt/virt.txt") == "")
    try tree.write("1a58f010", to: "misc/phys2virt/phys.txt")
    #expect(
      try tree.text("misc/phys2virt/virt.txt") == """
          2616 00000000766c0010
          2912 00000000766c0010
          2920 00000000766c0010

        """)
    #expect(try tree.text("pid/2912/phys2virt/virt.txt") == "")
    try tree.write("0x1a58f010", to: "pid/2912/phys2virt/phys.txt")
    #expect(try tree.text("pid/2912/phys2virt/virt.txt") == "00000000766c0010\n")
    #expect(try tree.attributes(of: "pid/2912/phys2virt/virt.txt").size == 17)
    // The page table that 2912 and 2920 share loses its entry.
    let memory = try tree.open("memory.pmem", forWriting: true)
    #expect(try memory.write([0, 0, 0, 0, 0, 0, 0, 0], at: 0x7b5_5600) == 8)
    #expect(try tree.text("misc/phys2virt/virt.txt") == "  2616 00000000766c0010\n")
  }

  @Test func nothingIsLostBetweenThreads() async throws {
    let tree = try Fixture.tree(Self.basic)
    try tree.write("400123", to: "\(Self.folder)/virt.txt")
    let folder = Self.folder
    let torn = try await withThrowingTaskGroup(of: Int.self) { group in
      for thread in 0..<8 {
        group.addTask { try Self.work(thread, in: folder, of: tree) }
      }
      return try await group.reduce(0, +)
    }
    #expect(torn == 0)
    let page = try tree.read("\(Self.folder)/page.mem")
    #expect(page.enumerated().allSatisfy { Int($1) == $0 / 8 % 8 * 16 + 1 })
  }

  /// Writes every eighth word of the page; returns how often a map was not whole.
  private static func work(_ thread: Int, in folder: String, of tree: FileTree) throws -> Int {
    var torn = 0
    let page = try tree.open("\(folder)/page.mem", forWriting: true)
    for round in 0..<64 {
      let bytes = [UInt8](repeating: UInt8(thread * 16 + 1), count: 8)
      _ = try page.write(bytes, at: UInt64((round * 8 + thread) * 8))
      let map = try tree.text("\(folder)/map.txt")
      if map.utf8.count != 198 || !map.hasSuffix("PAGE 0000000000005123\n") { torn += 1 }
    }
    return torn
  }
}
